//! Builds in temporary directories, walked by the real program.

use buildyard_buildspec::{ArtifactFiles, Artifacts, Buildspec, Env, PhaseSpec, Proxy, Shell, Version};
use buildyard_model::{Packaging, Phase, PhaseContext, PhaseStatus};
use buildyard_runner::journal::{Event, PackedArtifact, PackedFile, PackedRoot, Reader, Record};
use buildyard_runner::plan::{ArtifactOrder, JOURNAL_FILE, OUTPUT_DIRECTORY, PLAN_FILE, Plan};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A build that is about to run.
pub(crate) struct Build {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) plan: Plan,
    /// On top of the test's own variables.
    pub(crate) inherited: Vec<(&'static str, &'static str)>,
}

/// A build that ran.
pub(crate) struct Ran {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) code: Option<i32>,
    pub(crate) events: Vec<Event>,
    /// The log's records: time in milliseconds, bytes.
    pub(crate) records: Vec<(i64, Vec<u8>)>,
    /// The whole log as it is.
    pub(crate) bytes: Vec<u8>,
    /// What the log says before the output of commands of several lines.
    announcements: Vec<String>,
    /// The log with each `[Container] <time> ` cut down to `> `.
    pub(crate) log: String,
}

pub(crate) fn phase(phase: Phase, commands: &[&str]) -> PhaseSpec {
    PhaseSpec {
        phase,
        run_as: None,
        on_failure: None,
        runtime_versions: Vec::new(),
        commands: commands.iter().map(|command| (*command).to_owned()).collect(),
        finally: Vec::new(),
    }
}

pub(crate) fn files(patterns: &[&str]) -> ArtifactFiles {
    ArtifactFiles { files: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(), ..Default::default() }
}

/// As an agent makes it: nobody else comes in.
pub(crate) fn private_folder(within: &Path) -> tempfile::TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix("buildyard-runner-").permissions(fs::Permissions::from_mode(0o700)).tempdir_in(within).unwrap()
}

/// A build of these phases on the host.
pub(crate) fn of_phases(phases: Vec<PhaseSpec>) -> Build {
    let folder = private_folder(&std::env::temp_dir());
    let source = folder.path().join("work/src");
    fs::create_dir_all(&source).unwrap();
    fs::create_dir_all(folder.path().join("control")).unwrap();
    let buildspec = Buildspec {
        version: Version::V0_2,
        run_as: None,
        env: Env::default(),
        proxy: Proxy::default(),
        batch: None,
        phases,
        reports: Vec::new(),
        artifacts: None,
        cache: None,
    };
    let plan = Plan {
        buildspec,
        environment: BTreeMap::new(),
        secrets_file: None,
        git_credentials_file: None,
        source_directory: source,
        workspace: folder.path().join("work"),
        state_directory: folder.path().join("state"),
        artifacts: Vec::new(),
        log_limit_bytes: None,
        debug_session: false,
        in_container: false,
    };
    Build { folder, plan, inherited: Vec::new() }
}

/// A build of one BUILD phase.
pub(crate) fn of(commands: &[&str]) -> Build {
    of_phases(vec![phase(Phase::Build, commands)])
}

impl Build {
    pub(crate) fn bash(mut self) -> Self {
        self.plan.buildspec.env.shell = Shell::Bash;
        self
    }

