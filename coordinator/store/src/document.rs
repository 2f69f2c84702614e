//! Named documents: whatever the service keeps whole and finds by name. The store sees text and versions; what a
//! document means is the service's.

/// What a document is about. Names are stored: never rename one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// A project, by its name.
    Project,
    /// Credentials for a source provider, by the ARN.
    SourceCredential,
    /// A resource's policy, by the resource's ARN.
    ResourcePolicy,
    /// A report group, by its name.
    ReportGroup,
    /// A user, by name.
    User,
    /// An access key, by its id.
    AccessKey,
    /// A policy for users, by name.
    Policy,
    /// A parameter of the parameter store, by its name.
    Parameter,
    /// A secret, by its name.
    Secret,
    /// A group of logs, by its name.
    LogGroup,
    /// A build's log in a group, by `<group>:<stream>`.
    LogStream,
    /// A fleet made by CodeBuild's API, by its name.
    Fleet,
    /// A launch of an instance and what became of it, by its ticket.
    Launch,
    /// What happened in a fleet, by `<fleet>/<time>-<number>`.
    FleetEvent,
    /// That an agent was removed, by its credential's fingerprint.
    RemovedAgent,
    /// A day's usage, by `<day>/<project>/<fleet>/<compute type>`.
    Usage,
}

impl DocumentKind {
    /// The name it is stored under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::SourceCredential => "source-credential",
            Self::ResourcePolicy => "resource-policy",
            Self::ReportGroup => "report-group",
            Self::User => "user",
            Self::AccessKey => "access-key",
            Self::Policy => "policy",
            Self::Parameter => "parameter",
            Self::Secret => "secret",
            Self::LogGroup => "log-group",
            Self::LogStream => "log-stream",
            Self::Fleet => "fleet",
            Self::Launch => "launch",
            Self::FleetEvent => "fleet-event",
            Self::RemovedAgent => "removed-agent",
            Self::Usage => "usage",
        }
    }
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub key: String,
    /// From 1; one more with each change. A document that was removed and made again begins at 1.
    pub version: u64,
    /// JSON.
    pub body: String,
}

/// What must be true of a document for its change to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is none.
    Absent,
    /// It has this version.
    Version(u64),
    /// Nothing: it is made, replaced or removed, whatever there was.
    Anything,
}

/// A change of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: DocumentKind,
    pub key: String,
    pub expected: Expected,
    /// JSON; `None` removes the document.
    pub body: Option<String>,
}
