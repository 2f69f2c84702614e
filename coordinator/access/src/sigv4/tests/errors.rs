//! What each dialect answers.

use crate::sigv4::{Dialect, SignatureError, parse};

#[test]
fn each_dialect_has_its_own_codes() {
    let code = |error: &SignatureError| {
        [Dialect::Json, Dialect::Query, Dialect::S3].map(|dialect| {
            let answer = error.answer(dialect);
            (answer.status, answer.code)
        })
    };
    let nothing = parse(&super::sample::head("GET", "/", &[("host", "h")])).unwrap_err();
    assert_eq!(
        code(&nothing),
        [(403, "MissingAuthenticationTokenException"), (403, "MissingAuthenticationToken"), (403, "AccessDenied")]
    );
    assert_eq!(
        code(&SignatureError::Mismatch),
        [(403, "InvalidSignatureException"), (403, "SignatureDoesNotMatch"), (403, "SignatureDoesNotMatch")]
    );
    assert_eq!(
        code(&SignatureError::InvalidToken),
        [(403, "UnrecognizedClientException"), (403, "InvalidClientTokenId"), (403, "InvalidAccessKeyId")]
    );
    assert_eq!(
        code(&SignatureError::PresignedExpired),
        [(403, "InvalidSignatureException"), (403, "RequestExpired"), (403, "AccessDenied")]
    );
    assert_eq!(
        code(&SignatureError::Incomplete(String::new())),
        [(403, "IncompleteSignatureException"), (403, "IncompleteSignature"), (400, "AuthorizationHeaderMalformed")]
    );
}

#[test]
fn s3_words_a_wrong_clock_in_its_own_way() {
    let error = SignatureError::Expired { signed: "a".into(), bound: "b".into(), now: "c".into() };
    assert_eq!(error.answer(Dialect::Json).message, "Signature expired: a is now earlier than b (c - 15 min.)");
    let answer = error.answer(Dialect::S3);
    assert_eq!((answer.status, answer.code), (403, "RequestTimeTooSkewed"));
    assert!(answer.message.starts_with("The difference between the request time"));
}
