//! `buildyard-run-as UID GID GROUPS PATH… -- PROGRAM ARGUMENT…`: makes the paths reachable, gives up root and becomes
//! the program.

use crate::reach;
use crate::user::Account;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

pub(super) fn run(args: &[OsString]) -> super::Result {
    let [uid, gid, groups, rest @ ..] = args else { return Err("wants ids and a program".into()) };
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse::<u32>().ok()).ok_or("wants numbers");
    let groups = groups.to_str().ok_or("wants numbers")?.split(',').map(str::parse::<u32>).collect::<Result<_, _>>()?;
    let user = Account { uid: number(uid)?, gid: number(gid)?, groups };
    let split = rest.iter().position(|word| word == "--").ok_or("wants a program behind --")?;
    let (paths, program) = rest.split_at(split);
    let [_, program, arguments @ ..] = program else { return Err("wants a program".into()) };
    reach::grant(&user, &paths.iter().map(PathBuf::from).collect::<Vec<_>>())?;
    let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
    setgroups(&groups)?;
    setgid(Gid::from_raw(user.gid))?;
    setuid(Uid::from_raw(user.uid))?;
    let error = Command::new(program).args(arguments).exec();
    Err(format!("cannot start {}: {error}", program.display()).into())
}
