//! Cache, logs, network, file systems, batches, limits, key, tags (reference 5.3, 7.1, 9.5, 15).

use super::artifacts::place_problem;
use super::{check_identifiers, given, refuse};
use crate::{Error, Settings};
use buildyard_model::Project;
use buildyard_model::project::{LogsConfig, ProjectCache, ProjectFileSystemLocation, Tag, VpcConfig};
use std::collections::HashSet;

/// Tries after the first one, a bound of ours: the reference names none.
const MOST_RETRIES: i32 = 10;
/// Tags of one resource.
const MOST_TAGS: usize = 50;

pub(super) fn check(project: &Project, settings: &Settings) -> Result<(), Error> {
    project.cache.as_ref().map_or(Ok(()), check_cache)?;
    project.logs_config.as_ref().map_or(Ok(()), check_logs)?;
    project.vpc_config.as_ref().map_or(Ok(()), check_vpc)?;
    check_file_systems(project.file_system_locations.as_deref().unwrap_or_default())?;
    check_tags(&project.tags)?;
    if project.concurrent_build_limit.is_some_and(|limit| limit < 1) {
        return refuse("concurrentBuildLimit must be at least 1; -1 takes the limit away");
    }
    if project.auto_retry_limit.is_some_and(|limit| !(0..=MOST_RETRIES).contains(&limit)) {
        return refuse(format!("autoRetryLimit must be 0 to {MOST_RETRIES}"));
    }
    if let Some(batch) = &project.build_batch_config {
        if batch.timeout_in_mins.is_some_and(|minutes| !(5..=2160).contains(&minutes)) {
            return refuse("buildBatchConfig.timeoutInMins must be 5 to 2160");
        }
        let most = batch.restrictions.as_ref().and_then(|restrictions| restrictions.maximum_builds_allowed);
        if most.is_some_and(|most| most < 1) {
            return refuse("buildBatchConfig.restrictions.maximumBuildsAllowed must be at least 1");
        }
    }
    match project.encryption_key.as_deref() {
        Some(key) if !is_key(key, settings) => {
            refuse(format!("encryptionKey {key:?} is not a key's ARN, an alias's ARN, or alias/<name>"))
        }
        _ => Ok(()),
    }
}

/// A key or an alias by ARN, an alias by name, a key by its id.
fn is_key(key: &str, settings: &Settings) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_/:".contains(c);
    let named = match key.strip_prefix("arn:aws:kms:") {
        Some(rest) => {
            rest.split(':').next() == Some(settings.region.as_str())
                && (rest.contains(":key/") || rest.contains(":alias/"))
        }
        None => key.starts_with("alias/") || uuid::Uuid::parse_str(key).is_ok() || key.starts_with("mrk-"),
    };
    named && key.len() <= 2048 && key.chars().all(plain)
}

fn check_cache(cache: &ProjectCache) -> Result<(), Error> {
    match (cache.kind.as_str(), given(cache.location.as_deref())) {
        ("S3", None) => refuse("Invalid cache: a cache of type S3 needs a location: <bucket> or <bucket>/<prefix>"),
        ("S3", Some(location)) => match place_problem(location) {
            Some(problem) => refuse(format!("Invalid cache: {problem}")),
            None => Ok(()),
        },
        ("LOCAL", _) if cache.modes.as_ref().is_none_or(Vec::is_empty) => {
            refuse("Invalid cache: a cache of type LOCAL needs at least one mode")
        }
        _ => Ok(()),
    }
}

/// What CodeBuild refuses of a logs configuration beyond its model.
pub(crate) fn check_logs(logs: &LogsConfig) -> Result<(), Error> {
    if let Some(s3) = &logs.s3_logs {
        match given(s3.location.as_deref()) {
            None if s3.status == "ENABLED" => {
                return refuse("Invalid logs config: s3Logs needs a location when it is ENABLED: <bucket>[/<prefix>]");
            }
            Some(location) if let Some(problem) = place_problem(location) => {
                return refuse(format!("Invalid logs config: {problem}"));
            }
            _ => {}
        }
    }
    let Some(watch) = &logs.cloud_watch_logs else { return Ok(()) };
    // CloudWatch's own rules for names.
    let in_group = |c: char| c.is_ascii_alphanumeric() || "-_/.#".contains(c);
    let group = watch.group_name.as_deref().unwrap_or_default();
    let stream = watch.stream_name.as_deref().unwrap_or_default();
    if group.len() > 512 || !group.chars().all(in_group) {
        return refuse(format!("Invalid logs config: groupName {group:?} is not a log group's name"));
    }
    if stream.len() > 512 || stream.contains([':', '*']) || stream.chars().any(char::is_control) {
        return refuse(format!("Invalid logs config: streamName {stream:?} is not a log stream's name"));
    }
    Ok(())
}

fn check_vpc(vpc: &VpcConfig) -> Result<(), Error> {
    let some = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    if given(vpc.vpc_id.as_deref()).is_some() && some(&vpc.subnets) && some(&vpc.security_group_ids) {
        return Ok(());
    }
    refuse("Invalid vpc config: vpcId, at least one subnet and at least one security group are required")
}

fn check_file_systems(all: &[ProjectFileSystemLocation]) -> Result<(), Error> {
    check_identifiers("file system identifier", all.iter().map(|one| one.identifier.as_deref()))?;
    for one in all {
        let location = given(one.location.as_deref()).unwrap_or_default();
        if location.split_once(":/").is_none_or(|(host, _)| host.is_empty()) {
            return refuse(format!("file system location {location:?} is not of the form <dns name>:/<directory>"));
        }
        let mount = given(one.mount_point.as_deref()).unwrap_or_default();
        if !mount.starts_with('/') || mount.split('/').any(|part| part == "..") {
            return refuse(format!("file system mountPoint {mount:?} is not an absolute path"));
        }
    }
    Ok(())
}

/// Tags of a project or report group (reference 15).
pub(crate) fn check_tags(tags: &[Tag]) -> Result<(), Error> {
    if tags.len() > MOST_TAGS {
        return refuse(format!("there are {} tags; at most {MOST_TAGS} are taken", tags.len()));
    }
    let mut seen = HashSet::new();
    for tag in tags {
        let key = tag.key.as_deref().unwrap_or_default();
        if key.trim().is_empty() || key.ends_with(' ') {
            return refuse(format!("tag key {key:?} is empty or ends in a space"));
        }
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return refuse(format!("tag key {key} is reserved: keys must not begin with aws:"));
        }
        if !seen.insert(key) {
            return refuse(format!("tag key {key} stands twice; each must be unique"));
        }
    }
    Ok(())
}
