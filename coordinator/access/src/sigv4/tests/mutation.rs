//! 100,000 changed requests. One is accepted only if it means the same: whoever reads the request sees the same method,
//! path, query, signed headers and body. "The same" is computed here anew, by other means than the verification's.

use super::sample::{BODY, NOW, check, presigned, secret, set, signer, start_build};
use crate::sigv4::{Payload, Signer};
use buildyard_model::Secret;
use http::Request;
use http::request::Parts;
use std::collections::BTreeSet;

const MUTATIONS: u32 = 100_000;

/// A request as a proxy could rewrite it.
#[derive(Debug, Clone, PartialEq)]
struct Raw {
    method: Vec<u8>,
    target: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
}

impl Raw {
    fn of(parts: &Parts, body: &[u8]) -> Self {
        let headers = parts.headers.iter();
        Self {
            method: parts.method.as_str().into(),
            target: parts.uri.to_string().into(),
            headers: headers.map(|(name, value)| (name.as_str().into(), value.as_bytes().into())).collect(),
            body: body.into(),
        }
    }

    /// `None` where the HTTP library would refuse it.
    fn parts(&self) -> Option<Parts> {
        let mut request = Request::builder().method(&self.method[..]).uri(&self.target[..]);
        for (name, value) in &self.headers {
            request = request.header(&name[..], &value[..]);
        }
        Some(request.body(()).ok()?.into_parts().0)
    }
}

/// Xorshift: the same mutations in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

fn change_bytes(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len());
    let printable = u8::try_from(32 + dice.below(95)).unwrap();
    if bytes.is_empty() {
        return bytes.push(printable);
    }
    match dice.below(7) {
        0 => bytes[at] = printable,
        1 => bytes[at] ^= 1 << dice.below(8),
        2 => drop(bytes.remove(at)),
        3 => bytes.insert(at, bytes[at]),
        4 => bytes.insert(at, printable),
        5 => {
            let other = dice.below(bytes.len());
            bytes.swap(at, other);
        }
        _ => {
            let encoded = format!("%{:02X}", bytes[at]);
            bytes.splice(at..=at, encoded.into_bytes());
        }
    }
}

fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    *bytes = String::from_utf8_lossy(bytes).replacen(from, to, 1).into_bytes();
}

fn mutate(raw: &mut Raw, dice: &mut Dice) {
    let header = dice.below(raw.headers.len());
    match dice.below(16) {
        0 => change_bytes(&mut raw.method, dice),
        1 => raw.method = dice.one(&["GET", "PUT", "POST", "DELETE", "HEAD"]).into(),
        2 | 3 => change_bytes(&mut raw.target, dice),
        4 => change_bytes(&mut raw.headers[header].0, dice),
        5..=7 => change_bytes(&mut raw.headers[header].1, dice),
        8 => drop(raw.headers.remove(header)),
        9 => {
            let again = raw.headers[header].clone();
            raw.headers.insert(dice.below(raw.headers.len()), again);
        }
        10 => {
            let other = dice.below(raw.headers.len());
            raw.headers.swap(header, other);
        }
        11 => {
            let name = dice.one(&["x-amz-acl", "x-amz-target", "x-amz-security-token", "content-type", "host", "date"]);
            raw.headers.push((name.into(), dice.one(&["", "x", "CodeBuild_20161006.DeleteProject"]).into()));
        }
        12 => change_bytes(&mut raw.body, dice),
        13 => {
            let pieces = ["20260102", "eu-central-1", "codebuild", "s3", "AKIDEXAMPLE", "x-amz-date", "host;", "3600"];
            let (from, to) =
                (dice.one(&pieces), dice.one(&["20260103", "us-east-1", "s3", "codebuild", "", "host", "9"]));
            raw.headers.iter_mut().for_each(|(_, value)| replace(value, from, to));
            replace(&mut raw.target, from, to);
        }
        14 => {
            let (path, query) = match raw.target.iter().position(|byte| *byte == b'?') {
                Some(at) => (raw.target[..at].to_vec(), raw.target[at + 1..].to_vec()),
                None => (raw.target.clone(), Vec::new()),
            };
            let mut pairs: Vec<Vec<u8>> = query.split(|byte| *byte == b'&').map(<[u8]>::to_vec).collect();
            let (at, other) = (dice.below(pairs.len()), dice.below(pairs.len()));
            match dice.below(4) {
                0 => pairs.swap(at, other),
                1 => pairs.insert(other, pairs[at].clone()),
                2 => drop(pairs.remove(at)),
                _ => pairs.insert(at, dice.one(&["", "a", "uploads", "X-Amz-Expires=9", "versionId=2"]).into()),
            }
            raw.target = [path, b"?".to_vec(), pairs.join(&b'&')].concat();
        }
        _ => {
            let (from, to) =
                (dice.one(&["/", "a", "%20", "."]), dice.one(&["//", "/./", "/../", "+", "%2F", "%61", ""]));
            replace(&mut raw.target, from, to);
        }
    }
}

type Pairs = BTreeSet<(Vec<u8>, Vec<u8>, usize)>;

