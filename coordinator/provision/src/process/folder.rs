//! What is on disk of an agent on this host: `DIRECTORY/COORDINATOR/FLEET/TICKET/`, with its configuration, its data
//! directory, its output, and which process it is. Invariant: a folder is there from before the start until after the end.

use super::identity::Identity;
use crate::owner::Owner;
use crate::provisioner::Error;
use crate::text;
use buildyard_model::Ticket;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

const CONFIG: &str = "agent.toml";
const DATA: &str = "data";
const OUTPUT: &str = "agent.log";
const PROCESS: &str = "process.json";
const STOPPING: &str = "stopping";
/// Begins the name of a folder that is being removed.
const GONE: &str = ".gone-";
/// Of an agent's output, for a message.
const LAST_WORDS: u64 = 600;

/// Where one fleet's folders lie.
#[derive(Debug)]
pub(super) struct Base(PathBuf);

/// One agent's folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    ticket: Ticket,
}

impl Base {
    pub(super) fn of(directory: &Path, owner: &Owner) -> Self {
        // A coordinator's name is ours, but it becomes a path here.
        let coordinator: String =
            owner.coordinator.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        Self(directory.join(coordinator).join(owner.fleet.as_str()))
    }

    /// A new folder; none when the ticket has one already.
    pub(super) fn begin(&self, ticket: Ticket) -> Result<Option<Folder>, Error> {
        private().recursive(true).create(&self.0).map_err(|error| failed("make", &self.0, &error))?;
        let folder = self.folder(ticket);
        match private().create(&folder.path) {
            Ok(()) => Ok(Some(folder)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(failed("make", &folder.path, &error)),
        }
    }

    pub(super) fn find(&self, ticket: Ticket) -> Option<Folder> {
        Some(self.folder(ticket)).filter(|folder| folder.path.is_dir())
    }

    /// Every agent's folder. What a removal that was cut short has left goes on being removed.
    pub(super) fn folders(&self) -> Result<Vec<Folder>, Error> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.0, &error)),
        };
        let names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        for gone in names.iter().filter(|name| name.starts_with(GONE)) {
            remove_later(self.0.join(gone));
        }
        Ok(names.iter().filter_map(|name| name.parse().ok()).map(|ticket| self.folder(ticket)).collect())
    }

    fn folder(&self, ticket: Ticket) -> Folder {
        Folder { path: self.0.join(ticket.to_string()), ticket }
    }
}

impl Folder {
    pub(super) fn ticket(&self) -> Ticket {
        self.ticket
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn config(&self) -> PathBuf {
        self.path.join(CONFIG)
    }

    /// Writes the agent's configuration: the given one, with a data directory and a name of its own.
    pub(super) fn configure(&self, agent: &toml::Table, name: &str) -> Result<(), Error> {
        let mut agent = agent.clone();
        agent.insert("name".to_owned(), name.into());
        agent.insert("data_dir".to_owned(), self.path.join(DATA).display().to_string().into());
        self.write(CONFIG, agent.to_string().as_bytes())
    }

    /// Whether the agent ever began to work here.
    pub(super) fn has_data(&self) -> bool {
        self.path.join(DATA).is_dir()
    }

    /// Files for the agent's output and its errors: the same.
    pub(super) fn output(&self) -> Result<(File, File), Error> {
        let path = self.path.join(OUTPUT);
        let file = File::options().create(true).append(true).mode(0o600).open(&path);
        file.and_then(|file| Ok((file.try_clone()?, file))).map_err(|error| failed("write", &path, &error))
    }

    pub(super) fn keep(&self, process: &Identity) -> Result<(), Error> {
        let text = serde_json::to_vec(process).map_err(|error| failed("write", &self.path, &error.into()))?;
        self.write(PROCESS, &text)
    }

    /// Its process, alive or not. One that was never written down is looked for by its ticket.
    pub(super) fn process(&self) -> Option<Identity> {
        let kept = fs::read(self.path.join(PROCESS)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        kept.or_else(|| Identity::with_variable("BUILDYARD_TICKET", &self.ticket.to_string()))
    }

    pub(super) fn mark_stopping(&self) -> Result<(), Error> {
        match File::create(self.path.join(STOPPING)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("write", &self.path, &error)),
            _ => Ok(()),
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.path.join(STOPPING).exists()
    }

    /// When it was made, after the epoch.
    pub(super) fn began_at(&self) -> Option<Duration> {
        fs::metadata(self.config()).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()
    }

    /// The end of what the agent printed, in one line.
    pub(super) fn last_words(&self) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(self.path.join(OUTPUT))?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
            let mut bytes = Vec::new();
            file.take(LAST_WORDS).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        text::one_line(&read().unwrap_or_default())
    }

    /// Takes the folder out of sight at once, and away as soon as it goes.
    pub(super) fn remove(&self) {
        let gone = self.path.with_file_name(format!("{GONE}{}", self.ticket));
        match fs::rename(&self.path, &gone) {
            Ok(()) => remove_later(gone),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %self.path.display(), %error, "an agent's folder cannot be removed"),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let (path, draft) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let written = File::options().create(true).truncate(true).write(true).mode(0o600).open(&draft);
        let written = written.and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&draft, &path));
        written.map_err(|error| failed("write", &path, &error))
    }
}

fn private() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// A data directory may be large: nobody waits for it.
fn remove_later(path: PathBuf) {
    std::thread::spawn(move || match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "an agent's folder cannot be removed");
        }
        _ => {}
    });
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> Error {
    let text = format!("cannot {doing} {}: {error}", path.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory => {
            Error::Refused(format!("{text}; the coordinator's user must be able to write there"))
        }
        _ => Error::Unavailable(text),
    }
}
