use crate::rig::{ACCOUNT, ARN, Rig, least};
use buildyard_aws_protocol::{ApiError, Caller, Permissions};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// Writes down what is asked for, and denies what is named.
#[derive(Debug, Default)]
struct Asked {
    of: Mutex<Vec<String>>,
    denied: Option<String>,
}

impl Permissions for Asked {
    fn check(&self, action: &str, resource: &str) -> Result<(), ApiError> {
        self.of.lock().unwrap().push(format!("{action} {}", resource.replace(ARN, "…")));
        if self.denied.as_deref() == Some(resource) { Err(ApiError::access_denied("no")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn actions_are_asked_for_on_the_resources_that_they_touch() {
    let rig = Rig::new();
    let (project, group) = (format!("{ARN}:project/demo"), format!("{ARN}:report-group/tests"));
    let report = format!("{ARN}:report/tests:1");
    let import = json!({"serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "t"});
    let export = json!({"exportConfigType": "NO_EXPORT"});
    let report_group = json!({"name": "tests", "type": "TEST", "exportConfig": export});
    for (operation, input, resources) in [
        ("CreateProject", least("demo"), vec!["…:project/demo"]),
        ("UpdateProject", json!({"name": "demo"}), vec!["…:project/demo"]),
        (
            "BatchGetProjects",
            json!({"names": ["demo", project, "b2"]}),
            vec!["…:project/demo", "…:project/demo", "…:project/b2"],
        ),
        ("InvalidateProjectCache", json!({"projectName": "demo"}), vec!["…:project/demo"]),
        (
            "UpdateProjectVisibility",
            json!({"projectArn": project, "projectVisibility": "PRIVATE"}),
            vec!["…:project/demo"],
        ),
        ("ListProjects", json!({}), vec!["*"]),
        ("PutResourcePolicy", json!({"resourceArn": project, "policy": "{}"}), vec!["…:project/demo"]),
        ("GetResourcePolicy", json!({"resourceArn": project}), vec!["…:project/demo"]),
        ("DeleteResourcePolicy", json!({"resourceArn": project}), vec!["…:project/demo"]),
        ("CreateReportGroup", report_group, vec!["…:report-group/tests"]),
        ("UpdateReportGroup", json!({"arn": group}), vec!["…:report-group/tests"]),
        ("BatchGetReportGroups", json!({"reportGroupArns": [group]}), vec!["…:report-group/tests"]),
        ("DeleteReportGroup", json!({"arn": group}), vec!["…:report-group/tests"]),
        ("BatchGetReports", json!({"reportArns": [report]}), vec!["…:report-group/tests"]),
        ("DeleteReport", json!({"arn": report}), vec!["…:report-group/tests"]),
        ("ListReportsForReportGroup", json!({"reportGroupArn": group}), vec!["…:report-group/tests"]),
        ("ListReports", json!({}), vec!["*"]),
        ("ListReportGroups", json!({}), vec!["*"]),
        ("ImportSourceCredentials", import, vec!["*"]),
        ("ListSourceCredentials", json!({}), vec!["*"]),
        ("DeleteSourceCredentials", json!({"arn": format!("{ARN}:token/github")}), vec!["*"]),
        ("DeleteProject", json!({"name": project}), vec!["…:project/demo"]),
    ] {
        let asked = Arc::new(Asked::default());
        let caller = Caller { permissions: asked.clone(), ..Caller::root(ACCOUNT) };
        // Whether it is done as well does not matter here.
        let _ = rig.api.answer(&rig.context, &caller, operation, input).await;
        let expected: Vec<String> =
            resources.into_iter().map(|resource| format!("codebuild:{operation} {resource}")).collect();
        assert_eq!(*asked.of.lock().unwrap(), expected, "{operation}");
    }
}

#[tokio::test]
async fn one_resource_denied_denies_all() {
    let rig = Rig::new();
    rig.create("open").await;
    let asked = Asked { denied: Some(format!("{ARN}:project/closed")), ..Asked::default() };
    let caller = Caller { permissions: Arc::new(asked), ..Caller::root(ACCOUNT) };
    let names = json!({"names": ["open", format!("{ARN}:project/closed")]});
    let refused = rig.api.answer(&rig.context, &caller, "BatchGetProjects", names).await.unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
}

#[tokio::test]
async fn a_project_lends_its_reach_to_nobody() {
    let rig = Rig::new();
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
    let asked = Asked { denied: Some(secret.to_owned()), ..Asked::default() };
    let caller = Caller { permissions: Arc::new(asked), ..Caller::root(ACCOUNT) };
    let mut project = least("demo");
    project["environment"]["environmentVariables"] =
        json!([{"name": "S", "value": format!("{secret}:password"), "type": "SECRETS_MANAGER"}]);
    let refused = rig.api.answer(&rig.context, &caller, "CreateProject", project.clone()).await.unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
    assert_eq!(rig.call("ListProjects", json!({})).await, json!({"projects": []}));
    rig.create("demo").await;
    for (operation, input) in [
        ("UpdateProject", json!({"name": "demo", "environment": project["environment"]})),
        (
            "StartBuild",
            json!({"projectName": "demo",
                "environmentVariablesOverride": project["environment"]["environmentVariables"]}),
        ),
    ] {
        let refused = rig.api.answer(&rig.context, &caller, operation, input).await.unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException", "{operation}");
    }
}

#[tokio::test]
async fn a_role_that_is_somebodys_is_passed_on_only_by_whoever_may() {
    let rig = Rig::new();
    rig.context.service.create_user("deployer").await.unwrap();
    rig.create("demo").await;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/service-role/deployer");
    let asked = Arc::new(Asked { denied: Some(role.clone()), ..Asked::default() });
    let caller = Caller { permissions: asked.clone(), ..Caller::root(ACCOUNT) };
    let mut project = least("other");
    project["serviceRole"] = json!("deployer");
    for (operation, input) in [
        ("CreateProject", project),
        ("UpdateProject", json!({"name": "demo", "serviceRole": role})),
        ("StartBuild", json!({"projectName": "demo", "serviceRoleOverride": "deployer"})),
    ] {
        let refused = rig.api.answer(&rig.context, &caller, operation, input).await.unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException", "{operation}");
        assert_eq!(asked.of.lock().unwrap().pop(), Some(format!("iam:PassRole {role}")), "{operation}");
    }
    assert_eq!(rig.call("ListProjects", json!({})).await, json!({"projects": ["demo"]}));
    let unchanged = rig.project("demo").await["serviceRole"].take();
    assert_eq!(unchanged, format!("arn:aws:iam::{ACCOUNT}:role/service-role/builder"));
    let nobodys = json!({"name": "demo", "serviceRole": "codebuild"});
    rig.api.answer(&rig.context, &caller, "UpdateProject", nobodys).await.unwrap();
}
