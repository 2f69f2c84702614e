//! Reading objects.

use super::super::checksum::Algorithm;
use super::super::condition::{Conditions, Verdict};
use super::super::entry::Entry;
use super::Operations;
use super::fields::{no_version, seconds, show_checksum, show_entry, signed, tag, validators};
use s3s::dto::{ChecksumMode, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StreamingBlob};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result, s3_error};
use std::ops::Range;

/// Which bytes of an object are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Selection {
    Whole,
    Range(Range<u64>),
}

macro_rules! conditions {
    ($input:expr) => {
        Conditions {
            matches: $input.if_match.take().map(tag),
            differs: $input.if_none_match.take().map(tag),
            modified_since: $input.if_modified_since.as_ref().map(seconds),
            unmodified_since: $input.if_unmodified_since.as_ref().map(seconds),
        }
    };
}

impl Operations {
    pub(super) async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<GetObjectOutput> {
        let mut input = request.input;
        no_version(input.version_id.as_deref())?;
        let (bucket, key) = (input.bucket, input.key);
        let (entry, source) = self.run(move |store| store.open_object(&bucket, &key)).await?;
        check(&conditions!(input), &entry)?;
        let selection = select(&entry, input.range, input.part_number)?;
        let wants_checksum = input.checksum_mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED);
        let whole = selection == Selection::Whole;
        let mut output = GetObjectOutput::default();
        show_entry!(output, entry, wants_checksum && whole);
        output.parts_count = input.part_number.and(parts_count(&entry));
        let (content_length, content_range) = extent(&entry, &selection);
        output.content_length = Some(content_length);
        output.content_range = content_range;
        let source = match &selection {
            Selection::Whole => source,
            Selection::Range(range) => source.slice(range),
        };
        output.body = Some(StreamingBlob::wrap(source.stream()));
        Ok(output)
    }

    pub(super) async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<HeadObjectOutput> {
        let mut input = request.input;
        no_version(input.version_id.as_deref())?;
        let (bucket, key) = (input.bucket, input.key);
        let entry = self.run(move |store| store.entry(&bucket, &key)).await?;
        check(&conditions!(input), &entry)?;
        let selection = select(&entry, input.range, input.part_number)?;
        let wants_checksum = input.checksum_mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED);
        let mut output = HeadObjectOutput::default();
        show_entry!(output, entry, wants_checksum && selection == Selection::Whole);
        output.parts_count = input.part_number.and(parts_count(&entry));
        let (content_length, content_range) = extent(&entry, &selection);
        output.content_length = Some(content_length);
        output.content_range = content_range;
        Ok(output)
    }
}

fn check(conditions: &Conditions, entry: &Entry) -> S3Result<()> {
    let code = match conditions.read(entry) {
        Verdict::Go => return Ok(()),
        Verdict::NotModified => S3ErrorCode::NotModified,
        Verdict::Failed => S3ErrorCode::PreconditionFailed,
    };
    let mut error = S3Error::new(code);
    error.set_headers(validators(entry));
    Err(error)
}

fn select(entry: &Entry, range: Option<s3s::dto::Range>, part: Option<i32>) -> S3Result<Selection> {
    match (range, part) {
        (None, None) => Ok(Selection::Whole),
        (Some(_), Some(_)) => Err(s3_error!(InvalidRequest, "a range and a part number cannot be asked for together")),
        // A suffix of nothing is not satisfiable either.
        (Some(_), None) if entry.size == 0 => Err(S3ErrorCode::InvalidRange.into()),
        (Some(range), None) => Ok(Selection::Range(range.check(entry.size)?)),
        (None, Some(part)) => part_range(entry, part).map(Selection::Range),
    }
}

/// Objects of one PUT have one part. Parts are counted from 1 without gaps, whatever their numbers were.
fn part_range(entry: &Entry, part: i32) -> S3Result<Range<u64>> {
    let sizes: Vec<u64> = match &entry.blob {
        Some(blob) => blob.files.iter().map(|file| file.size).collect(),
        None => vec![entry.size],
    };
    let index = usize::try_from(part).ok().and_then(|part| part.checked_sub(1));
    let index = index.ok_or_else(|| s3_error!(InvalidArgument, "part numbers begin at 1"))?;
    let size = sizes.get(index).ok_or(S3ErrorCode::InvalidPart)?;
    let start: u64 = sizes.iter().take(index).sum();
    Ok(start..start + size)
}

fn parts_count(entry: &Entry) -> Option<i32> {
    i32::try_from(entry.parts()?).ok()
}

fn extent(entry: &Entry, selection: &Selection) -> (i64, Option<String>) {
    match selection {
        Selection::Whole => (signed(entry.size), None),
        Selection::Range(range) if range.is_empty() => (0, None),
        Selection::Range(range) => {
            let text = format!("bytes {}-{}/{}", range.start, range.end - 1, entry.size);
            (signed(range.end - range.start), Some(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::entry::{Attributes, BlobFile, BlobRef};
    use super::*;

    fn entry(sizes: &[u64]) -> Entry {
        let files = sizes.iter().map(|size| BlobFile { name: String::new(), size: *size }).collect();
        Entry {
            size: sizes.iter().sum(),
            etag: "e".into(),
            modified_ms: 0,
            attributes: Attributes::default(),
            checksum: None,
            blob: Some(BlobRef { id: String::new(), files }),
            upload: None,
        }
    }

    #[test]
    fn a_part_is_the_range_of_its_bytes() {
        let entry = entry(&[5, 7, 1]);
        assert_eq!(part_range(&entry, 2).unwrap(), 5..12);
        assert!(part_range(&entry, 0).is_err() && part_range(&entry, 4).is_err());
        assert_eq!(extent(&entry, &Selection::Range(5..12)), (7, Some("bytes 5-11/13".into())));
    }

    #[test]
    fn no_range_of_an_empty_object_can_be_satisfied() {
        let suffix = Some(s3s::dto::Range::Suffix { length: 3 });
        assert!(select(&entry(&[]), suffix, None).is_err());
        assert_eq!(select(&entry(&[]), None, None).unwrap(), Selection::Whole);
    }
}
