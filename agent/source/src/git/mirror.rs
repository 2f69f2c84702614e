//! The mirrors: one bare repository per URL, kept between builds, so that a fetch brings only what is new.
//!
//! Every build asks the server again, with its own credentials: what is in a mirror is never given to a build that the
//! server would refuse. There are two kinds: a *full* one has all branches and tags with their history; a *shallow*
//! one serves builds that ask for a few commits of a repository of which nobody wants all.

mod abbreviated;
mod fresh;
mod hold;
mod leftovers;
mod prune;

use super::context::Context;
use super::failure::{Failure, speaks_of_damage};
use super::program::{Call, run};
use super::remote::Remote;
use super::revision::{Wanted, parse_listing};
use crate::error::Error;
use crate::fetcher::blocking;
use fresh::Fresh;
use hold::Locks;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use hold::Hold;

/// Where a fetched ref that is no branch or tag is kept. Only the last one is: nothing reads it but its own fetch.
const WANTED: &str = "refs/wanted/ref";
/// Packs are put together above this.
const MOST_PACKS: usize = 40;

/// The directory of mirrors.
#[derive(Debug)]
pub(crate) struct Mirrors {
    directory: PathBuf,
    locks: Locks,
}

/// What a mirror has for one build.
pub(crate) struct Brought {
    pub(crate) mirror: PathBuf,
    pub(crate) commit: String,
    /// The server's name for it, when it was asked for by name.
    pub(crate) reference: Option<String>,
    /// While it lives, nothing is taken out of the mirror.
    pub(crate) hold: Hold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Full,
    Shallow,
}

impl Mirrors {
    pub(crate) fn new(state: &Path) -> Self {
        Self { directory: state.join("mirrors"), locks: Locks::default() }
    }

    pub(crate) fn holds(&self, url: &str) -> bool {
        [Kind::Full, Kind::Shallow].iter().any(|kind| self.path(url, *kind).exists())
    }

    pub(crate) fn prune(&self, keep_bytes: u64, keep_for: Duration) -> Result<u64, Error> {
        prune::prune(&self.directory, &self.locks, keep_bytes, keep_for)
    }

    fn path(&self, url: &str, kind: Kind) -> PathBuf {
        let digest = hex::encode(Sha256::digest(url.as_bytes()));
        let kind = if kind == Kind::Full { "full" } else { "shallow" };
        self.directory.join(format!("{digest:.40}.{kind}.git"))
    }
}

/// Brings what is wanted into a mirror.
pub(crate) async fn bring(
    context: &Context<'_>,
    mirrors: &Mirrors,
    remote: &Remote,
    wanted: &Wanted,
    depth: Option<u32>,
) -> Result<Brought, Failure> {
    match depth.filter(|_| !mirrors.path(remote.url(), Kind::Full).exists()) {
        None => Step::open(context, mirrors, remote, Kind::Full).await?.full(wanted).await,
        Some(depth) => match Step::open(context, mirrors, remote, Kind::Shallow).await?.shallow(wanted, depth).await {
            // Not every server gives a commit by its id, and none by an abbreviation. It may be in the history of a
            // branch.
            Err(failure)
                if failure.is_unavailable_object()
                    && (wanted.commit().is_some() || wanted.abbreviation().is_some()) =>
            {
                Step::open(context, mirrors, remote, Kind::Full).await?.full(wanted).await
            }
            brought => brought,
        },
    }
}

/// A mirror that nobody else is using, and what it is needed for.
struct Step<'a> {
    context: &'a Context<'a>,
    remote: &'a Remote,
    mirror: PathBuf,
    /// Before the hold, as fields are dropped in their order.
    fresh: Fresh,
    hold: Hold,
}

