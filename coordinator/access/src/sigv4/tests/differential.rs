//! What the AWS SDK signs is accepted, for generated requests, in header and query form.

use super::sample::{NOW, REGION, check};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use http::Request;
use proptest::prelude::*;
use std::time::{Duration, SystemTime};

#[derive(Debug, Clone)]
struct Generated {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    token: Option<String>,
    is_s3: bool,
    is_presigned: bool,
}

fn generated() -> impl Strategy<Value = Generated> {
    // What an SDK encodes in a path: S3 decodes and encodes again, so needless encodings are signed by nobody.
    let encoded = "(%20|%25|%2B|%3D|%40|%C3%A9|%3A){1,3}";
    let segment = prop_oneof!["[a-zA-Z0-9._~-]{0,6}", encoded, Just("..".into()), Just(".".into())];
    let path = proptest::collection::vec(segment, 0..6).prop_map(|segments| format!("/{}", segments.join("/")));
    let pair = ("[a-zA-Z0-9_.-]{1,5}", "([a-zA-Z0-9._~-]|%[2-7][0-9A-F]|%C3%A9){0,6}");
    let query = proptest::collection::vec(pair, 0..5).prop_map(|pairs| {
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    });
    let headers = proptest::collection::vec(("(my|x-amz-meta)-[a-z]{1,4}", "[ -~]{0,20}"), 0..4);
    (
        proptest::sample::select(vec!["GET", "PUT", "POST", "DELETE"]),
        (path, query),
        headers,
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::option::of("[A-Za-z0-9+/=]{1,40}"),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(method, (path, query), headers, body, token, is_s3, is_presigned)| Generated {
            method,
            target: format!("{path}{query}"),
            headers,
            body: if is_presigned && !is_s3 { Vec::new() } else { body },
            token,
            is_s3,
            is_presigned,
        })
}

fn signed_by_the_sdk(generated: &Generated) -> Request<()> {
    let mut settings = SigningSettings::default();
    if generated.is_s3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if generated.is_presigned {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.expires_in = Some(Duration::from_mins(10));
    }
    let credentials =
        Credentials::new("AKIDEXAMPLE", super::sample::secret().expose(), generated.token.clone(), None, "test");
    let identity: Identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(if generated.is_s3 { "s3" } else { "codebuild" })
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(NOW.0.unsigned_abs()))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let mut request = Request::builder().method(generated.method).uri(format!("http://host:8080{}", generated.target));
    for (name, value) in &generated.headers {
        request = request.header(name, value);
    }
    let mut request = request.body(()).unwrap();
    let headers: Vec<(String, String)> =
        request.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let body = if generated.is_presigned && generated.is_s3 {
        SignableBody::UnsignedPayload
    } else {
        SignableBody::Bytes(&generated.body)
    };
    let uri = request.uri().to_string();
    let borrowed = headers.iter().map(|(name, value)| (&**name, &**value));
    let signable = SignableRequest::new(generated.method, uri, borrowed, body).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request
}

/// As hyper hands it over: the path alone as target, and a `Host` header.
fn as_received(request: Request<()>) -> http::request::Parts {
    let mut parts = request.into_parts().0;
    parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
    super::sample::set(&mut parts, "host", "host:8080");
    parts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_sdk_signs_is_accepted(generated in generated()) {
        let parts = as_received(signed_by_the_sdk(&generated));
        prop_assert_eq!(check(&parts, &generated.body), Ok(()), "{:?}", parts);
        if !generated.is_s3 || !generated.is_presigned {
            let mut other = generated.body.clone();
            other.push(0);
            prop_assert!(check(&parts, &other).is_err());
        }
    }

    #[test]
    fn no_head_makes_reading_panic(
        authorization in "(AWS4-HMAC-SHA256 )?[ -~]{0,200}",
        target in "/[!-~&&[^#\"<>\\\\^`{|}]]{0,100}",
    ) {
        let head = http::Request::builder().uri(&target).header("host", "h").header("authorization", authorization);
        if let Ok(request) = head.body(()) {
            let parts = request.into_parts().0;
            prop_assert!(check(&parts, b"").is_err());
        }
    }
}
