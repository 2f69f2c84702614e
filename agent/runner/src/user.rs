//! `run-as`: the image's users, from its own `/etc/passwd` and `/etc/group`.
//!
//! Our own parser: the name service of a statically linked C library would load modules of another one.

use rustix::fs::{Gid, Uid};
use std::ffi::OsString;
use std::fs::File;
use std::io;

/// A user to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// All groups, the primary one included.
    pub(crate) groups: Vec<u32>,
}

/// Finds the user that a command shall run as; nothing when that is who we are.
pub(crate) fn resolve(name: &str) -> Result<Option<Account>, String> {
    let read = |path: &str| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let passwd =
        read("/etc/passwd").map_err(|error| format!("run-as: cannot read this image's /etc/passwd: {error}"))?;
    let group = read("/etc/group").unwrap_or_default();
    let account = lookup(&passwd, &group, name)
        .ok_or_else(|| format!("run-as: user {name} does not exist in this image (/etc/passwd)"))?;
    let own = rustix::process::geteuid().as_raw();
    if account.uid == own {
        return Ok(None);
    }
    if own != 0 {
        return Err(format!("run-as: only an agent that runs as root can run commands as {name}"));
    }
    Ok(Some(account))
}

impl Account {
    /// Who runs what nobody else is named for.
    pub(crate) fn root() -> Self {
        Self { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw(), groups: Vec::new() }
    }

    /// Arguments of the program that becomes this user.
    pub(crate) fn arguments(&self) -> [OsString; 3] {
        let groups = self.groups.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        [self.uid.to_string().into(), self.gid.to_string().into(), groups.into()]
    }

    /// Makes the user the file's owner.
    pub(crate) fn give(&self, file: &File) -> io::Result<()> {
        Ok(rustix::fs::fchown(file, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)))?)
    }
}

/// The account of a name, or of a number that is some user's id.
fn lookup(passwd: &str, group: &str, name: &str) -> Option<Account> {
    let entries = || passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).filter(|fields| fields.len() >= 4);
    let entry = entries().find(|fields| fields[0] == name).or_else(|| entries().find(|fields| fields[2] == name))?;
    let (uid, gid) = (entry[2].parse().ok()?, entry[3].parse().ok()?);
    let mut groups = vec![gid];
    for line in group.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        if let [_, _, id, members, ..] = fields[..]
            && members.split(',').any(|member| member == entry[0])
            && let Ok(id) = id.parse()
            && !groups.contains(&id)
        {
            groups.push(id);
        }
    }
    Some(Account { uid, gid, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n# comment\nbroken\nnode:x:1000:1001::/home/node:/bin/sh\n";
    const GROUP: &str = "root:x:0:\ndocker:x:999:root,node\nnode:x:1001:node\nbroken\n";

    #[test]
    fn a_user_has_its_own_and_its_further_groups() {
        let node = Account { uid: 1000, gid: 1001, groups: vec![1001, 999] };
        assert_eq!(lookup(PASSWD, GROUP, "node"), Some(node.clone()));
        assert_eq!(lookup(PASSWD, GROUP, "1000"), Some(node));
        assert_eq!(lookup(PASSWD, GROUP, "nod"), None);
        assert_eq!(lookup(PASSWD, GROUP, ""), None);
    }
}
