//! What is allowed and what is not: reliability.md S22–S24, and the messages of denials.

use crate::policy::{Context, Decision, Denied, Policy, Request, decide, managed};

const PROJECT: &str = "arn:aws:codebuild:eu-central-1:111122223333:project/web";

fn policy(name: &str, statements: &str) -> Policy {
    Policy::parse(name, &format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap()
}

fn ask(policies: &[Policy], action: &str, resource: &str, context: &Context) -> Decision {
    decide(policies, &Request { action, resource, context })
}

fn is_allowed(statements: &str, action: &str, resource: &str) -> bool {
    let user = Context::new().with("aws:username", "anna");
    ask(&[policy("p", statements)], action, resource, &user).is_allowed()
}

#[test]
fn nothing_is_allowed_by_default() {
    assert_eq!(ask(&[], "codebuild:StartBuild", PROJECT, &Context::new()), Decision::DeniedByDefault);
    let other = r#"{"Effect":"Allow","Action":"codebuild:StopBuild","Resource":"*"}"#;
    assert!(!is_allowed(other, "codebuild:StartBuild", PROJECT));
}

#[test]
fn an_explicit_deny_wins_in_any_order() {
    let allow = policy("wide", r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let deny = policy("narrow", r#"{"Sid":"NoStart","Effect":"Deny","Action":"CodeBuild:Start*","Resource":"*"}"#);
    let expected = Decision::DeniedExplicitly { policy: "narrow".into(), sid: Some("NoStart".into()) };
    for policies in [[allow.clone(), deny.clone()], [deny, allow]] {
        assert_eq!(ask(&policies, "codebuild:StartBuild", PROJECT, &Context::new()), expected);
        assert!(ask(&policies, "codebuild:StopBuild", PROJECT, &Context::new()).is_allowed());
    }
}

#[test]
fn actions_ignore_case_and_resources_do_not() {
    let statement = r#"{"Effect":"Allow","Action":"codebuild:*BUILD","Resource":"arn:aws:codebuild:*:*:project/w*"}"#;
    assert!(is_allowed(statement, "CodeBuild:StartBuild", PROJECT));
    assert!(!is_allowed(statement, "codebuild:BatchGetBuilds", PROJECT));
    assert!(!is_allowed(statement, "codebuild:StartBuild", &PROJECT.replace("web", "Web")));
}

#[test]
fn exceptions_are_no_denials() {
    let but_delete = r#"{"Effect":"Allow","NotAction":["codebuild:Delete*"],"Resource":"*"}"#;
    assert!(is_allowed(but_delete, "codebuild:StartBuild", PROJECT));
    assert!(!is_allowed(but_delete, "codebuild:DeleteProject", PROJECT));
    let both = format!(r#"{but_delete},{{"Effect":"Allow","Action":"codebuild:DeleteProject","Resource":"*"}}"#);
    assert!(is_allowed(&both, "codebuild:DeleteProject", PROJECT));
    let but_web = format!(r#"{{"Effect":"Allow","Action":"*","NotResource":"{PROJECT}"}}"#);
    assert!(!is_allowed(&but_web, "codebuild:StartBuild", PROJECT));
    assert!(is_allowed(&but_web, "codebuild:StartBuild", &PROJECT.replace("web", "app")));
}

#[test]
fn a_variable_stands_for_plain_text() {
    let own = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*"}"#;
    let policies = [policy("own", own)];
    let as_user = |name: Option<&str>, resource: &str| {
        let context = name.map_or_else(Context::new, |name| Context::new().with("AWS:UserName", name));
        ask(&policies, "s3:GetObject", resource, &context).is_allowed()
    };
    assert!(as_user(Some("anna"), "arn:aws:s3:::b/anna/x"));
    assert!(!as_user(Some("anna"), "arn:aws:s3:::b/bert/x"));
    assert!(!as_user(Some("*"), "arn:aws:s3:::b/bert/x"));
    assert!(!as_user(None, "arn:aws:s3:::b//x") && !as_user(None, "arn:aws:s3:::b/${aws:username}/x"));
    let old = Policy::parse("old", &format!(r#"{{"Statement":{own}}}"#)).unwrap();
    let context = Context::new().with("aws:username", "anna");
    assert!(!ask(std::slice::from_ref(&old), "s3:GetObject", "arn:aws:s3:::b/anna/x", &context).is_allowed());
    assert!(ask(&[old], "s3:GetObject", "arn:aws:s3:::b/${aws:username}/x", &context).is_allowed());
    let star = own.replace("${aws:username}/*", "${*}${?}${$}${aws:team, 'all'}");
    assert!(is_allowed(&star, "s3:GetObject", "arn:aws:s3:::b/*?$all"));
    assert!(!is_allowed(&star, "s3:GetObject", "arn:aws:s3:::b/xx$all"));
}

#[test]
fn an_exception_without_value_opens_nothing() {
    let but_own = |effect| {
        let statement = format!(
            r#"{{"Effect":"{effect}","Action":"*","NotResource":"arn:aws:s3:::b/${{aws:username}}/*"}},
               {{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#
        );
        policy("p", &statement)
    };
    let resource = "arn:aws:s3:::b/anna/x";
    assert!(!ask(&[but_own("Allow")], "ssm:GetParameter", resource, &Context::new()).is_allowed());
    assert!(!ask(&[but_own("Deny")], "s3:GetObject", resource, &Context::new()).is_allowed());
    let anna = Context::new().with("aws:username", "anna");
    assert!(ask(&[but_own("Deny")], "s3:GetObject", resource, &anna).is_allowed());
}

#[test]
fn the_message_says_who_what_and_why() {
    let message = |decision: &Decision| {
        let user = "arn:aws:iam::111122223333:user/anna";
        Denied { user, action: "codebuild:StartBuild", resource: PROJECT, decision }.to_string()
    };
    let begin = format!(
        "User: arn:aws:iam::111122223333:user/anna is not authorized to perform: codebuild:StartBuild on resource: {PROJECT} "
    );
    let by_default = message(&Decision::DeniedByDefault);
    assert_eq!(by_default, format!("{begin}because no identity-based policy allows the codebuild:StartBuild action"));
    let explicit = message(&Decision::DeniedExplicitly { policy: "p".into(), sid: None });
    assert_eq!(explicit, format!("{begin}with an explicit deny in an identity-based policy"));
    let hostile = format!("a\r\nb{}", "x".repeat(100_000));
    let denied =
        Denied { user: "u", action: "a:b", resource: &hostile, decision: &Decision::DeniedByDefault }.to_string();
    assert!(denied.contains("resource: abx") && denied.len() < 3_000);
}

#[test]
fn the_managed_policies_allow_what_their_table_says() {
    let allows = |name: &str, action: &str| {
        let policy = managed::policy(name).unwrap().unwrap();
        ask(&[policy], action, PROJECT, &Context::new()).is_allowed()
    };
    for (action, administrator, reader, developer) in [
        ("codebuild:BatchGetBuilds", true, true, true),
        ("codebuild:StartBuild", true, false, true),
        ("codebuild:StopBuild", true, false, true),
        ("codebuild:CreateProject", true, false, false),
        ("codebuild:UpdateProject", true, false, false),
        ("codebuild:DeleteProject", true, false, false),
        ("codebuild:ImportSourceCredentials", true, false, false),
        ("codebuild:PutResourcePolicy", true, false, false),
        ("logs:GetLogEvents", true, true, true),
        ("s3:GetObject", true, true, true),
        ("s3:PutObject", true, false, false),
        ("ssm:GetParameter", true, false, false),
        ("secretsmanager:GetSecretValue", true, false, false),
        ("secretsmanager:BatchGetSecretValue", true, false, false),
        ("codepipeline:GetPipelineState", true, true, false),
    ] {
        let got =
            ["AdministratorAccess", "ReadOnlyAccess", "CodeBuildDeveloperAccess"].map(|name| allows(name, action));
        assert_eq!(got, [administrator, reader, developer], "{action}");
    }
}
