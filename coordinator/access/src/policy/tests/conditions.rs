//! Every condition operator, with keys that are there, absent, many, and of the wrong form.

use crate::policy::{Context, Policy, Request, decide};
use buildyard_model::Timestamp;

/// Whether an allow with this condition lets a request through, and whether a deny with it would stop it.
fn holds(condition: &str, context: &Context) -> (bool, bool) {
    let ask = |statements: &str| {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let policy = Policy::parse("p", &text).unwrap();
        decide(&[policy], &Request { action: "a:b", resource: "r", context }).is_allowed()
    };
    let conditional =
        |effect| format!(r#"{{"Effect":"{effect}","Action":"*","Resource":"*","Condition":{condition}}}"#);
    let allow = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    (ask(&conditional("Allow")), !ask(&format!("{allow},{}", conditional("Deny"))))
}

fn with(values: &[&str]) -> Context {
    values.iter().fold(Context::new(), |context, value| context.with("aws:Key", *value))
}

/// `operator operand` for one value; allow and deny agree.
fn is_met(operator: &str, operand: &str, values: &[&str]) -> bool {
    let (allow, deny) = holds(&format!(r#"{{"{operator}":{{"AWS:key":{operand}}}}}"#), &with(values));
    assert_eq!(allow, deny, "{operator} {operand} {values:?}");
    allow
}

#[test]
fn each_operator_compares_in_its_way() {
    for (operator, operand, met, unmet) in [
        ("StringEquals", r#""Ab*""#, "Ab*", "Abc"),
        ("StringEquals", r#"["x","y"]"#, "y", "z"),
        ("StringNotEquals", r#"["x","y"]"#, "z", "y"),
        ("StringEqualsIgnoreCase", r#""ÄB""#, "äb", "ab"),
        ("StringNotEqualsIgnoreCase", r#""ab""#, "b", "AB"),
        ("StringLike", r#""a?c*""#, "abcd", "ac"),
        ("StringNotLike", r#""a*""#, "b", "ab"),
        ("NumericEquals", "10", "10.0", "11"),
        ("NumericNotEquals", r#""10""#, "11", "10"),
        ("NumericLessThan", "10", "9", "10"),
        ("NumericLessThanEquals", "10", "10", "10.1"),
        ("NumericGreaterThan", "-1.5", "-1", "-1.5"),
        ("NumericGreaterThanEquals", "1e2", "100", "99"),
        ("DateEquals", r#""2026-01-02T00:00:00Z""#, "1767312000", "1767312001"),
        ("DateNotEquals", r#""2026-01-02""#, "2026-01-03", "2026-01-02T00:00:00Z"),
        ("DateLessThan", r#""2026-01-02""#, "2026-01-01", "2026-01-02"),
        ("DateLessThanEquals", r#""2026-01-02""#, "2026-01-02", "2026-01-03"),
        ("DateGreaterThan", "1767312000", "2026-01-03", "2026-01-02"),
        ("DateGreaterThanEquals", "1767312000", "2026-01-02", "2026-01-01"),
        ("Bool", "true", "True", "false"),
        ("Bool", r#""false""#, "false", "true"),
        ("BinaryEquals", r#""QmluYXJ5""#, "QmluYXJ5", "qmluYXJ5"),
        ("IpAddress", r#"["10.0.0.0/8","2001:db8::/32"]"#, "10.1.2.3", "11.1.2.3"),
        ("NotIpAddress", r#""10.0.0.0/8""#, "::1", "::ffff:10.0.0.1"),
        ("ArnEquals", r#""arn:aws:s3:::b*""#, "arn:aws:s3:::bucket", "arn:aws:s3::1:bucket"),
        (
            "ArnLike",
            r#""arn:aws:*:*:1:project/a?""#,
            "arn:aws:codebuild:r:1:project/ab",
            "arn:aws:codebuild:r:2:1:project/ab",
        ),
        ("ArnNotEquals", r#""arn:aws:s3:::b""#, "arn:aws:s3:::c", "arn:aws:s3:::b"),
        ("ArnNotLike", r#""arn:aws:s3:::b*""#, "arn:aws:s3:::c", "arn:aws:s3:::bb"),
    ] {
        assert!(is_met(operator, operand, &[met]), "{operator} {operand} {met}");
        assert!(!is_met(operator, operand, &[unmet]), "{operator} {operand} {unmet}");
        let negated = operator.contains("Not");
        assert_eq!(is_met(operator, operand, &[]), negated, "{operator} without the key");
        assert!(is_met(&format!("{operator}IfExists"), operand, &[]), "{operator}IfExists without the key");
        assert!(!is_met(&format!("{operator}IfExists"), operand, &[unmet]), "{operator}IfExists {unmet}");
        assert!(is_met(&format!("ForAllValues:{operator}"), operand, &[]));
        assert!(is_met(&format!("ForAllValues:{operator}"), operand, &[met, met]));
        assert!(!is_met(&format!("ForAllValues:{operator}"), operand, &[met, unmet]));
        assert_eq!(is_met(operator, operand, &[unmet, met]), !negated, "{operator} over several values");
        assert!(!is_met(&format!("ForAnyValue:{operator}"), operand, &[]));
        assert!(is_met(&format!("ForAnyValue:{operator}"), operand, &[unmet, met]));
        assert!(!is_met(&format!("ForAnyValue:{operator}"), operand, &[unmet]));
    }
}

#[test]
fn null_asks_whether_the_key_is_there() {
    assert!(is_met("Null", "true", &[]) && !is_met("Null", "true", &["x"]));
    assert!(is_met("Null", r#""false""#, &["x"]) && !is_met("Null", "false", &[]));
}

#[test]
fn all_operators_and_all_keys_must_hold() {
    let both = r#"{"StringEquals":{"aws:a":"1","aws:b":"2"},"Bool":{"aws:c":true}}"#;
    let all = Context::new().with("aws:a", "1").with("aws:b", "2").with("aws:c", "true");
    assert_eq!(holds(both, &all), (true, true));
    let two = Context::new().with("aws:a", "1").with("aws:b", "2");
    assert_eq!(holds(both, &two), (false, false));
    assert_eq!(holds("{}", &Context::new()), (true, true));
}

#[test]
fn what_cannot_be_compared_opens_nothing() {
    for (operator, operand) in [
        ("NumericEquals", "1"),
        ("DateLessThan", r#""2026-01-02""#),
        ("Bool", "true"),
        ("IpAddress", r#""0.0.0.0/0""#),
        ("ArnLike", r#""*""#),
        ("StringEquals", r#""${aws:username}""#),
    ] {
        let condition = format!(r#"{{"{operator}":{{"aws:key":{operand}}}}}"#);
        assert_eq!(holds(&condition, &with(&["garbage"])), (false, false), "{operator}");
    }
    for (operator, operand) in [
        ("NumericNotEquals", "1"),
        ("DateNotEquals", r#""2026-01-02""#),
        ("NotIpAddress", r#""10.0.0.0/8""#),
        ("ArnNotLike", r#""arn:aws:s3:::b""#),
        ("StringNotEquals", r#""${aws:username}""#),
    ] {
        let condition = format!(r#"{{"{operator}":{{"aws:key":{operand}}}}}"#);
        assert_eq!(holds(&condition, &with(&["garbage"])), (false, true), "{operator}");
    }
}

#[test]
fn variables_are_filled_in_conditions() {
    let own = r#"{"StringLike":{"s3:prefix":"home/${aws:username}/*"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::1:user/${aws:username}"}}"#;
    let as_user = |arn: &str, prefix: &str| {
        let context =
            Context::new().with("aws:username", "an*").with("aws:PrincipalArn", arn).with("s3:prefix", prefix);
        holds(own, &context).0
    };
    assert!(as_user("arn:aws:iam::1:user/an*", "home/an*/x"));
    assert!(!as_user("arn:aws:iam::1:user/an*", "home/anna/x"));
    assert!(!as_user("arn:aws:iam::1:user/anna", "home/an*/x"));
}

#[test]
fn a_variable_of_several_values_has_none() {
    let own = r#"{"StringEquals":{"aws:key":"${aws:team}"}}"#;
    let one = with(&["a"]).with("aws:team", "a");
    assert_eq!(holds(own, &one), (true, true));
    assert_eq!(holds(own, &one.with("aws:team", "b")), (false, false));
}

#[test]
fn the_time_is_a_condition_key() {
    let until =
        r#"{"DateLessThan":{"aws:CurrentTime":"2026-01-02T00:00:00Z"},"NumericGreaterThan":{"aws:EpochTime":0}}"#;
    assert!(holds(until, &Context::new().at(Timestamp(1_767_311_999_999))).0);
    assert!(!holds(until, &Context::new().at(Timestamp(1_767_312_000_000))).0);
}

#[test]
fn operators_that_are_none_are_refused() {
    for operator in [
        "stringEquals",
        "StringEqualsIfExistsIfExists",
        "NullIfExists",
        "ForAnyValue:Null",
        "ForSomeValues:Bool",
        "NotBool",
        "NumericLike",
        "DateBefore",
        "",
        "IfExists",
        "ForAllValues:ForAnyValue:Bool",
    ] {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"{operator}":{{"a:b":"true"}}}}}}}}"#
        );
        assert!(Policy::parse("p", &text).is_err(), "{operator}");
    }
}
