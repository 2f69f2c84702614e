use super::yard::{Ask, Upstream, Yard, git};
use crate::{Error, SubmoduleLimits};

/// Adds a submodule by hand, so that a test may write anything.
fn add_module(upstream: &Upstream, path: &str, url: &str, commit: &str) {
    let text = format!("[submodule \"{path}\"]\n\tpath = {path}\n\turl = {url}\n");
    let file = upstream.path.join(".gitmodules");
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    std::fs::write(file, before + &text).unwrap();
    upstream.git(&["add", ".gitmodules"]);
    upstream.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
    upstream.commit_index("module");
}

async fn fetch(yard: &Yard, upstream: &Upstream, depth: u32) -> Result<std::path::PathBuf, Error> {
    let ask = Ask { submodules: true, depth, ..Ask::default() };
    Ok(yard.fetch(&upstream.location(), ask).await?.0)
}

async fn nested_modules(depth: u32) {
    let yard = Yard::new();
    let (inner, middle, outer) = (yard.upstream("inner"), yard.upstream("middle"), yard.upstream("outer"));
    let old = inner.commit("inner.txt", "old");
    inner.commit("inner.txt", "new");
    add_module(&middle, "deep/inner", "../inner", &old);
    add_module(&outer, "libs/middle", &middle.location(), &middle.git(&["rev-parse", "HEAD"]));
    let into = fetch(&yard, &outer, depth).await.unwrap();
    let moved = yard.path("moved");
    std::fs::rename(into, &moved).unwrap();
    assert_eq!(std::fs::read_to_string(moved.join("libs/middle/deep/inner/inner.txt")).unwrap(), "old");
    assert_eq!(git(&moved.join("libs/middle/deep/inner"), &["rev-parse", "HEAD"]), old);
    assert_eq!(git(&moved, &["status", "--porcelain"]), "");
    let status = git(&moved, &["submodule", "status", "--recursive"]);
    assert!(status.lines().count() == 2 && !status.contains(" -"), "{status}");
    assert_eq!(git(&moved, &["config", "submodule.libs/middle.url"]), middle.location());
}

#[tokio::test]
async fn submodules_of_submodules_come_at_their_commits() {
    nested_modules(0).await;
}

#[tokio::test]
async fn submodules_of_submodules_come_with_little_depth_too() {
    nested_modules(1).await;
}

#[tokio::test]
async fn submodules_are_left_alone_unless_asked_for() {
    let yard = Yard::new();
    let (inner, outer) = (yard.upstream("inner"), yard.upstream("outer"));
    add_module(&outer, "inner", "../inner", &inner.git(&["rev-parse", "HEAD"]));
    let (into, _) = yard.at(&outer, "").await.unwrap();
    assert!(into.join("inner").read_dir().unwrap().next().is_none());
    assert!(!into.join(".git/modules").exists());
}

#[tokio::test]
async fn nesting_and_number_of_submodules_are_limited() {
    let yard = Yard::with(|options| options.submodules = SubmoduleLimits { depth: 2, count: 2 });
    let repositories = ["a", "b", "c", "d"].map(|name| yard.upstream(name));
    for pair in repositories.windows(2).rev() {
        let url = format!("../{}", pair[1].path.file_name().unwrap().to_str().unwrap());
        add_module(&pair[0], "next", &url, &pair[1].git(&["rev-parse", "HEAD"]));
    }
    assert!(fetch(&yard, &repositories[1], 0).await.is_ok());
    let error = fetch(&yard, &repositories[0], 0).await.unwrap_err();
    assert!(error.to_string().contains("levels deep"), "{error}");
    let wide = yard.upstream("wide");
    for name in ["x", "y", "z"] {
        add_module(&wide, name, "../d", &repositories[3].git(&["rev-parse", "HEAD"]));
    }
    let error = fetch(&yard, &wide, 0).await.unwrap_err();
    assert!(error.to_string().contains("more than 2 submodules"), "{error}");
}

#[tokio::test]
async fn a_repository_that_contains_itself_ends() {
    let yard = Yard::with(|options| options.submodules = SubmoduleLimits { depth: 3, count: 100 });
    let upstream = yard.upstream("r");
    let first = upstream.git(&["rev-parse", "HEAD"]);
    add_module(&upstream, "self", "../r", &first);
    assert!(fetch(&yard, &upstream, 0).await.is_ok());
    let second = upstream.git(&["rev-parse", "HEAD"]);
    add_module(&upstream, "again", "../r", &second);
    assert!(fetch(&yard, &upstream, 0).await.is_ok());
}
