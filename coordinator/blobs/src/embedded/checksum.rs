//! Digests of what arrives: MD5 for the ETag always, and the one checksum that the client asks for.
//!
//! S3 keeps one checksum per object (Amazon S3, "Checking object integrity"): over all bytes (`FULL_OBJECT`), or for
//! parts over their checksums (`COMPOSITE`). s3s verifies none of them; `receive` computes and its callers compare.

use super::error::Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::{CrcAlgorithm, checksum_combine};
use md5::{Digest, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::Checksum as _;
use serde::{Deserialize, Serialize};

/// S3's checksum algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As in `x-amz-checksum-algorithm`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header, or trailer, that carries the value.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    fn crc(self) -> Option<(CrcAlgorithm, usize)> {
        match self {
            Self::Crc32 => Some((CrcAlgorithm::Crc32IsoHdlc, 4)),
            Self::Crc32c => Some((CrcAlgorithm::Crc32Iscsi, 4)),
            Self::Crc64Nvme => Some((CrcAlgorithm::Crc64Nvme, 8)),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// How an upload in parts is summed when its creator does not say: CRC64NVME knows no composite.
    pub(crate) fn default_scope(self) -> Scope {
        if self == Self::Crc64Nvme { Scope::FullObject } else { Scope::Composite }
    }

    /// Whether S3 has this combination.
    pub(crate) fn allows(self, scope: Scope) -> bool {
        match scope {
            Scope::FullObject => self.crc().is_some(),
            Scope::Composite => self != Self::Crc64Nvme,
        }
    }
}

/// What a checksum is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scope {
    FullObject,
    Composite,
}

/// A checksum as S3 writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checksum {
    pub(crate) algorithm: Algorithm,
    /// Base64; a composite one ends in `-` and the number of parts.
    pub(crate) value: String,
    pub(crate) scope: Scope,
}

/// What is computed while bytes pass.
pub(crate) struct Digests {
    md5: Md5,
    hasher: ChecksumHasher,
    algorithm: Option<Algorithm>,
}

impl Digests {
    pub(crate) fn new(algorithm: Option<Algorithm>) -> Self {
        Self { md5: Md5::new(), hasher: hasher(algorithm), algorithm }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.hasher.update(bytes);
    }

    /// The MD5 and the checksum that was asked for.
    pub(crate) fn finish(self) -> ([u8; 16], Option<Checksum>) {
        let value = sum_of(self.hasher);
        let checksum = self.algorithm.zip(value);
        let checksum = checksum.map(|(algorithm, value)| Checksum { algorithm, value, scope: Scope::FullObject });
        (self.md5.finalize().into(), checksum)
    }
}

/// The ETag of an object that was uploaded in parts.
pub(crate) fn etag_of_parts<'a>(etags: impl ExactSizeIterator<Item = &'a str>) -> Option<String> {
    let parts = etags.len();
    let mut all = Md5::new();
    for etag in etags {
        all.update(hex::decode(etag).ok()?);
    }
    Some(format!("{}-{parts}", hex::encode(all.finalize())))
}

/// The checksum of an object from those of its parts, each with its size in bytes.
pub(crate) fn of_parts(algorithm: Algorithm, scope: Scope, parts: &[(&str, u64)]) -> Result<Checksum, Error> {
    let value = match scope {
        Scope::Composite => composite(algorithm, parts),
        Scope::FullObject => full_object(algorithm, parts),
    };
    let value =
        value.ok_or_else(|| Error::BadRequest(format!("{} cannot be summed over parts so", algorithm.name())))?;
    Ok(Checksum { algorithm, value, scope })
}

fn composite(algorithm: Algorithm, parts: &[(&str, u64)]) -> Option<String> {
    let mut hasher = hasher(Some(algorithm));
    for (value, _) in parts {
        hasher.update(&BASE64.decode(value).ok()?);
    }
    Some(format!("{}-{}", sum_of(hasher)?, parts.len()))
}

fn full_object(algorithm: Algorithm, parts: &[(&str, u64)]) -> Option<String> {
    let (crc, width) = algorithm.crc()?;
    let mut whole = None;
    for (value, size) in parts {
        let part = number(&BASE64.decode(value).ok()?)?;
        whole = Some(whole.map_or(part, |sum| checksum_combine(crc, sum, part, *size)));
    }
    let bytes = whole?.to_be_bytes();
    Some(BASE64.encode(bytes.get(8 - width..)?))
}

fn number(bytes: &[u8]) -> Option<u64> {
    let mut wide = [0; 8];
    wide.get_mut(8usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(u64::from_be_bytes(wide))
}

fn hasher(algorithm: Option<Algorithm>) -> ChecksumHasher {
    let mut hasher = ChecksumHasher::default();
    match algorithm {
        Some(Algorithm::Crc32) => hasher.crc32 = Some(s3s::crypto::Crc32::new()),
        Some(Algorithm::Crc32c) => hasher.crc32c = Some(s3s::crypto::Crc32c::new()),
        Some(Algorithm::Crc64Nvme) => hasher.crc64nvme = Some(s3s::crypto::Crc64Nvme::new()),
        Some(Algorithm::Sha1) => hasher.sha1 = Some(s3s::crypto::Sha1::new()),
        Some(Algorithm::Sha256) => hasher.sha256 = Some(s3s::crypto::Sha256::new()),
        None => {}
    }
    hasher
}

fn sum_of(hasher: ChecksumHasher) -> Option<String> {
    let sum = hasher.finalize();
    sum.checksum_crc32.or(sum.checksum_crc32c).or(sum.checksum_crc64nvme).or(sum.checksum_sha1).or(sum.checksum_sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(algorithm: Algorithm, bytes: &[u8]) -> String {
        let mut digests = Digests::new(Some(algorithm));
        digests.update(bytes);
        digests.finish().1.unwrap().value
    }

    #[test]
    fn crcs_of_parts_combine_to_the_crc_of_the_whole() {
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let parts = [sum(algorithm, b"hello "), sum(algorithm, b""), sum(algorithm, b"world")];
            let parts = [(parts[0].as_str(), 6), (parts[1].as_str(), 0), (parts[2].as_str(), 5)];
            let whole = of_parts(algorithm, Scope::FullObject, &parts).unwrap();
            assert_eq!(whole.value, sum(algorithm, b"hello world"), "{algorithm:?}");
        }
    }

    #[test]
    fn a_composite_checksum_is_over_the_checksums_and_counts_them() {
        let part = sum(Algorithm::Sha256, b"x");
        let composite = of_parts(Algorithm::Sha256, Scope::Composite, &[(&part, 1)]).unwrap();
        assert_eq!(composite.value, format!("{}-1", sum(Algorithm::Sha256, &BASE64.decode(&part).unwrap())));
        assert!(of_parts(Algorithm::Sha256, Scope::FullObject, &[(&part, 1)]).is_err());
    }

    #[test]
    fn known_values_are_met() {
        assert_eq!(sum(Algorithm::Crc32, b"123456789"), BASE64.encode(0xcbf4_3926_u32.to_be_bytes()));
        assert_eq!(sum(Algorithm::Crc64Nvme, b"123456789"), BASE64.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes()));
    }
}
