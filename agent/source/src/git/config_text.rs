//! The `.git/config` of a workspace: written by us, so that nothing else is in it, least of all a credential.

use std::fmt::Write;
use std::path::Path;

/// A submodule as the superproject's configuration names it.
pub(crate) struct ActiveModule {
    pub(crate) name: String,
    pub(crate) url: String,
}

/// The text of a repository's configuration. `work_tree` is relative to the `.git` directory and absent when the files
/// lie right beside it.
pub(crate) fn config_text(url: &str, work_tree: Option<&Path>) -> String {
    let mut text =
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n"
            .to_owned();
    if let Some(work_tree) = work_tree {
        // Writing to a string does not fail.
        let _ = writeln!(text, "\tworktree = {}", value(&work_tree.to_string_lossy()));
    }
    let url = value(url);
    text + &format!("[remote \"origin\"]\n\turl = {url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n")
}

/// What is added for submodules that are checked out.
pub(crate) fn modules_text(modules: &[ActiveModule]) -> String {
    let section = |module: &ActiveModule| {
        format!("[submodule {}]\n\tactive = true\n\turl = {}\n", value(&module.name), value(&module.url))
    };
    modules.iter().map(section).collect()
}

/// In quotes, so that no character begins a comment or ends the line.
fn value(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_end_their_line() {
        let text = config_text("https://h/x\n[core]\n\tfsmonitor = id", Some(Path::new("../a;b\"c")));
        assert_eq!(text.lines().filter(|line| line.starts_with('[')).count(), 2);
        assert!(text.contains(r#"worktree = "../a;b\"c""#), "{text}");
    }
}
