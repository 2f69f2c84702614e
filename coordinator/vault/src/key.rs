//! The key's file: made once, whole, for its owner alone.

use crate::sealed::Vault;
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const FILE: &str = "vault.key";
pub(crate) const KEY_BYTES: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("the key of the secrets {} cannot be used: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The file is not a key.
    #[error("{} is damaged: it must hold {KEY_BYTES} bytes; put its backup there, or remove it and all stored secrets are lost", .0.display())]
    Damaged(PathBuf),
    /// Others can read it.
    #[error("{} can be read by others: make it private with chmod 600", .0.display())]
    Public(PathBuf),
    /// The system gives no random bytes.
    #[error("no random bytes can be had for a key")]
    Random,
}

impl Vault {
    /// A vault whose key nobody keeps: for records that are kept in memory only.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn forgetful() -> Result<Self, KeyError> {
        let mut key = [0; KEY_BYTES];
        SystemRandom::new().fill(&mut key).map_err(|_| KeyError::Random)?;
        Ok(Self::new(key))
    }

    /// The vault whose key lies in `directory`; made there the first time.
    ///
    /// # Errors
    /// When the key can't be read or made, is damaged, or is readable by others.
    pub fn open(directory: &Path) -> Result<Self, KeyError> {
        let path = directory.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let mode = std::fs::metadata(&path).map_err(file_error(&path))?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(KeyError::Public(path));
                }
                let key = bytes.try_into().map_err(|_| KeyError::Damaged(path))?;
                Ok(Self::new(key))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => make(directory, &path),
            Err(source) => Err(KeyError::File { path, source }),
        }
    }
}

fn file_error(path: &Path) -> impl Fn(io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::File { path: path.clone(), source }
}

fn make(directory: &Path, path: &Path) -> Result<Vault, KeyError> {
    let mut key = [0; KEY_BYTES];
    SystemRandom::new().fill(&mut key).map_err(|_| KeyError::Random)?;
    let written = || -> io::Result<()> {
        let temporary = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&key)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        File::open(directory)?.sync_all()
    };
    written().map_err(file_error(path))?;
    Ok(Vault::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::Secret;

    #[test]
    fn the_key_is_made_once_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let sealed = Vault::open(directory.path()).unwrap().seal("a", &Secret::new("text")).unwrap();
        assert_eq!(Vault::open(directory.path()).unwrap().unseal("a", &sealed).unwrap().expose(), "text");
        let path = directory.path().join(FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(Vault::open(directory.path()), Err(KeyError::Public(_))));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "short").unwrap();
        assert!(matches!(Vault::open(directory.path()), Err(KeyError::Damaged(_))));
    }
}