    /// With the paths of the folder that it has now.
    pub(crate) fn moved(mut self) -> Self {
        let source = self.folder.path().join("work/src");
        fs::create_dir_all(&source).unwrap();
        fs::create_dir_all(self.folder.path().join("control")).unwrap();
        self.plan.source_directory = source;
        self.plan.workspace = self.folder.path().join("work");
        self.plan.state_directory = self.folder.path().join("state");
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.plan.environment.insert(name.into(), value.into());
        self
    }

    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        let path = self.folder.path().join("secrets.json");
        let mut all: BTreeMap<String, String> =
            fs::read(&path).ok().map(|text| serde_json::from_slice(&text).unwrap()).unwrap_or_default();
        all.insert(name.into(), value.into());
        fs::write(&path, serde_json::to_vec(&all).unwrap()).unwrap();
        self.plan.secrets_file = Some(path);
        self
    }

    pub(crate) fn source(&self) -> &Path {
        &self.plan.source_directory
    }

    pub(crate) fn write(self, name: &str, text: &str) -> Self {
        let path = self.source().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Wants the primary artifact.
    pub(crate) fn artifact(mut self, packaging: Packaging, files: ArtifactFiles) -> Self {
        self.plan.artifacts.push(ArtifactOrder { identifier: None, packaging, override_name: true });
        self.plan.buildspec.artifacts = Some(Artifacts { primary: files, secondary: Vec::new() });
        self
    }

    pub(crate) fn start(&self) -> Child {
        self.put_plan();
        self.runner(&[])
    }

    /// Puts the plan in its place, as an agent does.
    pub(crate) fn put_plan(&self) {
        let draft = self.folder.path().join(PLAN_FILE);
        fs::write(&draft, serde_json::to_vec(&self.plan).unwrap()).unwrap();
        fs::rename(draft, self.folder.path().join("control").join(PLAN_FILE)).unwrap();
    }

    pub(crate) fn runner(&self, flags: &[&str]) -> Child {
        let control = self.folder.path().join("control");
        let mut command = Command::new(program());
        command.args(["runner", "--control"]).arg(&control).args(flags).stdin(Stdio::null());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.envs(self.inherited.iter().copied()).spawn().unwrap()
    }

    pub(crate) fn run(self) -> Ran {
        let code = self.start().wait().unwrap().code();
        self.ran(code)
    }

    pub(crate) fn ran(self, code: Option<i32>) -> Ran {
        let journal = self.folder.path().join("control").join(JOURNAL_FILE);
        let mut reader = Reader::open(&journal, 0).unwrap();
        let (mut events, mut records) = (Vec::new(), Vec::new());
        loop {
            let batch = reader.read_batch(1 << 20).unwrap();
            if batch.is_empty() {
                break;
            }
            for record in batch {
                match record {
                    Record::Log { time, bytes } => records.push((time.0, bytes)),
                    Record::Event(event) => events.push(event),
                }
            }
        }
        let bytes: Vec<u8> = records.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
        let text = String::from_utf8_lossy(&bytes);
        let log = text.split_inclusive('\n').map(shortened).collect();
        let phases = self.plan.buildspec.phases.iter();
        let commands = phases.flat_map(|spec| spec.commands.iter().chain(&spec.finally));
        let announcements = commands.map(|command| format!("> Running command {command}\n")).collect();
        Ran { folder: self.folder, code, events, records, log, bytes, announcements }
    }
}

/// `[Container] 2024/07/12 01:21:51.170731 text` → `> text`.
fn shortened(line: &str) -> String {
    match line.strip_prefix("[Container] ").and_then(|rest| rest.get(27..)) {
        Some(text) => format!("> {text}"),
        None => line.to_owned(),
    }
}

impl Ran {
    /// The output of all commands, without the runner's lines and the blank line behind each output.
    pub(crate) fn output(&self) -> String {
        let log = self.announcements.iter().fold(self.log.clone(), |log, text| log.replace(text.as_str(), ""));
        log.split_inclusive('\n').filter(|line| !line.starts_with("> ") && *line != "\n").collect()
    }

    /// Phases in order with their status.
    pub(crate) fn phases(&self) -> Vec<(Phase, PhaseStatus)> {
        let ends = self.events.iter().filter_map(|event| match event {
            Event::PhaseEnded { phase, status, .. } => Some((*phase, *status)),
            _ => None,
        });
        ends.collect()
    }

    pub(crate) fn context(&self, wanted: Phase) -> PhaseContext {
        let found = self.events.iter().find_map(|event| match event {
            Event::PhaseEnded { phase, context, .. } if *phase == wanted => Some(context.clone()),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("{wanted} did not end:\n{}", self.log))
    }

    /// Failed, and how many retries are asked for.
    pub(crate) fn finished(&self) -> (bool, u32) {
        match self.events.last() {
            Some(Event::Finished { failed, retry_limit }) => (*failed, *retry_limit),
            other => panic!("the journal ends with {other:?}:\n{}", self.log),
        }
    }

    pub(crate) fn exported(&self) -> Vec<(String, String)> {
        let found = self.events.iter().find_map(|event| match event {
            Event::Exported { variables } => Some(variables.clone()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    pub(crate) fn packed(&self) -> Vec<PackedArtifact> {
        let packed = self.events.iter().filter_map(|event| match event {
            Event::Packed(packed) => Some(packed.clone()),
            _ => None,
        });
        packed.collect()
    }

    pub(crate) fn listed(&self, artifact: &PackedArtifact) -> Vec<PackedFile> {
        let text = fs::read_to_string(self.output_directory().join(&artifact.list)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn located(&self, file: &PackedFile) -> PathBuf {
        match file.root {
            PackedRoot::Workspace => self.folder.path().join("work").join(&file.path),
            PackedRoot::Output => self.output_directory().join(&file.path),
        }
    }

    pub(crate) fn output_directory(&self) -> PathBuf {
        self.folder.path().join("control").join(OUTPUT_DIRECTORY)
    }
}

/// The example `runner`, which cargo builds together with the tests.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("examples/runner");
    assert!(program.exists(), "{} is missing: cargo test -p buildyard-runner builds it", program.display());
    program
}
