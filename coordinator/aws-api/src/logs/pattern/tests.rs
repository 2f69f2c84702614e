use super::*;
use proptest::prelude::*;

fn matching<'a>(pattern: &str, messages: &[&'a str]) -> Vec<&'a str> {
    let pattern = Pattern::parse(pattern).unwrap();
    messages.iter().copied().filter(|message| pattern.matches(message)).collect()
}

#[test]
fn terms_must_all_be_there() {
    let messages = ["ERROR 401 denied", "error 401", "WARN 401", "ERROR exit code 1", "ok"];
    assert_eq!(matching("", &messages), messages);
    assert_eq!(matching("ERROR", &messages), ["ERROR 401 denied", "ERROR exit code 1"]);
    assert_eq!(matching("401 ERROR", &messages), ["ERROR 401 denied"]);
    assert_eq!(matching("\"exit code\"", &messages), ["ERROR exit code 1"]);
    assert_eq!(matching("ERROR -denied", &messages), ["ERROR exit code 1"]);
    assert_eq!(matching("-ERROR -ok", &messages), ["error 401", "WARN 401"]);
    assert_eq!(matching("?WARN ?ok", &messages), ["WARN 401", "ok"]);
    assert_eq!(matching("ERROR ?WARN", &messages), ["ERROR 401 denied", "ERROR exit code 1"]);
    assert_eq!(matching(r"%[Ee]\w+ \d{3}$%", &messages), ["error 401"]);
    assert_eq!(matching(r#""a \"b\"""#, &[r#"a "b""#, "a b"]), [r#"a "b""#]);
}

#[test]
fn json_is_looked_into() {
    let a = r#"{"user":{"id":1,"name":"Ann"},"code":404,"list":["x","y"],"ok":true,"none":null,"a.b":"c"}"#;
    let b = r#"{"user":{"id":2.5e1,"name":"Bob"},"code":500,"list":[],"ok":false}"#;
    let messages = [a, b, "code 404", "{broken"];
    for (pattern, found) in [
        ("{ $.code = 404 }", vec![a]),
        ("{ $.code != 404 }", vec![b]),
        ("{ $.code >= 404 }", vec![a, b]),
        ("{ $.code > 4.04e2 }", vec![b]),
        ("{ $.user.id < 25.5 && $.user.id > 1 }", vec![b]),
        (r#"{ $.user.name = "A*" }"#, vec![a]),
        ("{ $.user.name = *o* }", vec![b]),
        ("{ $.user.name = %^B% }", vec![b]),
        (r#"{ $.user.name != "Ann" }"#, vec![b]),
        ("{ ($.code = 404 || $.code = 500) && $.ok IS FALSE }", vec![b]),
        ("{ $.code = 404 || $.code = 500 && $.ok IS TRUE }", vec![a]),
        ("{ $.none IS NULL }", vec![a]),
        ("{ $.none NOT EXISTS }", vec![b]),
        ("{ $.list[0] EXISTS }", vec![a]),
        (r#"{ $.list[*] = "y" }"#, vec![a]),
        ("{ $.['a.b'] = c }", vec![a]),
        ("{ $.missing = 1 }", vec![]),
    ] {
        assert_eq!(matching(pattern, &messages), found, "{pattern}");
    }
}

#[test]
fn fields_stand_between_spaces() {
    let a = r#"127.0.0.1 Ann [10/Oct/2000:13:25:15 -0700] "GET /x.gif HTTP/1.0" 200 1534"#;
    let b = r#"127.0.0.2 Bob [10/Oct/2000:13:35:22 -0700] "GET /y.html HTTP/1.0" 404 5324"#;
    let messages = [a, b, "three fields only"];
    for (pattern, found) in [
        ("[ip, user, time, request, status, bytes]", vec![a, b]),
        ("[ip, user, time, request, status = 4*, bytes]", vec![b]),
        ("[ip, user, time, request = *html*, status, bytes > 1000]", vec![b]),
        ("[..., status = 200 || status = 404, bytes < 2000]", vec![a]),
        ("[ip != *.1, ...]", vec![b, "three fields only"]),
        ("[w = %^127%, ..., bytes >= 5324]", vec![b]),
        ("[, user = \"Ann\", ...]", vec![a]),
        ("[a, b, c]", vec!["three fields only"]),
        ("[w != 127.* && w != three, ...]", vec![]),
    ] {
        assert_eq!(matching(pattern, &messages), found, "{pattern}");
    }
}

#[test]
fn what_is_no_pattern_is_refused() {
    let long = "x".repeat(1025);
    for bad in [
        "\"open",
        "%open",
        "%(%",
        "%(?i)x%",
        "%x{1000}{1000}%",
        "- x",
        "?",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a = 1",
        "{ a = 1 }",
        "{ $.a = 1 } x",
        "{ $.a < x }",
        "{ $.a IS }",
        "{ $.a NOT }",
        "{ $.a[ = 1 }",
        "{}",
        "[a",
        "[a, ..., b, ...]",
        "[a =]",
        "[a = 1 &&]",
        "[a] b",
        &long,
        &format!("{{{}$.a = 1", "(".repeat(500)),
    ] {
        assert!(Pattern::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_hard_pattern_on_a_long_message_ends_soon() {
    let stars = "*a".repeat(500);
    let long = "a".repeat(256 * 1024);
    let started = std::time::Instant::now();
    for pattern in [format!("[w = {stars}b]"), "%(a*)*b%".to_owned(), "%(a|aa)+$%".to_owned()] {
        Pattern::parse(&pattern).unwrap().matches(&long);
    }
    Pattern::parse("[..., x = 1]").unwrap().matches(&"[ \" ".repeat(50_000));
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn no_pattern_and_no_message_panics(
        pattern in r#"[{\[]?([ $.a\[\]0*"%?=!<>&|(){},-]|IS |NULL|NOT |EXISTS|é|\\){0,40}[}\]]?"#,
        message in r#"[ {}\[\]":,a0é\\]{0,60}"#,
    ) {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            pattern.matches(&message);
        }
    }

    #[test]
    fn a_message_contains_its_words(words in prop::collection::vec("[a-z0-9]{1,8}", 1..6)) {
        let pattern = Pattern::parse(&words.join(" ")).unwrap();
        let mut shuffled = words.clone();
        shuffled.reverse();
        prop_assert!(pattern.matches(&shuffled.join(" and ")));
    }
}
