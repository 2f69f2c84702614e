//! Where a build's log can be found by others: its group and stream, and its object in S3. Pure: the job says it all.

use crate::job::JobSpec;
use crate::project::LogsConfig;

const DISABLED: &str = "DISABLED";
const ENABLED: &str = "ENABLED";

/// The CloudWatch Logs names of a build's log (reference 14.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogNames {
    /// `/aws/codebuild/<project>`, or what the project says.
    pub group: String,
    /// `<build uuid>`, or `<stream name of the project>/<build uuid>`.
    pub stream: String,
}

impl LogNames {
    /// The names of the log of this build; none when its project wants no CloudWatch log.
    pub fn of(job: &JobSpec) -> Option<Self> {
        let config = config(job).and_then(|logs| logs.cloud_watch_logs.as_ref());
        if config.is_some_and(|config| config.status == DISABLED) {
            return None;
        }
        let uuid = job.id.uuid();
        let group = config.and_then(|config| given(config.group_name.as_deref()));
        let stream = config.and_then(|config| given(config.stream_name.as_deref()));
        Some(Self {
            group: group.map_or_else(|| format!("/aws/codebuild/{}", job.id.project()), str::to_owned),
            stream: stream.map_or_else(|| uuid.to_string(), |stream| format!("{stream}/{uuid}")),
        })
    }
}

/// The object that a build's log is put into at the build's end (reference 14.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3LogObject {
    pub bucket: String,
    /// `[<prefix>/]<build uuid>.gz`.
    pub key: String,
}

impl S3LogObject {
    /// The place of the log of this build; none when its project wants no log in S3 or names no bucket.
    pub fn of(job: &JobSpec) -> Option<Self> {
        let config = config(job)?.s3_logs.as_ref().filter(|config| config.status == ENABLED)?;
        let location = config.location.as_deref()?;
        let location = location.split_once(":s3:::").map_or(location, |(_, place)| place);
        let (bucket, prefix) = location.split_once('/').unwrap_or((location, ""));
        let uuid = job.id.uuid();
        let prefix = prefix.trim_end_matches('/');
        let key = if prefix.is_empty() { format!("{uuid}.gz") } else { format!("{prefix}/{uuid}.gz") };
        (!bucket.is_empty()).then(|| Self { bucket: bucket.to_owned(), key })
    }
}

fn config(job: &JobSpec) -> Option<&LogsConfig> {
    job.project.as_ref()?.logs_config.as_ref()
}

/// A name that CloudWatch Logs would take; any other is as good as none.
fn given(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !name.is_empty() && !name.contains([':', '*']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "00000000-0000-4000-8000-000000000001";

    fn job(logs_config: &str) -> JobSpec {
        let text = format!(
            r#"{{"id":"app:{UUID}","buildNumber":1,"initiator":"x","submittedAt":0,"source":{{"type":"NO_SOURCE"}},
            "environment":{{"image":"x"}},"timeoutSeconds":1,"queuedTimeoutSeconds":1,"region":"r","account":"a",
            "project":{{"name":"app","logsConfig":{logs_config}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn names(logs_config: &str) -> Option<(String, String)> {
        LogNames::of(&job(logs_config)).map(|names| (names.group, names.stream))
    }

    #[test]
    fn a_log_is_in_its_projects_group_unless_the_project_says_otherwise() {
        let project = "/aws/codebuild/app".to_owned();
        for plain in ["null", "{}", r#"{"cloudWatchLogs":{"status":"ENABLED"}}"#] {
            assert_eq!(names(plain), Some((project.clone(), UUID.to_owned())), "{plain}");
        }
        let both = r#"{"cloudWatchLogs":{"status":"ENABLED","groupName":"g","streamName":"s"}}"#;
        assert_eq!(names(both), Some(("g".to_owned(), format!("s/{UUID}"))));
        let group = r#"{"cloudWatchLogs":{"status":"ENABLED","groupName":"g"}}"#;
        assert_eq!(names(group), Some(("g".to_owned(), UUID.to_owned())));
        let bad = r#"{"cloudWatchLogs":{"status":"ENABLED","groupName":"a:b","streamName":""}}"#;
        assert_eq!(names(bad), Some((project, UUID.to_owned())));
        assert_eq!(names(r#"{"cloudWatchLogs":{"status":"DISABLED","groupName":"g"}}"#), None);
    }

    #[test]
    fn a_log_goes_to_s3_where_the_project_says() {
        let place = |location: &str| {
            let logs = format!(r#"{{"s3Logs":{{"status":"ENABLED","location":"{location}"}}}}"#);
            S3LogObject::of(&job(&logs)).map(|object| format!("{} {}", object.bucket, object.key))
        };
        assert_eq!(place("b").unwrap(), format!("b {UUID}.gz"));
        assert_eq!(place("b/logs/of/app/").unwrap(), format!("b logs/of/app/{UUID}.gz"));
        assert_eq!(place("arn:aws:s3:::b/logs").unwrap(), format!("b logs/{UUID}.gz"));
        assert_eq!(place(""), None);
        assert_eq!(S3LogObject::of(&job(r#"{"s3Logs":{"status":"DISABLED","location":"b"}}"#)), None);
        assert_eq!(S3LogObject::of(&job("null")), None);
    }
}
