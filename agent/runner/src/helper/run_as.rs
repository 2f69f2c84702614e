//! `buildyard-run-as UID GID GROUPS PROGRAM ARGUMENT…`: gives up root and becomes the program.

use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

pub(super) fn run(args: &[OsString]) -> super::Result {
    let [uid, gid, groups, program, rest @ ..] = args else { return Err("wants ids and a program".into()) };
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse::<u32>().ok()).ok_or("wants numbers");
    let groups = groups.to_str().ok_or("wants numbers")?.split(',').map(str::parse::<u32>);
    let groups: Vec<Gid> = groups.map(|id| id.map(Gid::from_raw)).collect::<Result<_, _>>()?;
    let (uid, gid) = (Uid::from_raw(number(uid)?), Gid::from_raw(number(gid)?));
    setgroups(&groups)?;
    setgid(gid)?;
    setuid(uid)?;
    let error = Command::new(program).args(rest).exec();
    Err(format!("cannot start {}: {error}", program.display()).into())
}
