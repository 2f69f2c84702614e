use super::*;

fn credential(scope: &str, username: &str, password: &str) -> GitCredential {
    GitCredential { scope: scope.into(), username: username.into(), password: Secret::new(password) }
}

#[test]
fn only_the_server_of_the_source_gets_the_credentials() {
    let credentials = [credential("https://Git.example:8443", "ada", "a"), credential("https://other", "bob", "b")];
    let of = |question: &str| answer(question, &credentials).map(|found| found.username.as_str());
    assert_eq!(of("protocol=https\nhost=git.example:8443\npath=x\n\n"), Some("ada"));
    assert_eq!(of("protocol=https\nhost=other:443\n"), Some("bob"));
    assert_eq!(of("protocol=https\nhost=other\nusername=bob\n"), Some("bob"));
    for question in [
        "protocol=http\nhost=other\n",
        "protocol=https\nhost=git.example\n",
        "protocol=https\nhost=other.evil\n",
        "protocol=https\nhost=other\nusername=eve\n",
        "host=other\n",
        "",
    ] {
        assert_eq!(of(question), None, "{question}");
    }
}

#[test]
fn a_password_that_would_be_more_than_one_line_is_not_given() {
    let credentials = [credential("https://h", "u", "a\nhost=evil")];
    assert_eq!(answer("protocol=https\nhost=h\n", &credentials), None);
}

#[test]
fn settings_come_behind_those_of_the_build() {
    let mut variables: Variables = [("GIT_CONFIG_COUNT".into(), "2".into())].into();
    configure(&mut variables, &[credential("https://h", "u", "secret")], OsStr::new("!x"));
    let value = |name: &str| variables.get(OsStr::new(name)).unwrap().to_str().unwrap();
    assert_eq!(value("GIT_CONFIG_COUNT"), "3");
    assert_eq!((value("GIT_CONFIG_KEY_2"), value("GIT_CONFIG_VALUE_2")), ("credential.https://h.helper", "!x"));
    assert!(variables.values().all(|value| !value.to_string_lossy().contains("secret")));
}

#[test]
fn every_form_of_a_password_is_a_secret() {
    assert_eq!(secrets(&[credential("https://h", "u", "a b/ä")]), ["a b/ä", "a%20b%2F%C3%A4", "dTphIGIvw6Q="]);
}
