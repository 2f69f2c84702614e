use super::yard::{Ask, Yard, git, try_git};
use crate::Error;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Objects in each pack of a mirror, smallest first.
fn packs(mirror: &Path) -> Vec<usize> {
    let packs = mirror.join("objects/pack").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let indexes = packs.filter(|path| path.extension().is_some_and(|extension| extension == "idx"));
    let count = |index: PathBuf| {
        let listing = git(mirror, &["verify-pack", "-v", index.to_str().unwrap()]);
        let is_object = |line: &&str| [" blob ", " tree ", " commit ", " tag "].iter().any(|kind| line.contains(kind));
        listing.lines().filter(is_object).count()
    };
    let mut counts: Vec<usize> = indexes.map(count).collect();
    counts.sort_unstable();
    counts
}

#[tokio::test]
async fn a_second_build_fetches_only_what_is_new() {
    for depth in [0, 1] {
        let yard = Yard::new();
        let upstream = yard.upstream("r");
        for number in 0..20 {
            std::fs::write(upstream.path.join(format!("f{number}")), format!("{number}")).unwrap();
        }
        upstream.git(&["add", "."]);
        upstream.commit_index("many");
        // Without deltas a pack holds exactly what was sent.
        upstream.git(&["config", "pack.window", "0"]);
        let ask = || Ask { depth, ..Ask::default() };
        yard.fetch(&upstream.location(), ask()).await.unwrap();
        let new = upstream.commit("one", "more");
        let (into, fetched) = yard.fetch(&upstream.location(), ask()).await.unwrap();
        assert_eq!(fetched.resolved_version, Some(new));
        assert!(into.join("one").exists() && into.join("f7").exists());
        let mirrors = yard.mirrors();
        assert_eq!(mirrors.len(), 1);
        // A commit, its tree and one file.
        assert_eq!(packs(&mirrors[0])[0], 3, "depth {depth}");
        yard.fetch(&upstream.location(), ask()).await.unwrap();
        assert_eq!(packs(&mirrors[0]).len(), 2, "depth {depth}");
    }
}

#[tokio::test]
async fn a_workspace_needs_no_mirror_and_shares_no_file_with_it() {
    for depth in [0, 2] {
        let yard = Yard::new();
        let upstream = yard.upstream("r");
        upstream.commit("file", "x");
        let (into, _) = yard.fetch(&upstream.location(), Ask { depth, ..Ask::default() }).await.unwrap();
        assert!(!into.join(".git/objects/info/alternates").exists());
        for entry in walkdir::WalkDir::new(into.join(".git")) {
            let metadata = entry.unwrap().metadata().unwrap();
            assert!(metadata.is_dir() || metadata.nlink() == 1);
        }
        std::fs::remove_dir_all(yard.path("state/mirrors")).unwrap();
        let moved = yard.path("elsewhere");
        std::fs::rename(&into, &moved).unwrap();
        git(&moved, &["fsck", "--full", "--strict"]);
        assert_eq!(git(&moved, &["status", "--porcelain"]), "");
    }
}

#[tokio::test]
async fn moved_and_deleted_branches_are_followed() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    upstream.git(&["branch", "a"]);
    yard.at(&upstream, "a").await.unwrap();
    upstream.git(&["branch", "-D", "a"]);
    upstream.git(&["branch", "a/b"]);
    upstream.git(&["commit", "--quiet", "--amend", "-m", "rewritten"]);
    let rewritten = upstream.git(&["rev-parse", "main"]);
    let (into, commit) = yard.at(&upstream, "main").await.unwrap();
    assert_eq!(commit, rewritten);
    assert!(try_git(&into, &["rev-parse", "--verify", "origin/a/b"]).1);
    assert!(yard.at(&upstream, "a").await.is_err());
}

#[tokio::test]
async fn an_interrupted_fetch_does_not_stop_the_next() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    yard.at(&upstream, "").await.unwrap();
    let mirror = &yard.mirrors()[0];
    for file in ["packed-refs.lock", "refs/heads/main.lock", "HEAD.lock", "fetch-under-way"] {
        std::fs::create_dir_all(mirror.join(file).parent().unwrap()).unwrap();
        std::fs::write(mirror.join(file), "").unwrap();
    }
    let new = upstream.commit("file", "x");
    assert_eq!(yard.at(&upstream, "").await.unwrap().1, new);
}

#[tokio::test]
async fn a_damaged_mirror_is_made_anew() {
    for damage in ["empty-pack", "no-head"] {
        let yard = Yard::new();
        let upstream = yard.upstream("r");
        yard.at(&upstream, "").await.unwrap();
        let mirror = &yard.mirrors()[0];
        match damage {
            "no-head" => std::fs::remove_file(mirror.join("HEAD")).unwrap(),
            _ => {
                for entry in mirror.join("objects/pack").read_dir().unwrap() {
                    let path = entry.unwrap().path();
                    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
                    std::fs::write(&path, "").unwrap();
                }
            }
        }
        let new = upstream.commit("file", "x");
        let (into, commit) = yard.at(&upstream, "").await.unwrap();
        assert_eq!(commit, new, "{damage}");
        git(&into, &["fsck", "--full"]);
    }
}

