use super::yard::{Ask, Yard, git, try_git};
use crate::Error;

#[tokio::test]
async fn without_a_version_the_default_branch_comes_with_all_its_history() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    upstream.git(&["checkout", "--quiet", "-b", "trunk"]);
    let second = upstream.commit("file", "2");
    upstream.git(&["tag", "v1"]);
    let (into, commit) = yard.at(&upstream, "").await.unwrap();
    assert_eq!(commit, second);
    assert_eq!(std::fs::read_to_string(into.join("file")).unwrap(), "2");
    assert_eq!(git(&into, &["rev-parse", "HEAD"]), second);
    assert_eq!(git(&into, &["rev-list", "--count", "HEAD"]), "2");
    assert_eq!(git(&into, &["describe", "--tags"]), "v1");
    assert_eq!(git(&into, &["rev-parse", "origin/main"]), upstream.git(&["rev-parse", "main"]));
    assert_eq!(git(&into, &["remote", "get-url", "origin"]), upstream.location());
    assert_eq!(git(&into, &["status", "--porcelain"]), "");
    assert!(!try_git(&into, &["symbolic-ref", "HEAD"]).1, "HEAD is not detached");
}

#[tokio::test]
async fn branches_tags_and_refs_are_found() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let first = upstream.git(&["rev-parse", "HEAD"]);
    upstream.git(&["tag", "-a", "-m", "release", "v1", &first]);
    upstream.git(&["checkout", "--quiet", "-b", "feature/x"]);
    let branch = upstream.commit("branch", "b");
    upstream.git(&["checkout", "--quiet", "main"]);
    let main = upstream.commit("file", "m");
    for (version, expected) in [
        ("main", &main),
        ("feature/x", &branch),
        ("v1", &first),
        ("refs/heads/feature/x", &branch),
        ("refs/tags/v1", &first),
        ("HEAD", &main),
    ] {
        assert_eq!(yard.at(&upstream, version).await.unwrap().1, *expected, "{version}");
    }
}

#[tokio::test]
async fn pull_requests_and_commits_are_found() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let first = upstream.git(&["rev-parse", "HEAD"]);
    upstream.git(&["checkout", "--quiet", "--detach"]);
    let pull = upstream.commit("pull", "p");
    upstream.git(&["update-ref", "refs/pull/7/head", &pull]);
    upstream.git(&["checkout", "--quiet", "main"]);
    for (version, expected) in [
        ("pr/7", &pull),
        ("refs/pull/7/head", &pull),
        (first.as_str(), &first),
        (&first.to_uppercase(), &first),
        (&format!("refs/heads/main^{{{first}}}"), &first),
        (&format!("pr/7^{{{pull}}}"), &pull),
    ] {
        let (into, commit) = yard.at(&upstream, version).await.unwrap();
        assert_eq!(commit, *expected, "{version}");
        assert_eq!(git(&into, &["rev-parse", "HEAD"]), *expected, "{version}");
    }
}

#[tokio::test]
async fn the_same_versions_are_found_with_little_depth() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let commits: Vec<String> = (0..5).map(|number| upstream.commit("file", &format!("{number}"))).collect();
    upstream.git(&["update-ref", "refs/pull/7/head", &commits[3]]);
    upstream.git(&["tag", "-a", "-m", "release", "v1", &commits[2]]);
    for (version, expected, depth) in [
        ("", &commits[4], 1),
        ("main", &commits[4], 3),
        ("v1", &commits[2], 2),
        ("pr/7", &commits[3], 1),
        (commits[1].as_str(), &commits[1], 1),
        (&format!("main^{{{}}}", commits[0]), &commits[0], 1),
        ("main", &commits[4], 1),
    ] {
        let ask = Ask { version: Some(version).filter(|version| !version.is_empty()), depth, ..Ask::default() };
        let (into, fetched) = yard.fetch(&upstream.location(), ask).await.unwrap();
        assert_eq!(fetched.resolved_version.as_ref(), Some(expected), "{version}");
        assert_eq!(git(&into, &["rev-list", "--count", "HEAD"]), depth.to_string(), "{version}");
        assert_eq!(git(&into, &["status", "--porcelain"]), "");
    }
    assert_eq!(yard.mirrors().len(), 1);
}

#[tokio::test]
async fn a_commit_is_found_by_the_first_digits_of_its_id() {
    for depth in [0, 1] {
        let yard = Yard::new();
        let upstream = yard.upstream("r");
        let wanted = upstream.commit("file", "wanted");
        upstream.commit("file", "later");
        for digits in [&wanted[..7], &wanted[..12].to_uppercase(), &wanted[..39]] {
            let ask = Ask { version: Some(digits), depth, ..Ask::default() };
            let (into, fetched) = yard.fetch(&upstream.location(), ask).await.unwrap();
            assert_eq!(fetched.resolved_version.as_ref(), Some(&wanted), "{digits}");
            assert_eq!(git(&into, &["rev-parse", "HEAD"]), wanted);
        }
        let new = upstream.commit("file", "newer than the mirror");
        let ask = Ask { version: Some(&new[..10]), depth, ..Ask::default() };
        assert_eq!(yard.fetch(&upstream.location(), ask).await.unwrap().1.resolved_version, Some(new));
    }
}