impl<'a> Step<'a> {
    async fn open(
        context: &'a Context<'a>,
        mirrors: &Mirrors,
        remote: &'a Remote,
        kind: Kind,
    ) -> Result<Self, Failure> {
        let mirror = mirrors.path(remote.url(), kind);
        let hold = Hold::exclusive(&mirrors.locks, &mirror).await?;
        let path = mirror.clone();
        blocking(move |_| leftovers::clear(&path)).await?;
        let step = Self { context, remote, fresh: Fresh::of(&mirror), mirror, hold };
        if !step.mirror.exists() {
            step.create().await?;
        }
        Ok(step)
    }

    async fn full(self, wanted: &Wanted) -> Result<Brought, Failure> {
        let mut refspecs = vec!["+refs/heads/*:refs/heads/*".to_owned(), "+refs/tags/*:refs/tags/*".to_owned()];
        if let Some(name) = outside_of_branches(wanted) {
            refspecs.push(format!("+{name}:{WANTED}"));
        }
        self.fetch(&["--prune"], &refspecs).await?;
        let mut found = self.find(wanted).await?;
        if let (None, Some(commit)) = (&found, wanted.commit()) {
            self.fetch(&[], &[format!("+{commit}:{WANTED}")]).await?;
            found = self.find(wanted).await?;
        }
        let (commit, reference) = found.ok_or_else(|| missing(wanted))?;
        self.tidy(&["repack", "--geometric=2", "-d", "-q"]).await?;
        Ok(Brought { mirror: self.mirror, commit, reference, hold: self.hold.shared().await? })
    }

    async fn shallow(self, wanted: &Wanted, depth: u32) -> Result<Brought, Failure> {
        let (wants, reference) = match wanted.commit() {
            Some(commit) => (commit.to_owned(), None),
            None => {
                let (name, id) = self.ask_for(wanted).await?;
                if depth == 1 && self.commit_at(&id).await?.as_ref() == Some(&id) {
                    let reference = Some(name);
                    return Ok(Brought { mirror: self.mirror, commit: id, reference, hold: self.hold });
                }
                (name.clone(), Some(name))
            }
        };
        self.fetch(&[&format!("--depth={depth}")], &[format!("+{wants}:{WANTED}")]).await?;
        let commit = self.commit_at(WANTED).await?.ok_or_else(|| missing(wanted))?;
        self.tidy(&["repack", "-a", "-d", "-q"]).await?;
        Ok(Brought { mirror: self.mirror, commit, reference, hold: self.hold })
    }

    /// Asks the server for the first of the names that it has.
    async fn ask_for(&self, wanted: &Wanted) -> Result<(String, String), Failure> {
        let names = wanted.remote_refs();
        let arguments = ["ls-remote", "--", self.remote.url()].into_iter().map(str::to_owned);
        let call = Call::within(&self.mirror, arguments.chain(names.iter().cloned())).reaching(self.remote);
        let listing = parse_listing(&self.context.git(call).await?);
        let first = names.iter().find_map(|name| listing.iter().find(|(_, listed)| listed == name));
        first.map(|(id, name)| (name.clone(), id.clone())).ok_or_else(|| missing(wanted))
    }

    /// Fetches, and once more into a new mirror if this one turns out to be damaged.
    async fn fetch(&self, options: &[&str], refspecs: &[String]) -> Result<(), Failure> {
        match self.fetch_once(options, refspecs).await {
            Err(failure) if failure.is_local_damage() => {
                tracing::warn!(mirror = %self.mirror.display(), ?failure, "the mirror is damaged and is made anew");
                let path = self.mirror.clone();
                blocking(move |_| std::fs::remove_dir_all(&path).map_err(Error::file(&path))).await?;
                self.create().await?;
                self.fetch_once(options, refspecs).await
            }
            answer => answer,
        }
    }

