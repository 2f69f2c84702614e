//! `--buildspec`: a path inside the source, a file of this machine, or the YAML itself. Reads a local file; decides
//! by what is where.

use crate::failure::Failure;
use crate::source::form::SourceForm;
use buildyard_model::{BuildspecOrigin, SourceKind};
use std::io::Read;
use std::path::Path;

/// A longer file is no buildspec: the language itself takes no more.
const LARGEST: u64 = 1024 * 1024;

/// Finds the buildspec of a build from `source`. For a folder, a path is looked up in the folder first, then here.
pub(crate) fn resolve(text: Option<&str>, source: &SourceForm) -> Result<BuildspecOrigin, Failure> {
    let Some(text) = text else { return default_of(source) };
    if let Some(file) = text.strip_prefix('@') {
        return inline(Path::new(file));
    }
    let origin = BuildspecOrigin::from_text(text);
    let BuildspecOrigin::Path(path) = &origin else { return Ok(origin) };
    match source {
        SourceForm::Folder(folder) => in_folder_or_here(path, folder),
        SourceForm::Remote(SourceKind::None) => inline(Path::new(path)),
        SourceForm::Remote(_) => Ok(origin),
    }
}

/// The buildspec's bytes, where they can be had here: of a build from `folder`, or given with the call.
pub(crate) fn bytes(origin: &BuildspecOrigin, folder: &Path) -> Option<Vec<u8>> {
    let path = match origin {
        BuildspecOrigin::Default => folder.join("buildspec.yml"),
        BuildspecOrigin::Path(path) => folder.join(path),
        BuildspecOrigin::Inline(text) => return Some(text.clone().into_bytes()),
        BuildspecOrigin::S3(_) => return None,
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn default_of(source: &SourceForm) -> Result<BuildspecOrigin, Failure> {
    match source {
        SourceForm::Remote(SourceKind::None) => {
            Err(Failure::call("a build without source needs a buildspec: give --buildspec FILE, or the YAML itself"))
        }
        SourceForm::Folder(folder) if !folder.join("buildspec.yml").is_file() => Err(Failure::call(format!(
            "no buildspec.yml in {}: write one, or name another with --buildspec FILE",
            folder.display()
        ))),
        SourceForm::Folder(_) | SourceForm::Remote(_) => Ok(BuildspecOrigin::Default),
    }
}

fn in_folder_or_here(path: &str, folder: &Path) -> Result<BuildspecOrigin, Failure> {
    if Path::new(path).is_relative() && folder.join(path).is_file() {
        return Ok(BuildspecOrigin::Path(path.to_owned()));
    }
    if Path::new(path).is_file() {
        return inline(Path::new(path));
    }
    Err(Failure::call(format!("no buildspec {path:?}: neither in {} nor here", folder.display())))
}

fn inline(path: &Path) -> Result<BuildspecOrigin, Failure> {
    let size = std::fs::metadata(path).map_err(Failure::file("read", path))?.len();
    if size > LARGEST {
        return Err(Failure::call(format!(
            "{} is longer than 1 MiB, the most that a buildspec may be",
            path.display()
        )));
    }
    let bytes = std::fs::read(path).map_err(Failure::file("read", path))?;
    let text = String::from_utf8(bytes);
    text.map(BuildspecOrigin::Inline)
        .map_err(|_| Failure::call(format!("{} is not UTF-8 text, as a buildspec must be", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(name: &str) -> (tempfile::TempDir, SourceForm) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), "version: 0.2\n").unwrap();
        let form = SourceForm::Folder(folder.path().to_owned());
        (folder, form)
    }

    #[test]
    fn a_path_is_sought_in_the_folder_and_then_here() {
        let (folder, form) = folder_with("ci.yml");
        assert_eq!(resolve(Some("ci.yml"), &form).unwrap(), BuildspecOrigin::Path("ci.yml".into()));
        let outside = folder.path().join("ci.yml");
        let empty = tempfile::tempdir().unwrap();
        let elsewhere = SourceForm::Folder(empty.path().to_owned());
        let found = resolve(outside.to_str(), &elsewhere).unwrap();
        assert_eq!(found, BuildspecOrigin::Inline("version: 0.2\n".into()));
        assert!(resolve(Some("nowhere.yml"), &form).unwrap_err().to_string().contains("neither in"));
    }

    #[test]
    fn a_folder_without_buildspec_is_refused_before_it_is_sent() {
        let (_folder, form) = folder_with("other.yml");
        assert!(resolve(None, &form).unwrap_err().to_string().contains("no buildspec.yml"));
        let (_folder, form) = folder_with("buildspec.yml");
        assert_eq!(resolve(None, &form).unwrap(), BuildspecOrigin::Default);
    }

    #[test]
    fn a_path_of_a_remote_source_is_left_to_the_agent() {
        let git = SourceForm::Remote(SourceKind::S3 { location: "b/k.zip".into() });
        assert_eq!(resolve(Some("ci/b.yml"), &git).unwrap(), BuildspecOrigin::Path("ci/b.yml".into()));
        let none = SourceForm::Remote(SourceKind::None);
        assert!(resolve(None, &none).is_err());
        assert!(matches!(resolve(Some("version: 0.2\nphases: {}"), &none).unwrap(), BuildspecOrigin::Inline(_)));
    }
}
