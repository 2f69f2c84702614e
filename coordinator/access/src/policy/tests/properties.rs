//! What holds for all policies, and that no text at all makes reading or deciding panic.

use super::matching::plain;
use crate::policy::{Context, Decision, Policy, Request, check_resource_policy, decide};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A statement as plain values, for the reference evaluator.
#[derive(Debug, Clone)]
struct Plain {
    allow: bool,
    not_action: bool,
    actions: Vec<&'static str>,
    not_resource: bool,
    resources: Vec<&'static str>,
    user: Option<&'static str>,
}

const USERS: [&str; 2] = ["anna", "bert"];
const ACTIONS: [&str; 4] = ["codebuild:StartBuild", "codebuild:BatchGetBuilds", "s3:GetObject", "CODEBUILD:STOPBUILD"];
const RESOURCES: [&str; 4] = ["arn:a:codebuild:r:1:project/a", "arn:a:codebuild:r:1:project/A/b", "arn:a:s3:::a", "*"];

fn statement() -> impl Strategy<Value = Plain> {
    let actions = select(vec!["*", "codebuild:*", "codebuild:*Build", "codebuild:St?rtBuild", "s3:GetObject", "s3:*"]);
    let resources = select(vec!["*", "arn:a:codebuild:*", "arn:*:*:*:*:project/a*", "arn:a:s3:::?", "arn:a:s3:::b"]);
    let resources =
        resources.prop_filter("a resource of six parts", |text| *text == "*" || text.split(':').count() == 6);
    (
        any::<bool>(),
        any::<bool>(),
        vec(actions, 1..3),
        any::<bool>(),
        vec(resources, 1..3),
        proptest::option::of(select(USERS.to_vec())),
    )
        .prop_map(|(allow, not_action, actions, not_resource, resources, user)| Plain {
            allow,
            not_action,
            actions,
            not_resource,
            resources,
            user,
        })
}

fn request() -> impl Strategy<Value = (&'static str, &'static str, &'static str)> {
    (select(ACTIONS.to_vec()), select(RESOURCES.to_vec()), select(USERS.to_vec()))
}

fn read(statements: &[Plain]) -> Vec<Policy> {
    let each = statements.iter().enumerate().map(|(index, plain)| {
        let mut statement = json!({
            "Effect": if plain.allow { "Allow" } else { "Deny" },
            (if plain.not_action { "NotAction" } else { "Action" }): plain.actions,
            (if plain.not_resource { "NotResource" } else { "Resource" }): plain.resources,
        });
        if let Some(user) = plain.user {
            statement["Condition"] = json!({"StringEquals": {"aws:username": user}});
        }
        let document = json!({"Version": "2012-10-17", "Statement": statement});
        Policy::parse(&format!("p{index}"), &document.to_string()).unwrap()
    });
    each.collect()
}

fn ask(statements: &[Plain], (action, resource, user): (&str, &str, &str)) -> Decision {
    let context = Context::new().with("aws:username", user);
    decide(&read(statements), &Request { action, resource, context: &context })
}

/// The rules, written down once more.
fn reference(statements: &[Plain], (action, resource, user): (&str, &str, &str)) -> bool {
    let letters = |text: &str| text.chars().collect::<Vec<char>>();
    let fits = |pattern: &str, text: &str| plain(&letters(pattern), &letters(text));
    let applies = |one: &&Plain| {
        let action = one.actions.iter().any(|pattern| fits(&pattern.to_lowercase(), &action.to_lowercase()));
        let resource = one.resources.iter().any(|pattern| fits(pattern, resource));
        action != one.not_action && resource != one.not_resource && one.user.is_none_or(|expected| expected == user)
    };
    let matching: Vec<&Plain> = statements.iter().filter(applies).collect();
    matching.iter().any(|one| one.allow) && matching.iter().all(|one| one.allow)
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = select(vec![
        "Version",
        "2012-10-17",
        "Statement",
        "Effect",
        "Allow",
        "Deny",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "Principal",
        "AWS",
        "*",
        "codebuild:*",
        "arn:aws:s3:::a",
        "StringLike",
        "ForAnyValue:ArnLike",
        "NumericLessThan",
        "IpAddress",
        "Null",
        "aws:username",
        "${aws:username}",
        "${",
        "10.0.0.0/8",
        "",
    ]);
    let text = prop_oneof![3 => words.prop_map(str::to_owned), 1 => "\\PC{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((text.clone(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Whatever can be read can be decided.
fn survive(document: &str) {
    let _ = check_resource_policy(document);
    if let Ok(policy) = Policy::parse("p", document) {
        let context = Context::new().with("aws:username", "x").with("aws:sourceip", "::1");
        for (action, resource) in [("", ""), ("codebuild:StartBuild", "arn:aws:s3:::a"), ("é", "\u{0}")] {
            let _ = decide(std::slice::from_ref(&policy), &Request { action, resource, context: &context });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_equal_the_reference(statements in vec(statement(), 0..5), request in request()) {
        prop_assert_eq!(ask(&statements, request).is_allowed(), reference(&statements, request));
    }

    #[test]
    fn a_further_deny_never_allows_more(statements in vec(statement(), 0..5), further in statement(), request in request()) {
        let mut more = statements.clone();
        more.push(Plain { allow: false, ..further });
        prop_assert!(ask(&statements, request).is_allowed() || !ask(&more, request).is_allowed());
    }

    #[test]
    fn a_further_allow_never_denies_what_was_allowed(
        statements in vec(statement(), 0..5), further in statement(), request in request(),
    ) {
        let mut more = statements.clone();
        more.push(Plain { allow: true, ..further });
        prop_assert!(!ask(&statements, request).is_allowed() || ask(&more, request).is_allowed());
    }

    #[test]
    fn the_order_of_statements_is_irrelevant(
        (statements, shuffled) in vec(statement(), 0..6).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        request in request(),
    ) {
        let (one, other) = (ask(&statements, request), ask(&shuffled, request));
        prop_assert_eq!(std::mem::discriminant(&one), std::mem::discriminant(&other));
    }

    #[test]
    fn no_json_makes_it_panic(document in any_json()) {
        survive(&document.to_string());
        survive(&json!({"Version": "2012-10-17", "Statement": document}).to_string());
        let statement = json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": document});
        survive(&json!({"Version": "2012-10-17", "Statement": statement}).to_string());
        let compared = json!({"StringNotLike": {"aws:username": document}, "NotIpAddress": {"aws:SourceIp": document}});
        let statement = json!({"Effect": "Deny", "Action": "*", "Resource": document, "Condition": compared});
        survive(&json!({"Version": "2012-10-17", "Statement": statement}).to_string());
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", at in 0..400_usize, cut in 0..30_usize) {
        survive(&text);
        let document = crate::policy::managed::document("ReadOnlyAccess").unwrap();
        let (before, after) = document.split_at(at);
        survive(&format!("{before}{text}{}", &after[cut..]));
    }
}
