//! Repositories that attack whoever clones them (reliability S36): every one either fails or does nothing.

use super::yard::{Ask, Upstream, Yard};
use crate::Error;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

struct Trap {
    yard: Yard,
    upstream: Upstream,
}

impl Trap {
    fn new() -> Self {
        let yard = Yard::new();
        let upstream = yard.upstream("r");
        Self { yard, upstream }
    }

    /// What an attack would make.
    fn proof(&self) -> PathBuf {
        self.yard.path("pwned")
    }

    fn module(&self, text: &str, path: &str) {
        let commit = self.upstream.git(&["rev-parse", "HEAD"]);
        std::fs::write(self.upstream.path.join(".gitmodules"), text).unwrap();
        self.upstream.git(&["add", ".gitmodules"]);
        self.upstream.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
        self.upstream.commit_index("trap");
    }

    async fn spring(&self) -> Result<PathBuf, Error> {
        let ask = Ask { submodules: true, ..Ask::default() };
        let answer = self.yard.fetch(&self.upstream.location(), ask).await;
        assert!(!self.proof().exists(), "the attack succeeded");
        answer.map(|(into, _)| into)
    }
}

#[tokio::test]
async fn module_names_that_leave_the_git_directory_are_refused() {
    // CVE-2018-11235.
    for name in ["../../evil", "..", "a/../../../hooks"] {
        let trap = Trap::new();
        trap.module(&format!("[submodule \"{name}\"]\n\tpath = m\n\turl = ../r\n"), "m");
        assert!(trap.spring().await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn module_urls_that_are_options_or_commands_are_refused() {
    // CVE-2018-17456, and the transports that run commands.
    for url in
        ["--upload-pack=touch $PROOF", "-u$PROOF", "ext::sh -c touch% $PROOF", "ssh://-oProxyCommand=touch/x", "fd::7"]
    {
        let trap = Trap::new();
        let url = url.replace("$PROOF", trap.proof().to_str().unwrap());
        trap.module(&format!("[submodule \"m\"]\n\tpath = m\n\turl = \"{url}\"\n"), "m");
        assert!(trap.spring().await.is_err(), "{url}");
    }
}

#[tokio::test]
async fn update_commands_in_gitmodules_do_not_run() {
    // CVE-2019-19604.
    let trap = Trap::new();
    let proof = trap.proof();
    let update = format!("\tupdate = !touch {}\n\tbranch = --upload-pack=x\n", proof.display());
    trap.module(&format!("[submodule \"m\"]\n\tpath = m\n\turl = ../r\n{update}"), "m");
    // Git's own check of objects refuses such a file already.
    assert!(trap.spring().await.is_err());
}

#[tokio::test]
async fn a_link_in_the_way_of_a_module_is_not_followed() {
    // CVE-2024-32002 and CVE-2021-21300 write through a link into .git; the index holds both entries.
    let trap = Trap::new();
    let target = trap.yard.path("outside");
    std::fs::create_dir(&target).unwrap();
    symlink(&target, trap.upstream.path.join("link")).unwrap();
    trap.upstream.git(&["add", "link"]);
    trap.upstream.commit_index("link");
    let commit = trap.upstream.git(&["rev-parse", "HEAD"]);
    let text = "[submodule \"m\"]\n\tpath = link\n\turl = ../r\n";
    std::fs::write(trap.upstream.path.join(".gitmodules"), text).unwrap();
    trap.upstream.git(&["add", ".gitmodules"]);
    trap.upstream.commit_index("trap");
    let into = trap.spring().await.unwrap();
    assert!(into.join("link").is_symlink());
    assert!(target.read_dir().unwrap().next().is_none(), "{commit}");
}

#[tokio::test]
async fn a_path_with_a_carriage_return_is_refused() {
    // CVE-2025-48384.
    let trap = Trap::new();
    trap.module("[submodule \"m\"]\n\tpath = \"m\\r\"\n\turl = ../r\n", "m\r");
    assert!(trap.spring().await.is_err());
    let trap = Trap::new();
    trap.module("[submodule \"m\"]\n\tpath = \"m\r\"\n\turl = ../r\n", "m\r");
    assert!(trap.spring().await.is_err());
}

#[tokio::test]
async fn a_gitmodules_that_is_a_link_is_not_read() {
    let trap = Trap::new();
    std::fs::write(trap.upstream.path.join("target"), "/etc/passwd").unwrap();
    let blob = trap.upstream.git(&["hash-object", "-w", "target"]);
    // Git refuses to put it into an index, so the tree is written by hand.
    let listing = trap.yard.path("listing");
    std::fs::write(&listing, format!("120000 blob {blob}\t.gitmodules\n")).unwrap();
    let script = format!("git mktree < {}", listing.display());
    let tree = trap.upstream.git(&["-c", &format!("alias.write-tree-of=!{script}"), "write-tree-of"]);
    let commit = trap.upstream.git(&["commit-tree", "-m", "trap", &tree]);
    trap.upstream.git(&["update-ref", "refs/heads/main", &commit]);
    assert!(trap.spring().await.is_err());
}

#[tokio::test]
async fn hooks_filters_and_settings_of_the_upstream_do_not_run_here() {
    let trap = Trap::new();
    let proof = trap.proof();
    let touch = format!("#!/bin/sh\ntouch {}\n", proof.display());
    for hook in ["post-checkout", "post-merge", "reference-transaction", "fsmonitor-watchman"] {
        let path = trap.upstream.path.join(".git/hooks").join(hook);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &touch).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    trap.upstream.git(&["-c", "core.hooksPath=/dev/null", "config", "uploadpack.packObjectsHook", "/bin/false"]);
    std::fs::write(trap.upstream.path.join(".gitattributes"), "* filter=evil diff=evil merge=evil\n").unwrap();
    std::fs::write(trap.upstream.path.join(".gitconfig"), format!("[core]\n\tfsmonitor = touch {}\n", proof.display()))
        .unwrap();
    trap.upstream.git(&["-c", "core.hooksPath=/dev/null", "add", "."]);
    trap.upstream.git(&["-c", "core.hooksPath=/dev/null", "commit", "--quiet", "-m", "trap"]);
    let into = trap.spring().await.unwrap();
    assert!(into.join(".gitattributes").exists());
    assert!(!into.join(".git/hooks").exists());
}

#[tokio::test]
async fn a_module_cannot_name_a_directory_outside_the_allowed_ones() {
    let trap = Trap::new();
    let secret = trap.yard.path("secret");
    std::fs::create_dir(&secret).unwrap();
    super::yard::git(&secret, &["init", "--quiet", "--initial-branch=main"]);
    for url in [secret.to_str().unwrap().to_owned(), format!("file://{}", secret.display()), "../../secret".to_owned()]
    {
        trap.module(&format!("[submodule \"m\"]\n\tpath = m\n\turl = {url}\n"), "m");
        assert!(matches!(trap.spring().await, Err(Error::NotAllowed(_))), "{url}");
    }
}

#[tokio::test]
async fn the_agents_environment_does_not_reach_git() {
    let script_home = tempfile::tempdir().unwrap();
    let (script, dump) = (script_home.path().join("git"), script_home.path().join("environment"));
    std::fs::write(&script, format!("#!/bin/sh\nenv > {}\nexec git \"$@\"\n", dump.display())).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let yard = Yard::with(|options| options.git = script);
    let upstream = yard.upstream("r");
    yard.at(&upstream, "").await.unwrap();
    let text = std::fs::read_to_string(dump).unwrap();
    let known = [
        "PATH",
        "HOME",
        "XDG_CONFIG_HOME",
        "LC_ALL",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_GLOBAL",
        "GIT_ATTR_NOSYSTEM",
        "GIT_TERMINAL_PROMPT",
        "GIT_PROTOCOL_FROM_USER",
        "GIT_ALLOW_PROTOCOL",
    ];
    for line in text.lines() {
        let name = line.split('=').next().unwrap();
        assert!(known.contains(&name), "{line}");
    }
}
