//! How stages move between the versions of a secret. Pure.
//!
//! Invariant: a stage is at one version at most, and as soon as there is a version one of them is AWSCURRENT.

use super::error::SecretError;
use super::record::{CURRENT, PREVIOUS, SecretRecord};
use super::rules;
use std::collections::BTreeSet;

/// Versions that are kept. Those without stages go first, the oldest of them before others.
const VERSIONS: usize = 100;

/// Puts a stage at the version `to`, from wherever it was. The version that was current becomes the previous one.
pub(super) fn attach(record: &mut SecretRecord, stage: &str, to: &str) {
    let from = record.holder(stage).map(|version| version.id.clone());
    if from.as_deref() == Some(to) {
        return;
    }
    for version in &mut record.versions {
        version.stages.remove(stage);
        if version.id == to {
            version.stages.insert(stage.to_owned());
        }
    }
    if let Some(from) = from.filter(|_| stage == CURRENT) {
        attach(record, PREVIOUS, &from);
    }
}

/// Moves or removes a stage on request.
pub(super) fn update(
    record: &mut SecretRecord,
    stage: &str,
    remove_from: Option<&str>,
    move_to: Option<&str>,
) -> Result<(), SecretError> {
    if remove_from.is_none() && move_to.is_none() {
        return Err(SecretError::parameter("give RemoveFromVersionId or MoveToVersionId, or both"));
    }
    let there = [remove_from, move_to].into_iter().flatten();
    for id in there {
        record.version(id).ok_or_else(|| SecretError::NoValue(format!("VersionId: {id}")))?;
    }
    let holder = record.holder(stage).map(|version| version.id.clone());
    if let Some(from) = remove_from.filter(|from| holder.as_deref() != Some(*from)) {
        return Err(SecretError::Parameter(format!("the staging label {stage} is not at version {from}")));
    }
    match (move_to, holder) {
        (Some(to), Some(holder)) if holder != to && remove_from.is_none() => Err(SecretError::Parameter(format!(
            "the staging label {stage} is at version {holder}: name it in RemoveFromVersionId to move it"
        ))),
        (Some(to), _) => {
            attach(record, stage, to);
            record.version(to).map_or(Ok(()), |version| rules::check_stages(&version.stages))
        }
        (None, _) if stage == CURRENT => {
            Err(SecretError::parameter("AWSCURRENT can only be moved to another version, not removed"))
        }
        (None, _) => {
            record.versions.iter_mut().for_each(|version| _ = version.stages.remove(stage));
            Ok(())
        }
    }
}

/// Takes away versions that are too many, and gives their ids.
pub(super) fn prune(record: &mut SecretRecord) -> Result<Vec<String>, SecretError> {
    let excess = record.versions.len().saturating_sub(VERSIONS);
    let stageless = record.versions.iter().filter(|version| version.stages.is_empty());
    let gone: Vec<String> = stageless.take(excess).map(|version| version.id.clone()).collect();
    if gone.len() < excess {
        return Err(SecretError::Limit(format!("a secret has at most {VERSIONS} versions with staging labels")));
    }
    let ids: BTreeSet<&String> = gone.iter().collect();
    record.versions.retain(|version| !ids.contains(&version.id));
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored_secrets::SecretVersion;
    use buildyard_model::Timestamp;
    use std::collections::BTreeMap;

    fn record(versions: &[(&str, &[&str])]) -> SecretRecord {
        let version = |(id, stages): &(&str, &[&str])| SecretVersion {
            id: (*id).to_owned(),
            stages: stages.iter().map(|stage| (*stage).to_owned()).collect(),
            created_at: Timestamp(0),
            binary: false,
        };
        SecretRecord {
            name: "s".into(),
            suffix: "AAAAAA".into(),
            description: None,
            key_id: None,
            tags: BTreeMap::new(),
            created_at: Timestamp(0),
            changed_at: Timestamp(0),
            accessed_at: None,
            deletion: None,
            versions: versions.iter().map(version).collect(),
        }
    }

    fn stages(record: &SecretRecord) -> Vec<String> {
        let of = |version: &SecretVersion| version.stages.iter().cloned().collect::<Vec<_>>().join("+");
        record.versions.iter().map(of).collect()
    }

    #[test]
    fn the_version_that_was_current_becomes_the_previous_one() {
        let mut secret = record(&[("1", &[PREVIOUS]), ("2", &[CURRENT, "own"]), ("3", &["AWSPENDING"])]);
        update(&mut secret, CURRENT, Some("2"), Some("3")).unwrap();
        assert_eq!(stages(&secret), ["", "AWSPREVIOUS+own", "AWSCURRENT+AWSPENDING"]);
        update(&mut secret, "AWSPENDING", Some("3"), None).unwrap();
        assert_eq!(stages(&secret), ["", "AWSPREVIOUS+own", "AWSCURRENT"]);
    }

    #[test]
    fn a_stage_is_moved_only_from_where_it_is_said_to_be() {
        let before = record(&[("1", &[CURRENT]), ("2", &[])]);
        let mut secret = before.clone();
        let mut refused = |stage, from, to| update(&mut secret, stage, from, to).unwrap_err().to_string();
        assert!(refused(CURRENT, None, Some("2")).contains("RemoveFromVersionId"));
        assert!(refused(CURRENT, Some("2"), Some("1")).contains("not at version 2"));
        assert!(refused(CURRENT, Some("1"), None).contains("not removed"));
        assert!(refused(CURRENT, None, Some("9")).contains("VersionId: 9"));
        assert!(refused(CURRENT, None, None).contains("or both"));
        assert_eq!(secret, before);
    }

    #[test]
    fn the_oldest_versions_without_stages_go_first() {
        let ids: Vec<String> = (0..102).map(|id| id.to_string()).collect();
        let mut versions: Vec<(&str, &[&str])> = ids.iter().map(|id| (id.as_str(), &[][..])).collect();
        versions[0].1 = &["own"];
        versions[101].1 = &[CURRENT];
        let mut secret = record(&versions);
        assert_eq!(prune(&mut secret).unwrap(), ["1", "2"]);
        assert!(secret.version("0").is_some() && secret.versions.len() == 100);
    }
}
