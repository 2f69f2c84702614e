//! What a request must look like before s3s checks its signature. Pure.
//!
//! s3s verifies what is signed; this refuses what is not signed, signed twice, or signed for elsewhere (reliability
//! S13–S17, S20, S21), the old signature version 2, and forms, whose files s3s would hold in memory. Invariant: nothing
//! anonymous gets behind this.

use super::percent;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use s3s::{S3Error, S3ErrorCode, S3Result};

/// Longest validity of a presigned URL in seconds (AWS).
const EXPIRES_MAX_S: u32 = 7 * 24 * 60 * 60;
/// Longest access key id that is looked at; AWS's have up to 128 characters.
const ACCESS_KEY_MAX_BYTES: usize = 128;

/// Refuses what must not come before the signature check.
pub(crate) fn admit(request: &Parts, region: &str) -> S3Result<()> {
    let headers = &request.headers;
    one_host(request)?;
    no_doubles(headers)?;
    no_form(request)?;
    if headers.contains_key("x-amz-security-token") {
        return Err(error(S3ErrorCode::InvalidToken, "no temporary credentials are given out here"));
    }
    let query = Query::parse(request.uri.query().unwrap_or_default())?;
    let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    match (authorization, query.signature) {
        (None, false) => Err(error(S3ErrorCode::AccessDenied, "requests must be signed")),
        (Some(_), true) => {
            Err(error(S3ErrorCode::InvalidArgument, "a request is signed in its headers or its query, not both"))
        }
        (Some(authorization), false) => signed_in_headers(authorization, headers, region),
        (None, true) => signed_in_query(&query, headers, region),
    }
}

fn one_host(request: &Parts) -> S3Result<()> {
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    let authority = request.uri.authority().map(http::uri::Authority::as_str);
    let agree = match (first.and_then(|host| host.to_str().ok()), authority) {
        (Some(host), Some(authority)) => host.eq_ignore_ascii_case(authority),
        (None, None) => false,
        _ => true,
    };
    if second.is_none() && agree { Ok(()) } else { Err(invalid("a request names exactly one host")) }
}

fn no_doubles(headers: &HeaderMap) -> S3Result<()> {
    for name in headers.keys() {
        let matters =
            name.as_str().starts_with("x-amz-") || *name == header::AUTHORIZATION || *name == header::CONTENT_TYPE;
        if matters && headers.get_all(name).iter().nth(1).is_some() {
            return Err(invalid(format!("header {name} is there twice")));
        }
    }
    Ok(())
}

fn no_form(request: &Parts) -> S3Result<()> {
    let content_type = request.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let is_form = content_type.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
    if request.method == Method::POST && is_form {
        return Err(error(S3ErrorCode::NotImplemented, "objects are uploaded with PUT, not as forms"));
    }
    Ok(())
}

fn signed_in_headers(authorization: &str, headers: &HeaderMap, region: &str) -> S3Result<()> {
    let Some(fields) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return Err(invalid("only AWS4-HMAC-SHA256 signatures are accepted"));
    };
    let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let (Some(credential), Some(signed)) = (field("Credential"), field("SignedHeaders")) else {
        return Err(error(S3ErrorCode::AuthorizationHeaderMalformed, "the authorization header lacks a field"));
    };
    check_scope(credential, region)?;
    check_signed(signed, headers, |name| name.starts_with("x-amz-") || name == "content-type")
}

fn signed_in_query(query: &Query, headers: &HeaderMap, region: &str) -> S3Result<()> {
    let malformed = |text: &'static str| error(S3ErrorCode::AuthorizationQueryParametersError, text);
    let (Some(credential), Some(signed)) = (&query.credential, &query.signed_headers) else {
        return Err(malformed("a presigned URL lacks a parameter"));
    };
    let expires = query.expires.as_deref().and_then(|expires| expires.parse::<u32>().ok());
    if !expires.is_some_and(|expires| (1..=EXPIRES_MAX_S).contains(&expires)) {
        return Err(malformed("X-Amz-Expires is 1 to 604800 seconds"));
    }
    check_scope(credential, region)?;
    // The body's hash is not known when the URL is made; s3s checks it against the body.
    check_signed(signed, headers, |name| name.starts_with("x-amz-") && name != "x-amz-content-sha256")
}

/// `<key>/<date>/<region>/s3/aws4_request`. Key ids may hold slashes, the rest may not.
fn check_scope(credential: &str, region: &str) -> S3Result<()> {
    let mut scope = credential.rsplitn(5, '/');
    let parts = (scope.next(), scope.next(), scope.next(), scope.next(), scope.next());
    let (Some("aws4_request"), Some("s3"), Some(signed_region), Some(_), Some(access_key)) = parts else {
        return Err(error(S3ErrorCode::AuthorizationHeaderMalformed, "the credential is not for S3 with aws4_request"));
    };
    if access_key.is_empty() || access_key.len() > ACCESS_KEY_MAX_BYTES {
        return Err(error(S3ErrorCode::InvalidAccessKeyId, "that is no access key id"));
    }
    if signed_region != region {
        let text = format!("the region '{}' is wrong; expecting '{region}'", short(signed_region));
        return Err(error(S3ErrorCode::AuthorizationHeaderMalformed, text));
    }
    Ok(())
}

fn check_signed(signed: &str, headers: &HeaderMap, must: impl Fn(&str) -> bool) -> S3Result<()> {
    let signed: Vec<&str> = signed.split(';').collect();
    if !signed.contains(&"host") {
        return Err(error(S3ErrorCode::AccessDenied, "the host header is not signed"));
    }
    match headers.keys().find(|name| must(name.as_str()) && !signed.contains(&name.as_str())) {
        Some(name) => Err(error(S3ErrorCode::AccessDenied, format!("header {name} is there but not signed"))),
        None => Ok(()),
    }
}

/// The signing parameters of a query.
#[derive(Debug, Default)]
struct Query {
    signature: bool,
    credential: Option<String>,
    signed_headers: Option<String>,
    expires: Option<String>,
}

impl Query {
    fn parse(query: &str) -> S3Result<Self> {
        let mut parsed = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = percent::decode(name) else { continue };
            let field = match name.as_str() {
                "X-Amz-Credential" => &mut parsed.credential,
                "X-Amz-SignedHeaders" => &mut parsed.signed_headers,
                "X-Amz-Expires" => &mut parsed.expires,
                "X-Amz-Signature" if !parsed.signature => {
                    parsed.signature = true;
                    continue;
                }
                "X-Amz-Signature" => return Err(invalid("parameter X-Amz-Signature is there twice")),
                "X-Amz-Security-Token" => {
                    return Err(error(S3ErrorCode::InvalidToken, "no temporary credentials are given out here"));
                }
                "Signature" | "AWSAccessKeyId" => return Err(invalid("only AWS4-HMAC-SHA256 signatures are accepted")),
                _ => continue,
            };
            if field.replace(percent::decode(value).unwrap_or_default()).is_some() {
                return Err(invalid(format!("parameter {name} is there twice")));
            }
        }
        Ok(parsed)
    }
}

fn short(text: &str) -> String {
    text.chars().take(32).collect()
}

fn invalid(text: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    error(S3ErrorCode::InvalidRequest, text)
}

fn error(code: S3ErrorCode, text: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    S3Error::with_message(code, text)
}

#[cfg(test)]
mod tests;