/// What a reader of the request goes by.
#[derive(Debug, PartialEq)]
struct Meaning {
    method: String,
    path: Vec<u8>,
    query: Pairs,
    authorization: BTreeSet<String>,
    signed: Vec<(String, Vec<String>)>,
    /// What servers act on, signed or not.
    decisive: BTreeSet<(String, Vec<String>)>,
    body: Option<Vec<u8>>,
}

fn unescape(text: &str) -> Vec<u8> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        let code = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(b'%'));
        bytes.extend_from_slice(piece.get(2..).unwrap_or_default().as_bytes());
    }
    bytes
}

fn plain_path(path: &str) -> String {
    let mut plain = format!("{path}/");
    loop {
        let mut next = plain.replace("//", "/").replace("/./", "/");
        if next == plain {
            if let Some(at) = plain.find("/../") {
                let parent = plain[..at].rfind('/').unwrap_or(at);
                next = format!("{}{}", &plain[..parent], &plain[at + 3..]);
            } else {
                let folder = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end)) || plain == "/";
                return if folder { plain } else { plain.trim_end_matches('/').to_owned() };
            }
        }
        plain = next;
    }
}

fn meaning(parts: &Parts, body: &[u8], is_s3: bool) -> Meaning {
    let authorization = parts.headers.get("authorization").map_or("", |value| value.to_str().unwrap_or("?"));
    let query = parts.uri.query().unwrap_or_default();
    let mut pairs = Pairs::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (unescape(&name.replace('+', " ")), unescape(&value.replace('+', " ")));
        let count = pairs.iter().filter(|(other, same, _)| (other, same) == (&name, &value)).count();
        pairs.insert((name, value, count));
    }
    let in_query = pairs.iter().find(|(name, ..)| name == b"X-Amz-SignedHeaders");
    let is_presigned = in_query.is_some();
    let names = match in_query {
        Some((_, names, _)) => String::from_utf8_lossy(names).into_owned(),
        None => authorization.split("SignedHeaders=").nth(1).unwrap_or("").split(',').next().unwrap().to_owned(),
    };
    let value = |name: &str| {
        let values = parts.headers.get_all(name).iter();
        let words = |value: &http::HeaderValue| {
            let text: String = value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
            text.trim_matches(['\t', ' ']).split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        };
        values.map(words).collect::<Vec<String>>()
    };
    let acted_on = |name: &str| name.starts_with("x-amz-") || (name == "content-type" && !(is_s3 && is_presigned));
    let decisive = parts.headers.keys().map(http::HeaderName::as_str).filter(|name| acted_on(name));
    Meaning {
        decisive: decisive.map(|name| (name.to_owned(), value(name))).collect(),
        method: parts.method.to_string(),
        path: if is_s3 { unescape(parts.uri.path()) } else { plain_path(parts.uri.path()).into_bytes() },
        query: pairs,
        authorization: authorization.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        signed: names.trim().split(';').map(|name| (name.to_owned(), value(name))).collect(),
        body: (!(is_s3 && is_presigned)).then(|| body.to_vec()),
    }
}

/// The requests that are changed: a JSON call, one with session token, path and query, an upload, a presigned download.
fn bases() -> Vec<(Raw, bool)> {
    let (secret, token) = (secret(), Secret::new("FwoGZXIvYXdzE+/="));
    let mut described = super::sample::head(
        "GET",
        "/v1/a%20b/../c?tail=1&name=a%2Bb&empty=",
        &[("host", "127.0.0.1:8080"), ("my-list", "a,  b")],
    );
    let temporary = Signer { session_token: Some(&token), ..signer(&secret, "codebuild") };
    temporary.sign(&mut described, Payload::Bytes(b""), NOW).unwrap();
    let mut upload = super::sample::head("PUT", "/bucket/a%20b/c.zip?partNumber=1", &[("host", "127.0.0.1:8080")]);
    set(&mut upload, "x-amz-meta-note", "one two");
    set(&mut upload, "user-agent", "aws-cli/2");
    signer(&secret, "s3").sign(&mut upload, Payload::Bytes(BODY), NOW).unwrap();
    vec![
        (Raw::of(&start_build(), BODY), false),
        (Raw::of(&described, b""), false),
        (Raw::of(&upload, BODY), true),
        (Raw::of(&presigned(), b""), true),
    ]
}

#[test]
fn no_changed_request_is_accepted_unless_it_means_the_same() {
    let bases = bases();
    for (raw, _) in &bases {
        assert_eq!(check(&raw.parts().unwrap(), &raw.body), Ok(()));
    }
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut tried, mut same) = (0, 0);
    while tried < MUTATIONS {
        let (base, is_s3) = &bases[dice.below(bases.len())];
        let mut changed = base.clone();
        for _ in 0..=dice.below(3) {
            if !changed.headers.is_empty() {
                mutate(&mut changed, &mut dice);
            }
        }
        let Some(parts) = changed.parts().filter(|_| changed != *base) else { continue };
        tried += 1;
        if check(&parts, &changed.body).is_ok() {
            let original = meaning(&base.parts().unwrap(), &base.body, *is_s3);
            assert_eq!(meaning(&parts, &changed.body, *is_s3), original, "{changed:?}");
            same += 1;
        }
    }
    // Most changes matter; those that do not (order of headers, an unsigned header) must not be refused for nothing.
    assert!(same > 1000 && same < MUTATIONS / 4, "{same} of {tried} mean the same");
}