#[tokio::test]
async fn a_branch_or_tag_comes_before_a_commit_whose_id_begins_so() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let first = upstream.git(&["rev-parse", "HEAD"]);
    let other = upstream.commit("file", "x");
    for kind in ["tags", "heads"] {
        upstream.git(&["update-ref", &format!("refs/{kind}/{}", &first[..8]), &other]);
        assert_eq!(yard.at(&upstream, &first[..8]).await.unwrap().1, other, "{kind}");
    }
}

#[tokio::test]
async fn an_abbreviation_that_means_nothing_or_too_much_is_said() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    // Among so many commits some share their first four digits.
    let mut seen = std::collections::BTreeSet::new();
    let mut parent = upstream.git(&["rev-parse", "HEAD"]);
    let shared = loop {
        parent = upstream.git(&["commit-tree", "-p", &parent, "-m", "x", "HEAD^{tree}"]);
        if !seen.insert(parent[..4].to_owned()) {
            break parent[..4].to_owned();
        }
    };
    upstream.git(&["update-ref", "refs/heads/main", &parent]);
    let error = yard.at(&upstream, &shared).await.unwrap_err().to_string();
    assert!(error.contains("is ambiguous") && error.contains("give more digits"), "{error}");
    let unknown = (0..).map(|n| format!("{n:08x}")).find(|digits| !seen.contains(&digits[..4])).unwrap();
    let error = yard.at(&upstream, &unknown).await.unwrap_err().to_string();
    assert!(error.contains("check the source version") && error.contains(&unknown), "{error}");
}

#[tokio::test]
async fn a_commit_that_no_ref_points_at_is_had_by_its_whole_id() {
    for depth in [0, 1] {
        let yard = Yard::new();
        let upstream = yard.upstream("r");
        let orphan = upstream.git(&["commit-tree", "-m", "loose", "HEAD^{tree}"]);
        let ask = Ask { version: Some(&orphan), depth, ..Ask::default() };
        assert_eq!(yard.fetch(&upstream.location(), ask).await.unwrap().1.resolved_version, Some(orphan));
    }
}

#[tokio::test]
async fn depth_beyond_25_means_all_and_a_full_mirror_serves_every_depth() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    for number in 0..26 {
        upstream.commit_index(&format!("{number}"));
    }
    for (depth, count) in [(26, "27"), (25, "25"), (0, "27")] {
        let (into, _) = yard.fetch(&upstream.location(), Ask { depth, ..Ask::default() }).await.unwrap();
        assert_eq!(git(&into, &["rev-list", "--count", "HEAD"]), count, "{depth}");
    }
    assert_eq!(yard.mirrors().len(), 1);
}

#[tokio::test]
async fn a_commit_is_not_mistaken_for_a_tag_of_that_name() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let wanted = upstream.git(&["rev-parse", "HEAD"]);
    let other = upstream.commit("evil", "x");
    upstream.git(&["update-ref", &format!("refs/tags/{wanted}"), &other]);
    upstream.git(&["update-ref", &format!("refs/heads/{wanted}"), &other]);
    for depth in [0, 1] {
        let ask = Ask { version: Some(&wanted), depth, ..Ask::default() };
        let (into, fetched) = yard.fetch(&upstream.location(), ask).await.unwrap();
        assert_eq!(fetched.resolved_version.as_deref(), Some(wanted.as_str()));
        assert!(!into.join("evil").exists());
    }
}

#[tokio::test]
async fn a_branch_comes_before_a_tag_of_the_same_name() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    upstream.git(&["tag", "same"]);
    let branch = upstream.commit("file", "branch");
    upstream.git(&["branch", "same"]);
    for depth in [0, 1] {
        let ask = Ask { version: Some("same"), depth, ..Ask::default() };
        let (_, fetched) = yard.fetch(&upstream.location(), ask).await.unwrap();
        assert_eq!(fetched.resolved_version.as_ref(), Some(&branch));
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_with_a_next_step() {
    let yard = Yard::new();
    let upstream = yard.upstream("r");
    let nowhere = "0123456789abcdef0123456789abcdef01234567";
    for (version, depth) in [("missing", 0), ("missing", 1), ("pr/1", 0), (nowhere, 0), (nowhere, 1)] {
        let ask = Ask { version: Some(version), depth, ..Ask::default() };
        let error = yard.fetch(&upstream.location(), ask).await.unwrap_err().to_string();
        assert!(error.starts_with("Git clone failed: ") && error.contains("check the source version"), "{error}");
    }
    let missing = yard.path("upstream/missing");
    assert!(matches!(yard.fetch(missing.to_str().unwrap(), Ask::default()).await, Err(Error::File { .. })));
    std::fs::create_dir(&missing).unwrap();
    let error = yard.fetch(missing.to_str().unwrap(), Ask::default()).await.unwrap_err().to_string();
    assert!(error.contains("does not appear to be a git repository"), "{error}");
}

#[tokio::test]
async fn a_directory_that_is_not_allowed_is_refused() {
    let yard = Yard::with(|options| options.allowed_local.clear());
    let upstream = yard.upstream("r");
    assert!(matches!(yard.at(&upstream, "").await, Err(Error::NotAllowed(_))));
    assert!(matches!(yard.fetch("--upload-pack=id", Ask::default()).await, Err(Error::Invalid(_))));
}
