//! CodeBuild's `LogsLocation`: names of and links to a build's log (reference 12.4, 14.3).

use buildyard_model::project::{CloudWatchLogsConfig, S3LogsConfig};
use buildyard_model::{JobSpec, LogNames, Project, S3LogObject};
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogsLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deep_link: Option<String>,
    #[serde(rename = "s3DeepLink", skip_serializing_if = "Option::is_none")]
    s3_deep_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_arn: Option<String>,
    #[serde(rename = "s3LogsArn", skip_serializing_if = "Option::is_none")]
    s3_logs_arn: Option<String>,
    cloud_watch_logs: CloudWatchLogsConfig,
    #[serde(rename = "s3Logs")]
    s3_logs: S3LogsConfig,
}

/// Where the log is. `begun`: PROVISIONING has made the stream.
pub(super) fn location(job: &JobSpec, project: &Project, begun: bool) -> LogsLocation {
    let config = project.logs_config.clone().unwrap_or_default();
    let cloud_watch_logs = config
        .cloud_watch_logs
        .unwrap_or_else(|| CloudWatchLogsConfig { status: "ENABLED".to_owned(), ..CloudWatchLogsConfig::default() });
    let s3_logs =
        config.s3_logs.unwrap_or_else(|| S3LogsConfig { status: "DISABLED".to_owned(), ..S3LogsConfig::default() });
    let s3_logs = S3LogsConfig { encryption_disabled: s3_logs.encryption_disabled.or(Some(false)), ..s3_logs };
    let (region, account) = (&job.region, &job.account);
    let enabled = cloud_watch_logs.status != "DISABLED";
    let stream = LogNames::of(job).filter(|_| begun);
    let object = S3LogObject::of(job).filter(|_| begun).map(|object| format!("{}/{}", object.bucket, object.key));
    let shown = stream.as_ref().map_or(("null", "null"), |names| (names.group.as_str(), names.stream.as_str()));
    LogsLocation {
        deep_link: enabled.then(|| deep_link(region, stream.as_ref())),
        cloud_watch_logs_arn: enabled
            .then(|| format!("arn:aws:logs:{region}:{account}:log-group:{}:log-stream:{}", shown.0, shown.1)),
        s3_deep_link: object
            .as_ref()
            .map(|object| format!("https://s3.console.aws.amazon.com/s3/object/{object}?region={region}")),
        s3_logs_arn: object.map(|object| format!("arn:aws:s3:::{object}")),
        group_name: stream.as_ref().map(|names| names.group.clone()),
        stream_name: stream.map(|names| names.stream),
        cloud_watch_logs,
        s3_logs,
    }
}

/// The console's link. In its second form a slash is encoded twice.
fn deep_link(region: &str, names: Option<&LogNames>) -> String {
    let console = format!("https://console.aws.amazon.com/cloudwatch/home?region={region}");
    let encode = |name: &str| name.replace('/', "$252F");
    match names {
        None => format!("{console}#logEvent:group=null;stream=null"),
        Some(LogNames { group, stream }) => {
            format!("{console}#logsV2:log-groups/log-group/{}/log-events/{}", encode(group), encode(stream))
        }
    }
}