    async fn fetch_once(&self, options: &[&str], refspecs: &[String]) -> Result<(), Failure> {
        const ALWAYS: [&str; 6] = [
            "fetch",
            "--progress",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
        ];
        let mut arguments: Vec<OsString> = ALWAYS.iter().chain(options).map(OsString::from).collect();
        arguments.extend([OsString::from("--"), self.remote.url().into()]);
        arguments.extend(refspecs.iter().map(OsString::from));
        leftovers::mark(&self.mirror).map_err(Error::file(&self.mirror))?;
        let output = run(self.context, Call::within(&self.mirror, arguments).reaching(self.remote)).await;
        leftovers::unmark(&self.mirror).map_err(Error::file(&self.mirror))?;
        match output? {
            output if speaks_of_damage(&output.said) => Err(Failure::Said(output.said)),
            _ => {
                self.fresh.filled();
                Ok(())
            }
        }
    }

    /// The commit a version stands for in a full mirror, and its name on the server.
    async fn find(&self, wanted: &Wanted) -> Result<Option<(String, Option<String>)>, Failure> {
        if let Some(commit) = wanted.commit() {
            return Ok(self.commit_at(commit).await?.map(|commit| (commit, None)));
        }
        for name in wanted.remote_refs() {
            let here = if is_branch_or_tag(&name) { &name } else { WANTED };
            if let Some(commit) = self.commit_at(here).await? {
                return Ok(Some((commit, Some(name))));
            }
        }
        match wanted.abbreviation() {
            Some(digits) => Ok(self.commit_of_abbreviation(digits).await?.map(|commit| (commit, None))),
            None => Ok(None),
        }
    }

    /// The commit at a full ref or an object id, tags peeled.
    async fn commit_at(&self, name: &str) -> Result<Option<String>, Failure> {
        let peeled = format!("{name}^{{commit}}");
        let call = Call::within(&self.mirror, ["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled]);
        match self.context.git(call).await {
            // Git repeats the option in its answer.
            Ok(answer) => Ok(String::from_utf8_lossy(&answer).lines().last().map(str::to_owned)),
            Err(Failure::Said(_)) => Ok(None),
            Err(broken) => Err(broken),
        }
    }

    async fn create(&self) -> Result<(), Failure> {
        let scratch = self.mirror.with_extension("new");
        let path = scratch.clone();
        blocking(move |_| leftovers::remove_all(&path)).await?;
        let arguments = ["init", "--bare", "--quiet", "--template=", "--"].into_iter().map(OsString::from);
        self.context.git(Call::new(arguments.chain([scratch.clone().into_os_string()]))).await?;
        std::fs::rename(&scratch, &self.mirror).map_err(Error::file(&self.mirror))?;
        self.fresh.made();
        Ok(())
    }

    /// Keeps the number of packs and loose refs small, which every later step pays for.
    async fn tidy(&self, repack: &[&str]) -> Result<(), Failure> {
        let packs = self.mirror.join("objects/pack");
        let count = packs.read_dir().map_err(Error::file(&packs))?.flatten();
        let is_pack = |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "pack");
        if count.filter(is_pack).count() > MOST_PACKS {
            self.context.git(Call::within(&self.mirror, repack)).await?;
        }
        if !self.mirror.join("packed-refs").exists() {
            self.context.git(Call::within(&self.mirror, ["pack-refs", "--all"])).await?;
        }
        Ok(())
    }
}

/// The ref that has to be asked for beside branches and tags.
fn outside_of_branches(wanted: &Wanted) -> Option<String> {
    match wanted {
        Wanted::Default => Some("HEAD".to_owned()),
        Wanted::Ref(name) if !is_branch_or_tag(name) => Some(name.clone()),
        Wanted::Pinned { at, .. } => outside_of_branches(at),
        Wanted::Ref(_) | Wanted::Name(_) | Wanted::Commit(_) => None,
    }
}

fn is_branch_or_tag(name: &str) -> bool {
    name.starts_with("refs/heads/") || name.starts_with("refs/tags/")
}

fn missing(wanted: &Wanted) -> Failure {
    Failure::Said(format!("couldn't find remote ref {wanted}"))
}
