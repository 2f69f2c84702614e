//! The runner as the init of something like a container: a process namespace and a root that holds busybox and nothing
//! else. Needs root and `unshare`; where they are missing these tests have nothing to show and pass.

use crate::support::{Build, Ran, files, of, of_phases, phase, program};
use buildyard_model::{Packaging, Phase, PhaseStatus};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BUSYBOX: &str = "/bin/busybox";
const APPLETS: [&str; 17] = [
    "sh", "cat", "id", "ls", "mkdir", "sleep", "env", "echo", "grep", "readlink", "setsid", "kill", "basename", "wc",
    "true", "rm", "head",
];
const SOURCE: &str = "/codebuild/output/src1/src";

fn possible() -> bool {
    let unshare = || Command::new("unshare").args(["--fork", "--pid", "--mount", "true"]).status();
    Path::new(BUSYBOX).exists() && unshare().is_ok_and(|status| status.success())
}

/// Turns the build into one whose root is the build's own folder.
fn contained(mut build: Build) -> Build {
    let root = build.folder.path();
    for folder in ["bin", "proc", "dev", "tmp", "etc", "root", "codebuild/readonly", "codebuild/output/src1/src"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::copy(BUSYBOX, root.join("bin/busybox")).unwrap();
    for applet in APPLETS {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\nbuilder:x:1234:1235::/:/bin/sh\n").unwrap();
    fs::write(root.join("etc/group"), "root:x:0:\nbuilder:x:1235:\nextra:x:777:builder\n").unwrap();
    fs::write(root.join("dev/null"), "").unwrap();
    fs::copy(program(), root.join("codebuild/readonly/buildyard")).unwrap();
    build.plan.source_directory = SOURCE.into();
    build.plan.workspace = "/codebuild/output".into();
    build.plan.state_directory = "/codebuild/output/tmp".into();
    build.plan.in_container = true;
    build
}

/// `mounts` is shell text; `$1` is the root.
fn start(build: &Build, mounts: &str) -> Child {
    let root = build.folder.path();
    fs::write(root.join("control/plan.json"), serde_json::to_vec(&build.plan).unwrap()).unwrap();
    let script = format!(
        "set -e; mount -t proc proc \"$1/proc\"; mount --bind /dev/null \"$1/dev/null\"; {mounts}\ncd /; exec chroot \"$1\" \
         /bin/env -i PATH=/bin USER_OF_IMAGE=x /codebuild/readonly/buildyard runner --control /control"
    );
    let mut command = Command::new("unshare");
    command.args(["--fork", "--pid", "--mount", "--kill-child", "sh", "-c", &script, "sh"]).arg(root);
    command.stdin(Stdio::null()).spawn().unwrap()
}

fn run(build: Build) -> Ran {
    let build = contained(build);
    let code = start(&build, "").wait().unwrap().code();
    build.ran(code)
}

#[test]
fn an_image_with_busybox_only_is_enough() {
    if !possible() {
        return;
    }
    let ran = run(of_phases(vec![
        phase(Phase::Install, &["A='it'\"'\"'s' && mkdir sub && cd sub", "exit 0"]),
        phase(Phase::Build, &["echo \"$A|$HOME|$PATH|$PPID|$(basename $PWD)\"", "id -u; echo $USER_OF_IMAGE"]),
        phase(Phase::PostBuild, &["trap 'echo bye' EXIT; B=1", "echo $B; no-such-thing"]),
    ]));
    assert_eq!(ran.code, Some(0));
    let output = ran.output();
    assert!(output.starts_with("it's|/root|/bin:/codebuild/user/bin|1|sub\n0\nx\nbye\n1\n"), "{}", ran.log);
    assert!(output.contains("/codebuild/output/tmp/script.sh: line 4: no-such-thing: not found"), "{}", ran.log);
    assert!(ran.context(Phase::PostBuild).message.ends_with("exit status 127"));
}

#[test]
fn the_helper_programs_are_where_codebuild_has_them() {
    if !possible() {
        return;
    }
    let ran = run(of(&[
        "echo > a.txt; codebuild-glob-search '*'; readlink /codebuild/user/bin/codebuild-breakpoint; codebuild-breakpoint",
    ]));
    assert_eq!(ran.output(), "a.txt\n/codebuild/readonly/buildyard\n", "{}", ran.log);
}

#[test]
fn orphans_are_reaped() {
    if !possible() {
        return;
    }
    let ran = run(of(&[
        "for i in 1 2 3; do (setsid sh -c true >/dev/null 2>&1 &) ; done; sleep 0.3",
        "grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l",
    ]));
    assert_eq!(ran.output(), "0\n", "{}", ran.log);
}

#[test]
fn another_user_works_in_the_source_and_root_goes_on_behind_it() {
    if !possible() {
        return;
    }
    let mut first = phase(
        Phase::Install,
        &[
            "id -u; id -G; A=1; echo mine > file; cd sub 2>/dev/null || mkdir sub; cd sub",
            "echo \"$A $(basename $PWD) $HOME\"",
        ],
    );
    first.run_as = Some("builder".into());
    let ran = run(of_phases(vec![
        first,
        phase(Phase::Build, &["cat ../file; id -u; cat /codebuild/output/tmp/env.sh | grep ^export.A="]),
    ]));
    assert_eq!(ran.output(), "1234\n1235 777\n1 sub /root\nmine\n0\nexport A='1'\n", "{}", ran.log);
}

#[test]
fn artifacts_are_globbed_inside_and_reached_from_outside() {
    if !possible() {
        return;
    }
    let ran = run(of(&["mkdir -p out; echo text > out/a; echo cfg > /etc/made"])
        .artifact(Packaging::None, files(&["out/*", "/etc/made"])));
    let listed = ran.listed(&ran.packed()[0]);
    let paths: Vec<_> = listed.iter().map(|file| (file.path.as_str(), file.name.as_str())).collect();
    assert_eq!(paths, [("0/0", "etc/made"), ("src1/src/out/a", "out/a")]);
}

#[test]
fn the_images_own_recipes_select_a_runtime() {
    if !possible() {
        return;
    }
    let mut install = phase(Phase::Install, &["echo \"$NODE_HOME $ANY\""]);
    install.runtime_versions = vec![("nodejs".into(), "18.x".into()), ("go".into(), "$GO".into())];
    let build = contained(of_phases(vec![install])).variable("GO", "1.99");
    let config = build.folder.path().join("codebuild/image/config");
    fs::create_dir_all(&config).unwrap();
    let text = "runtimes:\n  nodejs:\n    versions:\n      18: {commands: [export NODE_HOME=/n/18]}\n  go:\n    versions:\n      \
                default:\n        commands:\n          - ANY=$VERSION\n";
    fs::write(config.join("runtimes.yml"), text).unwrap();
    let code = start(&build, "").wait().unwrap().code();
    let ran = build.ran(code);
    assert_eq!(ran.output(), "/n/18 1.99\n", "{}", ran.log);
    let begins = "> Entering phase INSTALL\n> Selecting 'nodejs' runtime version '18' based on manual selections...\n\
                  > Selecting 'go' runtime version '1.99' based on manual selections...\n> Running command export NODE_HOME=/n/18\n";
    assert!(ran.log.starts_with(begins), "{}", ran.log);

    let mut install = phase(Phase::Install, &["echo never"]);
    install.runtime_versions = vec![("nodejs".into(), "99".into())];
    let build = contained(of_phases(vec![install]));
    fs::create_dir_all(build.folder.path().join("codebuild/image/config")).unwrap();
    fs::write(build.folder.path().join("codebuild/image/config/runtimes.yml"), text).unwrap();
    let code = start(&build, "").wait().unwrap().code();
    let context = build.ran(code).context(Phase::Install);
    assert_eq!(context.status_code, "YAML_FILE_ERROR");
}

#[test]
fn a_full_disk_has_its_own_exit_codes_and_is_a_fault() {
    if !possible() {
        return;
    }
    let journal_full = contained(of(&["head -c 1000000 /bin/busybox; echo never"]));
    let small = "cp -r \"$1/control\" \"$1/saved\"; mount -t tmpfs -o size=200k tmpfs \"$1/control\"; cp \"$1/saved/\"* \"$1/control\"";
    assert_eq!(start(&journal_full, small).wait().unwrap().code(), Some(74));

    let long = format!("# {}", "x".repeat(300_000));
    let state_full = contained(of(&["true", &long]));
    let small = "mkdir \"$1/codebuild/output/tmp\"; mount -t tmpfs -o size=200k tmpfs \"$1/codebuild/output/tmp\"";
    let code = start(&state_full, small).wait().unwrap().code();
    let ran = state_full.ran(code);
    assert_eq!(ran.code, Some(73));
    assert_eq!(ran.phases().last(), Some(&(Phase::Build, PhaseStatus::Fault)));
    assert!(ran.context(Phase::Build).message.contains("No space left on device"), "{}", ran.log);
}

#[test]
fn the_init_stops_when_it_is_told_to() {
    if !possible() {
        return;
    }
    let build = contained(of(&["echo > started; setsid sleep 1000 & sleep 1000"]));
    let mut child = start(&build, "");
    let marker = build.folder.path().join("codebuild/output/src1/src/started");
    let begun = Instant::now();
    while !marker.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the command did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
    let init: i32 = children.split_whitespace().next().unwrap().parse().unwrap();
    kill(Pid::from_raw(init), Signal::SIGTERM).unwrap();
    let begun = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(begun.elapsed() < Duration::from_millis(4500), "it had to be killed");
}
