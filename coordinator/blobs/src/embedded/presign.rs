//! URLs that carry their own permission: SigV4 in the query (AWS, "Authenticating Requests: Using Query Parameters").
//! Pure; the time is passed in. s3s verifies them.

use super::endpoint::Endpoint;
use super::percent;
use crate::seam::Error;
use buildyard_model::{Secret, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Longest validity (AWS).
pub(crate) const VALID_MAX: Duration = Duration::from_hours(7 * 24);

/// Signs URLs of one moment and validity; the key is derived once.
pub(crate) struct Signer {
    base: String,
    host: String,
    date_time: String,
    scope: String,
    credential: String,
    expires: String,
    key: [u8; 32],
}

impl Signer {
    /// A signer for URLs that are valid for a time from now on.
    pub(crate) fn new(
        endpoint: &Endpoint,
        region: &str,
        access_key: &str,
        secret_key: &Secret,
        now: Timestamp,
        valid: Duration,
    ) -> Result<Self, Error> {
        if valid < Duration::from_secs(1) || valid > VALID_MAX {
            return Err(Error::Refused("a presigned URL is valid for 1 second to 7 days".into()));
        }
        let utc = now.to_utc();
        let date = format!("{:04}{:02}{:02}", utc.year(), u8::from(utc.month()), utc.day());
        let date_time = format!("{date}T{:02}{:02}{:02}Z", utc.hour(), utc.minute(), utc.second());
        let scope = format!("{date}/{region}/s3/aws4_request");
        let mut key = mac(format!("AWS4{}", secret_key.expose()).as_bytes(), date.as_bytes());
        for step in [region, "s3", "aws4_request"] {
            key = mac(&key, step.as_bytes());
        }
        Ok(Self {
            base: endpoint.url(),
            host: endpoint.authority().to_owned(),
            credential: format!("{access_key}/{scope}"),
            expires: valid.as_secs().to_string(),
            date_time,
            scope,
            key,
        })
    }

    /// A URL for one method on one object, with further query parameters.
    pub(crate) fn url(&self, method: &str, bucket: &str, key: &str, parameters: &[(&str, &str)]) -> String {
        let path = format!("/{bucket}/{}", percent::encode(key, true));
        let query = self.query(parameters);
        let request = format!("{method}\n{path}\n{query}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD", self.host);
        let digest = hex::encode(Sha256::digest(request.as_bytes()));
        let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{}\n{digest}", self.date_time, self.scope);
        let signature = hex::encode(mac(&self.key, to_sign.as_bytes()));
        format!("{}{path}?{query}&X-Amz-Signature={signature}", self.base)
    }

    /// Every parameter but the signature, encoded and in order.
    fn query(&self, parameters: &[(&str, &str)]) -> String {
        let signing = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", self.credential.as_str()),
            ("X-Amz-Date", self.date_time.as_str()),
            ("X-Amz-Expires", self.expires.as_str()),
            ("X-Amz-SignedHeaders", "host"),
        ];
        let encoded = |(name, value): &(&str, &str)| {
            format!("{}={}", percent::encode(name, false), percent::encode(value, false))
        };
        let mut pairs: Vec<String> = signing.iter().chain(parameters).map(encoded).collect();
        pairs.sort_unstable();
        pairs.join("&")
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_aws_manual_is_reproduced() {
        // "Example" of "Authenticating Requests: Using Query Parameters", with a path-style host of that bucket.
        let endpoint = Endpoint::parse("https://examplebucket.s3.amazonaws.com").unwrap();
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let now = Timestamp(1_369_353_600_000);
        let day = Duration::from_hours(24);
        let signer = Signer::new(&endpoint, "us-east-1", "AKIAIOSFODNN7EXAMPLE", &secret, now, day).unwrap();
        assert_eq!(signer.scope, "20130524/us-east-1/s3/aws4_request");
        let request = format!(
            "GET\n/test.txt\n{}\nhost:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD",
            signer.query(&[])
        );
        let digest = hex::encode(Sha256::digest(request.as_bytes()));
        assert_eq!(digest, "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04");
        let to_sign = format!("AWS4-HMAC-SHA256\n20130524T000000Z\n{}\n{digest}", signer.scope);
        let signature = hex::encode(mac(&signer.key, to_sign.as_bytes()));
        assert_eq!(signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    }

    #[test]
    fn a_validity_beyond_seven_days_is_refused() {
        let endpoint = Endpoint::parse("http://x").unwrap();
        for valid in [Duration::ZERO, VALID_MAX + Duration::from_secs(1)] {
            assert!(Signer::new(&endpoint, "r", "a", &Secret::new("s"), Timestamp(0), valid).is_err());
        }
    }
}
