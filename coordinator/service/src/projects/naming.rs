//! ARNs of projects, report groups and fleets, and the names in them; roles by ARN (reference 12.3, 12.4). Pure.

use crate::{Error, Settings};
use buildyard_model::{FleetName, ProjectName};

impl Settings {
    /// The ARN of a project. A text that is an ARN already stays what it is.
    pub fn project_arn(&self, name: &str) -> String {
        self.codebuild_arn("project", name)
    }

    /// The name of a project given by name or by ARN; `None` for an ARN of something else, another account or region,
    /// and for what cannot be a name. So no text but these two ever stands for a project.
    pub fn project_name<'a>(&self, text: &'a str) -> Option<&'a str> {
        let name = if text.starts_with("arn:") { self.named_by(text, "project")? } else { text };
        name.parse::<ProjectName>().ok().map(|_| name)
    }

    /// The ARN of a report group. A text that is an ARN already stays what it is.
    pub fn report_group_arn(&self, name: &str) -> String {
        self.codebuild_arn("report-group", name)
    }

    /// The name of a report group given by ARN; `None` for any other text.
    pub fn report_group_name<'a>(&self, arn: &'a str) -> Option<&'a str> {
        self.named_by(arn, "report-group").filter(|name| name.parse::<ProjectName>().is_ok())
    }

    /// The ARN of a fleet (reference 12.3).
    pub fn fleet_arn(&self, name: &str, id: &str) -> String {
        self.codebuild_arn("fleet", &format!("{name}:{id}"))
    }

    /// The name of a fleet given by ARN; `None` for any other text.
    pub fn fleet_of_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let (name, id) = self.named_by(arn, "fleet")?.split_once(':')?;
        (name.parse::<FleetName>().is_ok() && id.parse::<uuid::Uuid>().is_ok()).then_some(name)
    }

    /// The name of the group of a report given by ARN: `report/<group>:<uuid>`.
    pub fn group_of_report<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let (group, report) = self.named_by(arn, "report")?.split_once(':')?;
        (!group.is_empty() && !report.is_empty()).then_some(group)
    }

    fn codebuild_arn(&self, kind: &str, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        format!("arn:aws:codebuild:{}:{}:{kind}/{name}", self.region, self.account)
    }

    fn named_by<'a>(&self, arn: &'a str, kind: &str) -> Option<&'a str> {
        let rest = arn.strip_prefix("arn:aws:codebuild:")?.strip_prefix(self.region.as_str())?;
        let rest = rest.strip_prefix(':')?.strip_prefix(self.account.as_str())?.strip_prefix(':')?;
        rest.strip_prefix(kind)?.strip_prefix('/').filter(|name| !name.is_empty())
    }
}

/// A role's ARN: given as it is, or as a bare name, which is one of the roles made for services (reference 12.4).
pub(crate) fn role_arn(role: &str, settings: &Settings) -> Result<String, Error> {
    let account = &settings.account;
    if !role.starts_with("arn:") {
        let path =
            if role.contains('/') { role.trim_start_matches('/').to_owned() } else { format!("service-role/{role}") };
        return named(&path).map(|path| format!("arn:aws:iam::{account}:role/{path}")).ok_or_else(|| invalid(role));
    }
    let mut parts = role.splitn(6, ':');
    let (_, partition, service, region) = (parts.next(), parts.next(), parts.next(), parts.next());
    let (owner, resource) = (parts.next(), parts.next());
    let well_formed = partition.is_some_and(|partition| partition.starts_with("aws"))
        && service == Some("iam")
        && region == Some("")
        && resource.and_then(|resource| resource.strip_prefix("role/")).and_then(named).is_some();
    match owner {
        // CodeBuild's own words (reference 12.4).
        Some(owner) if well_formed && owner != account => {
            Err(Error::invalid("Invalid service role: Service role account ID does not match caller's account"))
        }
        Some(_) if well_formed => Ok(role.to_owned()),
        _ => Err(invalid(role)),
    }
}

fn invalid(role: &str) -> Error {
    Error::invalid(format!("Invalid service role: {role:?} is neither a role's ARN nor its name"))
}

/// A role's path and name, in the characters that IAM takes.
fn named(path: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_/".contains(c);
    let valid = path.len() <= 512 && path.chars().all(plain) && path.split('/').all(|part| !part.is_empty());
    valid.then_some(path)
}
