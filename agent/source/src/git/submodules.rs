//! Submodules, level by level, through the same mirrors and the same rules as the repository itself.
//!
//! `git submodule` is not used: what a `.gitmodules` file says is read as data, and the layout it would make
//! (`.git/modules/<name>`, a `.git` file in the directory) is written here.

use super::config_text::{ActiveModule, modules_text};
use super::context::Context;
use super::failure::Failure;
use super::mirror::Mirrors;
use super::modules::{self, Module};
use super::populate::relative;
use super::program::Call;
use super::remote::{Origin, Remote};
use super::revision::Wanted;
use super::{Place, repository};
use crate::error::Error;
use buildyard_artifacts::beneath::Root;
use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;

/// A repository whose submodules are still to be looked at.
struct Level {
    place: Place,
    commit: String,
    url: String,
    origin: Origin,
    depth: usize,
}

/// Fetches the submodules of a checked out repository, and theirs.
pub(super) async fn fetch_all(
    context: &Context<'_>,
    mirrors: &Mirrors,
    remote: &Remote,
    depth: Option<u32>,
    commit: &str,
    place: Place,
) -> Result<(), Error> {
    let limits = context.options.submodules;
    let (url, origin) = (remote.shown().to_owned(), remote.submodule_origin());
    let mut levels = VecDeque::from([Level { place, commit: commit.to_owned(), url, origin, depth: 0 }]);
    let mut count = 0;
    while let Some(level) = levels.pop_front() {
        let modules = read(context, &level).await?;
        count += modules.len();
        if !modules.is_empty() && level.depth == limits.depth {
            return Err(refused(format!("submodules are nested more than {} levels deep", limits.depth)));
        }
        if count > limits.count {
            return Err(refused(format!("there are more than {} submodules", limits.count)));
        }
        for (module, commit) in &modules {
            let url = modules::resolve_url(&level.url, &module.url).map_err(refused)?;
            let remote = Remote::new(context.options, &url, level.origin).await?;
            context.log(format!("Fetching submodule {} from {}", module.path, context.redactor.line(&url)));
            let place = prepare(&level.place, module).map_err(Error::file(&module.path))?;
            let wanted = Wanted::Commit(commit.clone());
            repository(context, mirrors, &remote, &wanted, depth, &place).await?;
            let origin = if level.origin == Origin::Project { remote.submodule_origin() } else { Origin::Elsewhere };
            levels.push_back(Level { place, commit: commit.clone(), url, origin, depth: level.depth + 1 });
        }
        activate(&level, &modules).map_err(Error::file(&level.place.git_directory))?;
    }
    Ok(())
}

/// The modules of a commit with the commits they stand at. Read from the commit, never from the working tree.
async fn read(context: &Context<'_>, level: &Level) -> Result<Vec<(Module, String)>, Error> {
    let git = |arguments: Vec<String>| context.git(Call::within(&level.place.git_directory, arguments));
    let owned = |arguments: &[&str]| arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>();
    let tree = git(owned(&["ls-tree", "-z", "--full-tree", &level.commit, "--", ".gitmodules"])).await;
    // A link or a directory of that name is not a list of modules.
    if !tree.map_err(Failure::into_error)?.starts_with(b"100") {
        return Ok(Vec::new());
    }
    let blob = format!("{}:.gitmodules", level.commit);
    let listing = git(owned(&["config", "--blob", &blob, "--list", "-z"])).await.map_err(Failure::into_error)?;
    let modules = modules::parse(&listing).map_err(refused)?;
    let mut arguments = owned(&["--literal-pathspecs", "ls-tree", "-z", "--full-tree", &level.commit, "--"]);
    arguments.extend(modules.iter().map(|module| module.path.clone()));
    if modules.is_empty() {
        return Ok(Vec::new());
    }
    let links = git(arguments).await.map_err(Failure::into_error)?;
    let commit_of = |module: &Module| links.split(|byte| *byte == 0).find_map(|line| gitlink(line, &module.path));
    Ok(modules.into_iter().filter_map(|module| commit_of(&module).map(|commit| (module, commit))).collect())
}

/// `160000 commit <id> TAB <path>`, when it is that of the path.
fn gitlink(line: &[u8], path: &str) -> Option<String> {
    let (what, name) = std::str::from_utf8(line).ok()?.split_once('\t')?;
    let commit = what.strip_prefix("160000 commit ")?;
    (name == path).then(|| commit.to_owned())
}

/// Finds the module's empty directory, which checking out has made, and writes its `.git` file.
fn prepare(parent: &Place, module: &Module) -> std::io::Result<Place> {
    let work_tree = parent.work_tree.join(&module.path);
    let git_directory = parent.git_directory.join("modules").join(&module.name);
    // Beneath the parent and through no link: a repository may have put one in the way.
    let directory = Root::open(&parent.work_tree)?.directory(Path::new(&module.path))?;
    if work_tree.read_dir()?.next().is_some() || git_directory.exists() {
        return Err(std::io::Error::other("the directory of the submodule is not empty"));
    }
    let way = relative(&work_tree, &git_directory);
    writeln!(directory.create(Path::new(".git"))?, "gitdir: {}", way.display())?;
    Ok(Place { git_directory, work_tree })
}

/// Tells the superproject's configuration, as `git submodule init` would.
fn activate(level: &Level, modules: &[(Module, String)]) -> std::io::Result<()> {
    if modules.is_empty() {
        return Ok(());
    }
    let active: Vec<ActiveModule> = modules
        .iter()
        .map(|(module, _)| ActiveModule {
            name: module.name.clone(),
            url: modules::resolve_url(&level.url, &module.url).unwrap_or_else(|_| module.url.clone()),
        })
        .collect();
    let config = level.place.git_directory.join("config");
    std::fs::File::options().append(true).open(config)?.write_all(modules_text(&active).as_bytes())
}

fn refused(reason: String) -> Error {
    Error::NotAllowed(reason)
}