#[tokio::test]
async fn several_builds_of_one_repository_at_once_all_succeed() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let (a, b, c, d) = tokio::join!(
        yard.at(&upstream, ""),
        yard.at(&upstream, "main"),
        yard.at(&upstream, ""),
        yard.at(&upstream, "HEAD")
    );
    let commits = [a, b, c, d].map(|answer| answer.unwrap().1);
    assert!(commits.iter().all(|commit| *commit == commits[0]));
}

fn bytes_in(directory: &Path) -> u64 {
    let files = walkdir::WalkDir::new(directory).into_iter().map(|entry| entry.unwrap().metadata().unwrap());
    files.filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}

#[tokio::test]
async fn the_mirrors_used_longest_ago_are_pruned_first() {
    const EVER: Duration = Duration::MAX;
    let yard = Yard::new();
    let (old, new) = (yard.upstream("old"), yard.upstream("new"));
    yard.at(&old, "").await.unwrap();
    yard.at(&new, "").await.unwrap();
    let lock = yard.mirrors().into_iter().map(|mirror| mirror.with_extension("lock"));
    let earlier = std::time::SystemTime::now() - Duration::from_secs(3600);
    let oldest = lock.min_by_key(|lock| lock.metadata().unwrap().modified().unwrap()).unwrap();
    std::fs::File::options().write(true).open(oldest).unwrap().set_modified(earlier).unwrap();
    assert!(yard.fetcher.holds(&old.location()) && yard.fetcher.holds(&new.location()));
    assert_eq!(yard.fetcher.prune(u64::MAX, EVER).await.unwrap(), 0);
    let bytes: u64 = yard.mirrors().iter().map(|mirror| bytes_in(mirror)).sum();
    let removed = yard.fetcher.prune(bytes - 1, EVER).await.unwrap();
    assert!(!yard.fetcher.holds(&old.location()) && yard.fetcher.holds(&new.location()));
    assert_eq!(yard.fetcher.prune(0, EVER).await.unwrap(), bytes - removed);
    assert!(yard.mirrors().is_empty());
    yard.at(&old, "").await.unwrap();
}

#[tokio::test]
async fn a_mirror_that_nobody_used_for_too_long_goes_however_small() {
    let yard = Yard::new();
    let (old, new) = (yard.upstream("old"), yard.upstream("new"));
    yard.at(&old, "").await.unwrap();
    let earlier = std::time::SystemTime::now() - Duration::from_secs(3600);
    let lock = yard.mirrors()[0].with_extension("lock");
    std::fs::File::options().write(true).open(lock).unwrap().set_modified(earlier).unwrap();
    yard.at(&new, "").await.unwrap();
    assert_eq!(yard.fetcher.prune(u64::MAX, Duration::from_secs(3700)).await.unwrap(), 0);
    assert!(yard.fetcher.prune(u64::MAX, Duration::from_secs(3500)).await.unwrap() > 0);
    assert!(!yard.fetcher.holds(&old.location()) && yard.fetcher.holds(&new.location()));
}

#[tokio::test]
async fn a_dropped_fetch_ends_git_and_what_it_started() {
    let script_home = tempfile::tempdir().unwrap();
    let (script, pid_file) = (script_home.path().join("git"), script_home.path().join("pid"));
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pid_file,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    std::fs::write(&script, format!("#!/bin/sh\nsleep 1000 &\necho $! > {}\nwait\n", pid_file.display())).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let yard = Yard::with(|options| options.git = script.clone());
    let upstream = yard.upstream("r");
    let started = tokio::task::spawn_blocking(move || std::fs::read_to_string(pid_file).unwrap());
    let pid = tokio::select! {
        pid = started => pid.unwrap().trim().parse::<i32>().unwrap(),
        _ = yard.at(&upstream, "") => panic!("the script ended"),
    };
    // The fetch is dropped. A process that was sent SIGKILL is gone, or a zombie, before long.
    let is_alive = || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"));
    while is_alive() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_fetch_that_takes_too_long_says_so() {
    let yard = Yard::with(|options| options.timeout = Duration::from_millis(1));
    let upstream = yard.upstream("r");
    assert!(matches!(yard.at(&upstream, "").await, Err(Error::TimedOut(_))));
}

#[tokio::test]
async fn a_fetch_can_be_spawned() {
    let yard = std::sync::Arc::new(Yard::new());
    let upstream = yard.upstream("r");
    let spawned = std::sync::Arc::clone(&yard);
    let location = upstream.location();
    tokio::spawn(async move { spawned.fetch(&location, Ask::default()).await.map(drop) }).await.unwrap().unwrap();
}
