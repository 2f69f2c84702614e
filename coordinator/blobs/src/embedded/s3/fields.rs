//! Fields that many inputs and outputs of s3s share, under the same names: checksums, attributes, conditions, times.

use super::super::checksum::{Algorithm, Checksum, Scope};
use super::super::condition::Tag;
use super::super::entry::Entry;
use super::super::error::Error;
use super::super::receive::Stated;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use s3s::dto::{ChecksumType, ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result};
use std::time::{Duration, SystemTime};

/// The checksum that an input states; more than one is refused.
macro_rules! stated_checksum {
    ($input:expr) => {
        $crate::embedded::s3::fields::only_one([
            (Algorithm::Crc32, $input.checksum_crc32.clone()),
            (Algorithm::Crc32c, $input.checksum_crc32c.clone()),
            (Algorithm::Crc64Nvme, $input.checksum_crc64nvme.clone()),
            (Algorithm::Sha1, $input.checksum_sha1.clone()),
            (Algorithm::Sha256, $input.checksum_sha256.clone()),
        ])
    };
}

/// Sets an output's checksum.
macro_rules! show_checksum {
    ($output:expr, $checksum:expr) => {
        if let Some(checksum) = $checksum {
            let value = Some(checksum.value.clone());
            match checksum.algorithm {
                Algorithm::Crc32 => $output.checksum_crc32 = value,
                Algorithm::Crc32c => $output.checksum_crc32c = value,
                Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
                Algorithm::Sha1 => $output.checksum_sha1 = value,
                Algorithm::Sha256 => $output.checksum_sha256 = value,
            }
        }
    };
}

/// The attributes that an input gives an object.
macro_rules! attributes {
    ($input:expr) => {
        Attributes {
            content_type: $input.content_type.clone(),
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $crate::embedded::s3::fields::own_encoding($input.content_encoding.as_deref()),
            content_language: $input.content_language.clone(),
            expires: $input.expires.as_ref().map($crate::embedded::s3::fields::seconds),
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
        }
    };
}

/// Sets what an output says of an object.
macro_rules! show_entry {
    ($output:expr, $entry:expr, $with_checksum:expr) => {{
        let attributes = &$entry.attributes;
        $output.accept_ranges = Some("bytes".to_owned());
        $output.content_type =
            Some(attributes.content_type.clone().unwrap_or_else(|| "binary/octet-stream".to_owned()));
        $output.cache_control = attributes.cache_control.clone();
        $output.content_disposition = attributes.content_disposition.clone();
        $output.content_encoding = attributes.content_encoding.clone();
        $output.content_language = attributes.content_language.clone();
        $output.expires = attributes.expires.map($crate::embedded::s3::fields::at_seconds);
        $output.e_tag = Some(ETag::Strong($entry.etag.clone()));
        $output.last_modified = Some($crate::embedded::s3::fields::at($entry.modified_ms));
        $output.metadata = Some(attributes.metadata.clone().into_iter().collect());
        if $with_checksum {
            $output.checksum_type = $entry.checksum.as_ref().map($crate::embedded::s3::fields::scope);
            show_checksum!($output, &$entry.checksum);
        }
    }};
}

pub(crate) use {attributes, show_checksum, show_entry, stated_checksum};

pub(crate) fn only_one(stated: [(Algorithm, Option<String>); 5]) -> Result<Option<(Algorithm, String)>, Error> {
    let mut stated = stated.into_iter().filter_map(|(algorithm, value)| value.map(|value| (algorithm, value)));
    match (stated.next(), stated.next()) {
        (_, Some(_)) => Err(Error::BadRequest("a request has one x-amz-checksum header at most".into())),
        (one, None) => Ok(one),
    }
}

/// What a request says of its body.
pub(crate) fn stated<T>(
    request: &S3Request<T>,
    length: Option<i64>,
    md5: Option<&str>,
    checksum: Option<(Algorithm, String)>,
) -> S3Result<Stated> {
    let trailed = trailed_algorithm(&request.headers);
    let length = length.map(u64::try_from).transpose().map_err(|_| S3Error::from(S3ErrorCode::InvalidRequest))?;
    let md5 = md5.map(|text| BASE64.decode(text).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()));
    if md5 == Some(None) {
        return Err(S3ErrorCode::InvalidDigest.into());
    }
    let (algorithm, checksum) = match checksum {
        Some((algorithm, value)) => (Some(algorithm), Some(value)),
        None => (trailed, None),
    };
    let trailer = trailed.filter(|_| checksum.is_none()).and(request.trailing_headers.clone());
    Ok(Stated { length, md5: md5.flatten(), algorithm, checksum, trailer })
}

fn trailed_algorithm(headers: &HeaderMap) -> Option<Algorithm> {
    let announced = headers.get("x-amz-trailer")?.to_str().ok()?;
    let mut names = announced.split(',').map(str::trim);
    names.find_map(|name| Algorithm::ALL.into_iter().find(|algorithm| algorithm.header().eq_ignore_ascii_case(name)))
}

/// `aws-chunked` is how the body travelled, not what the object is.
pub(crate) fn own_encoding(encoding: Option<&str>) -> Option<String> {
    let own: Vec<&str> =
        encoding?.split(',').map(str::trim).filter(|part| !part.eq_ignore_ascii_case("aws-chunked")).collect();
    (!own.is_empty() && own != [""]).then(|| own.join(","))
}

pub(crate) fn scope(checksum: &Checksum) -> ChecksumType {
    scope_type(checksum.scope)
}

pub(crate) fn scope_type(scope: Scope) -> ChecksumType {
    ChecksumType::from_static(match scope {
        Scope::FullObject => ChecksumType::FULL_OBJECT,
        Scope::Composite => ChecksumType::COMPOSITE,
    })
}

pub(crate) fn tag(condition: ETagCondition) -> Tag {
    match condition {
        ETagCondition::Any => Tag::Any,
        ETagCondition::ETag(etag) => Tag::Value(etag.into_value()),
    }
}

pub(crate) fn seconds(time: &Timestamp) -> i64 {
    time::OffsetDateTime::from(time.clone()).unix_timestamp()
}

pub(crate) fn at(ms: i64) -> Timestamp {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_millis(ms.unsigned_abs()))
        .unwrap_or(SystemTime::UNIX_EPOCH)
        .into()
}

pub(crate) fn at_seconds(seconds: i64) -> Timestamp {
    time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH).into()
}

/// A size or count as S3's models have it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// There are no versions; `null` is what S3 calls an object without one.
pub(crate) fn no_version(version: Option<&str>) -> Result<(), Error> {
    match version {
        None | Some("null") => Ok(()),
        Some(version) => Err(Error::NoVersion(version.to_owned())),
    }
}

/// Headers that an answer of 304 or 412 carries as well.
pub(crate) fn validators(entry: &Entry) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(etag) = ETag::Strong(entry.etag.clone()).to_http_header() {
        headers.insert(http::header::ETAG, etag);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_chunked_is_no_encoding_of_the_object() {
        assert_eq!(own_encoding(Some("aws-chunked")), None);
        assert_eq!(own_encoding(Some("gzip, aws-chunked")).as_deref(), Some("gzip"));
        assert_eq!(own_encoding(Some("gzip")).as_deref(), Some("gzip"));
        assert_eq!(own_encoding(None), None);
    }
}
