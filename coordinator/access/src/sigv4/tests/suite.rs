//! AWS's published signing test suite (38 cases, `suite.json`: request, canonical request and signature in header and
//! query form), and the reference's vector made with botocore.

use super::sample;
use crate::sigv4::path::PathRules;
use crate::sigv4::payload::BodyHash;
use crate::sigv4::verify::matches;
use crate::sigv4::{Presented, Scope, SignatureError, canonical, parse, verify};
use buildyard_model::{Secret, Timestamp};
use http::request::Parts;
use serde::Deserialize;

const NOW: Timestamp = Timestamp(1_440_938_160_000);
const CREDENTIAL: &str = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";

#[derive(Deserialize)]
struct Case {
    name: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    #[serde(default)]
    unnormalized: bool,
    token: Option<String>,
    /// The token is sent beside the signature, not under it.
    #[serde(default)]
    token_after: bool,
    #[serde(default)]
    sign_body: bool,
    header: Signed,
    query: Signed,
}

#[derive(Deserialize)]
struct Signed {
    signed_headers: String,
    canonical: String,
    signature: String,
}

impl Case {
    /// The suite's paths are as a person writes them; on the wire they are percent-encoded, and encoded once.
    fn rules(&self) -> PathRules {
        PathRules { normalize: !self.unnormalized, encode_twice: false }
    }

    fn head(&self, target: &str) -> Parts {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        sample::head(&self.method, &target.replace(' ', "%20"), &headers)
    }

    fn header_form(&self) -> Parts {
        let mut parts = self.head(&self.target);
        sample::set(&mut parts, "x-amz-date", "20150830T123600Z");
        if let Some(token) = &self.token {
            sample::set(&mut parts, "x-amz-security-token", token);
        }
        if self.sign_body {
            let line = self.header.canonical.lines().last().unwrap();
            sample::set(&mut parts, "x-amz-content-sha256", line);
        }
        let Signed { signed_headers, signature, .. } = &self.header;
        let value =
            format!("AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders={signed_headers}, Signature={signature}");
        sample::set(&mut parts, "authorization", &value);
        parts
    }

    fn query_form(&self) -> Parts {
        let mark = if self.target.contains('?') { '&' } else { '?' };
        let Signed { signed_headers, signature, .. } = &self.query;
        let mut target = format!(
            "{}{mark}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={CREDENTIAL}&X-Amz-Date=20150830T123600Z\
             &X-Amz-SignedHeaders={signed_headers}&X-Amz-Expires=3600&X-Amz-Signature={signature}",
            self.target
        );
        if let Some(token) = &self.token {
            target.push_str("&X-Amz-Security-Token=");
            target.push_str(&crate::sigv4::path::encode(token.as_bytes(), false));
        }
        self.head(&target)
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("suite.json")).unwrap()
}

fn canonical_of(parts: &Parts, presented: &Presented, case: &Case) -> String {
    let body = BodyHash::of(case.body.as_bytes());
    let payload = presented.payload.line(&body, "service", presented.is_presigned()).unwrap();
    let text = canonical::request(parts, &presented.signed_headers, &payload, case.rules()).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn the_suite_passes_in_header_and_query_form() {
    let cases = cases();
    assert_eq!(cases.len(), 38);
    for case in cases {
        for (parts, expected) in [(case.header_form(), &case.header), (case.query_form(), &case.query)] {
            let presented = parse(&parts).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let is_query_after = case.token_after && presented.is_presigned();
            if !is_query_after {
                assert_eq!(canonical_of(&parts, &presented, &case), expected.canonical, "{}", case.name);
            }
            let result =
                matches(&presented, &parts, &BodyHash::of(case.body.as_bytes()), &sample::secret(), case.rules());
            let awaited = if is_query_after { Err(SignatureError::Mismatch) } else { Ok(()) };
            assert_eq!(result, awaited, "{}", case.name);
        }
    }
}

#[test]
fn the_whole_verification_agrees_but_for_the_token_that_nobody_signed() {
    let expected = Scope { region: "us-east-1", services: &["service"] };
    // Service names other than s3 are encoded twice: the suite's two spaces and its UTF-8 path are written otherwise there.
    for case in cases().iter().filter(|case| !case.unnormalized && case.target.is_ascii()) {
        let body = BodyHash::of(case.body.as_bytes());
        for parts in [case.header_form(), case.query_form()] {
            let presented = parse(&parts).unwrap();
            let result = verify(&presented, &parts, &body, &sample::secret(), &expected, NOW);
            match (case.name.as_str(), presented.is_presigned()) {
                ("get-space-normalized", _) | ("post-sts-header-after", true) => {
                    assert_eq!(result, Err(SignatureError::Mismatch), "{}", case.name);
                }
                ("post-sts-header-after", false) => {
                    assert_eq!(result, Err(SignatureError::Unsigned("x-amz-security-token".into())));
                }
                (name, _) => assert_eq!(result, Ok(()), "{name}"),
            }
        }
    }
}

#[test]
fn botocores_vector_passes() {
    let value = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/codepipeline/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
                 Signature=5f1e6627cead1b5533de5ae713cfcbaa1afd66a35c57dd0f704f7c08c808a3da";
    let parts = sample::head(
        "POST",
        "/",
        &[
            ("host", "127.0.0.1:8080"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", "20260102T030405Z"),
            ("x-amz-target", "CodePipeline_20150709.GetPipeline"),
            ("user-agent", "aws-cli/2"),
            ("amz-sdk-request", "attempt=1"),
            ("authorization", value),
        ],
    );
    let expected = Scope { region: "us-east-1", services: &["codepipeline"] };
    let check = |secret: &Secret, body: &[u8]| {
        verify(&parse(&parts).unwrap(), &parts, &BodyHash::of(body), secret, &expected, sample::NOW)
    };
    assert_eq!(check(&sample::secret(), br#"{"name": "demo"}"#), Ok(()));
    assert_eq!(check(&sample::secret(), br#"{"name":"demo"}"#), Err(SignatureError::Mismatch));
    assert_eq!(check(&Secret::new("another"), br#"{"name": "demo"}"#), Err(SignatureError::Mismatch));
}
