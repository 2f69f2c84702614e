use super::Reference;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn full(text: &str) -> String {
    Reference::parse(text).unwrap().full()
}

#[test]
fn a_repository_alone_means_its_latest_tag() {
    assert_eq!(full("redis"), "redis:latest");
    assert_eq!(full("localhost:5000/team/app"), "localhost:5000/team/app:latest");
    assert_eq!(full("127.0.0.1:5000/app:1.2"), "127.0.0.1:5000/app:1.2");
    assert_eq!(
        full("public.ecr.aws/codebuild/amazonlinux-x86_64-standard:5.0"),
        "public.ecr.aws/codebuild/amazonlinux-x86_64-standard:5.0"
    );
}

#[test]
fn a_digest_outweighs_a_tag() {
    assert_eq!(full(&format!("evil.io/x:1@{DIGEST}")), format!("evil.io/x@{DIGEST}"));
    assert!(Reference::parse(&format!("x@{DIGEST}")).unwrap().is_immutable());
    assert!(!Reference::parse("x:1").unwrap().is_immutable());
}

#[test]
fn an_image_id_stays_one() {
    assert_eq!(full(DIGEST), DIGEST);
    assert_eq!(full(&DIGEST["sha256:".len()..]), DIGEST);
}

#[test]
fn what_is_no_reference_is_refused() {
    let bad = [
        "",
        " ",
        ":",
        "@",
        "/",
        "a b",
        "-v",
        "--privileged",
        "../containers/json",
        "a/../b",
        "a//b",
        "a?x=y",
        "a#b",
        "a%2f",
        "A/b",
        "UPPER",
        "a:b c",
        "a:$(id)",
        "a;id",
        "a`id`",
        "a\nb",
        "a@sha256:12",
        "a@md5:00",
        "a:tag:tag",
        ".a",
        "a.",
        "a..b",
        "a___b",
        "host:port/a",
        "-host.io/a",
        "/a",
        "a/",
        "é",
    ];
    for text in bad {
        let error = Reference::parse(text).expect_err(text);
        assert!(error.contains("not a valid reference"), "{error}");
    }
    assert!(Reference::parse(&format!("{}:x", "a".repeat(300))).is_err());
}

#[test]
fn the_digest_of_the_asked_repository_is_picked() {
    let names = [format!("other/redis@{DIGEST}"), format!("docker.io/library/redis@{DIGEST}")];
    let pick = |text: &str| Reference::parse(text).unwrap().pick_digest(&names).map(str::to_owned);
    assert_eq!(pick("redis:7"), Some(names[1].clone()));
    assert_eq!(pick("other/redis"), Some(names[0].clone()));
    assert_eq!(pick("mine/redis"), None);
    assert_eq!(pick(DIGEST), None);
}

#[test]
fn a_registry_is_told_from_a_part_of_a_name() {
    let registry = |text: &str| Reference::parse(text).unwrap().registry().map(str::to_owned);
    assert_eq!(registry("127.0.0.1:5000/app:1").as_deref(), Some("127.0.0.1:5000"));
    assert_eq!(registry("ghcr.io/o/app").as_deref(), Some("ghcr.io"));
    assert_eq!(registry("localhost/app").as_deref(), Some("localhost"));
    for hub in ["redis", "team/app:1", "docker.io/team/app"] {
        assert_eq!(registry(hub), None, "{hub}");
    }
}
