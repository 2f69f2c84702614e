use super::*;

fn form(text: &str) -> Result<SourceForm, String> {
    parse(text, GitArgs::default(), |path| path == Path::new("./app") || path == Path::new("/work/app"))
}

fn git(text: &str) -> (String, Option<GitCredentials>) {
    match form(text).unwrap() {
        SourceForm::Remote(SourceKind::Git { location, credentials, .. }) => (location, credentials),
        other => panic!("{text} gave {other:?}"),
    }
}

#[test]
fn each_form_is_told_from_the_others() {
    assert_eq!(form("none"), Ok(SourceForm::Remote(SourceKind::None)));
    assert_eq!(
        form("s3://bucket/dir/src.zip"),
        Ok(SourceForm::Remote(SourceKind::S3 { location: "bucket/dir/src.zip".into() }))
    );
    assert_eq!(form("./app"), Ok(SourceForm::Folder("./app".into())));
    for url in ["https://host.test/a/b.git", "ssh://git@host.test/a.git", "git@host.test:a/b.git", "file:///srv/a.git"]
    {
        assert_eq!(git(url), (url.to_owned(), None));
    }
}

#[test]
fn what_would_make_git_run_a_program_is_refused() {
    for text in ["ext::sh -c id", "-oProxyCommand=id", "--upload-pack=id", "fd::17"] {
        assert!(form(text).unwrap_err().contains("refused"), "{text}");
    }
}

#[test]
fn a_missing_folder_is_answered_with_the_forms_there_are() {
    let error = form("nowhere").unwrap_err();
    assert!(error.contains("no folder here") && error.contains("s3://BUCKET/KEY"), "{error}");
    assert!(form("s3://bucket").is_err());
}

#[test]
fn a_password_in_the_url_becomes_a_secret() {
    let (location, credentials) = git("https://me:p%40ss%2@host.test:8443/a.git");
    assert_eq!(location, "https://host.test:8443/a.git");
    let credentials = credentials.unwrap();
    assert_eq!((credentials.username.as_str(), credentials.password.expose()), ("me", "p@ss%2"));
    let (location, credentials) = git("https://token123@host.test/a.git");
    assert_eq!(location, "https://host.test/a.git");
    assert_eq!(credentials.unwrap().password.expose(), "token123");
}

#[test]
fn a_project_is_named_after_its_source() {
    let name = |text: &str| project_name(&form(text).unwrap(), |_| "/home/me/my app".into()).to_string();
    assert_eq!(name("https://host.test/team/redis.git/"), "redis");
    assert_eq!(name("git@host.test:jq.git"), "jq");
    assert_eq!(name("s3://bucket/dir/zlib.zip"), "zlib");
    assert_eq!(name("./app"), "my-app");
    assert_eq!(name("none"), "build");
}
