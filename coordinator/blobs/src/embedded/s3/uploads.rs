//! Uploads in parts.

use super::super::blob::Owner;
use super::super::checksum::{Algorithm, Scope};
use super::super::condition::Conditions;
use super::super::entry::Attributes;
use super::super::error::Error;
use super::super::receive::Stated;
use super::super::upload::{self, Completion, Named, Part, Upload};
use super::Operations;
use super::fields::{self, at, attributes, scope_type, show_checksum, signed, stated_checksum, tag};
use super::listings::{encoder, page};
use super::writes::source;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType, CommonPrefix,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CopyPartResult,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, UploadPartCopyInput,
    UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::stream::ByteStream;
use s3s::{S3ErrorCode, S3Request, S3Result, s3_error};

impl Operations {
    pub(super) async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let input = request.input;
        let checksum = checksum_wanted(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
        let owner = owner(&input.bucket, &input.key);
        let attributes = attributes!(input);
        let begin = move |store: &super::Store| {
            store.begin_upload(&Upload { owner, begun_ms: store.now().0, attributes, checksum })
        };
        let id = self.run(begin).await?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            checksum_algorithm: checksum.map(|(algorithm, _)| algorithm_name(algorithm)),
            checksum_type: checksum.map(|(_, scope)| scope_type(scope)),
            ..CreateMultipartUploadOutput::default()
        })
    }

    pub(super) async fn upload_part(&self, mut request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let body = request.input.body.take().ok_or(S3ErrorCode::IncompleteBody)?;
        let input = &request.input;
        let checksum = stated_checksum!(input)?;
        let length = input
            .content_length
            .or_else(|| body.remaining_length().exact().and_then(|exact| i64::try_from(exact).ok()));
        let stated = fields::stated(&request, length, input.content_md5.as_deref(), checksum)?;
        let number = number(input.part_number);
        let owner = owner(&input.bucket, &input.key);
        let part = upload::put_part(&self.store, owner, input.upload_id.clone(), number, stated, body).await?;
        let mut output = UploadPartOutput { e_tag: Some(ETag::Strong(part.etag)), ..UploadPartOutput::default() };
        show_checksum!(output, &part.checksum);
        Ok(output)
    }

    pub(super) async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<UploadPartCopyOutput> {
        let input = request.input;
        let from = source(&input.copy_source)?;
        let (entry, whole) = self.run(move |store| store.open_object(&from.bucket, &from.key)).await?;
        let range = input.copy_source_range.as_deref().map(s3s::dto::Range::parse).transpose();
        let range = range.map_err(|_| s3_error!(InvalidArgument, "x-amz-copy-source-range is bytes=first-last"))?;
        let wanted = match range {
            Some(range) => range.check(entry.size)?,
            None => 0..entry.size,
        };
        let stated = Stated { length: Some(wanted.end - wanted.start), ..Stated::default() };
        let body = whole.slice(&wanted).stream();
        let owner = owner(&input.bucket, &input.key);
        let part =
            upload::put_part(&self.store, owner, input.upload_id, number(input.part_number), stated, body).await?;
        let mut result = CopyPartResult {
            e_tag: Some(ETag::Strong(part.etag)),
            last_modified: Some(at(part.modified_ms)),
            ..CopyPartResult::default()
        };
        show_checksum!(result, &part.checksum);
        Ok(UploadPartCopyOutput { copy_part_result: Some(result), ..UploadPartCopyOutput::default() })
    }

    pub(super) async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<ListPartsOutput> {
        let input = request.input;
        let limit = page(input.max_parts)?;
        let after = number(input.part_number_marker.unwrap_or_default());
        let (owner, id) = (owner(&input.bucket, &input.key), input.upload_id.clone());
        let list = move |store: &super::Store| {
            let upload = store.upload(&owner, &id)?;
            let parts = store.parts(&owner, &id, after, usize::try_from(limit).unwrap_or_default())?;
            Ok((upload, parts))
        };
        let (upload, (parts, more)) = self.run(list).await?;
        let next = parts.last().filter(|_| more).and_then(|(number, _)| i32::try_from(*number).ok());
        Ok(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            part_number_marker: input.part_number_marker,
            next_part_number_marker: next,
            max_parts: Some(limit),
            is_truncated: Some(more),
            parts: Some(parts.into_iter().map(listed_part).collect()),
            checksum_algorithm: upload.checksum.map(|(algorithm, _)| algorithm_name(algorithm)),
            checksum_type: upload.checksum.map(|(_, scope)| scope_type(scope)),
            ..ListPartsOutput::default()
        })
    }

    pub(super) async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<ListMultipartUploadsOutput> {
        let input = request.input;
        let limit = page(input.max_uploads)?;
        let encode = encoder(input.encoding_type.as_ref())?;
        let bucket = input.bucket.clone();
        let uploads = self.run(move |store| store.uploads_into(&bucket)).await?;
        let (prefix, delimiter) =
            (input.prefix.as_deref().unwrap_or_default(), input.delimiter.as_deref().unwrap_or_default());
        let marker = (input.key_marker.as_deref().unwrap_or_default(), input.upload_id_marker.as_deref());
        let (page, folded, more) =
            page_of_uploads(&uploads, prefix, delimiter, marker, usize::try_from(limit).unwrap_or_default());
        let last = page.last().filter(|_| more);
        Ok(ListMultipartUploadsOutput {
            next_key_marker: last.map(|(_, upload)| encode(&upload.owner.key)),
            next_upload_id_marker: last.map(|(id, _)| id.clone()),
            uploads: Some(
                page.iter().map(|(id, upload)| listed_upload(id, upload, encode(&upload.owner.key))).collect(),
            ),
            common_prefixes: Some(folded.iter().map(|prefix| CommonPrefix { prefix: Some(encode(prefix)) }).collect()),
            bucket: Some(input.bucket),
            is_truncated: Some(more),
            max_uploads: Some(limit),
            prefix: input.prefix.as_deref().map(&encode),
            delimiter: input.delimiter.as_deref().map(&encode),
            key_marker: input.key_marker.as_deref().map(&encode),
            upload_id_marker: input.upload_id_marker,
            encoding_type: input.encoding_type,
            ..ListMultipartUploadsOutput::default()
        })
    }

    pub(super) async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let input = request.input;
        let completion = Completion {
            checksum: stated_checksum!(input)?,
            size: input.mpu_object_size.and_then(|size| u64::try_from(size).ok()),
            conditions: Conditions {
                matches: input.if_match.map(tag),
                differs: input.if_none_match.map(tag),
                ..Conditions::default()
            },
            parts: named(input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default())?,
        };
        let (owner, id) = (owner(&input.bucket, &input.key), input.upload_id);
        let entry = self.run(move |store| store.complete_upload(&owner, &id, &completion)).await?;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(entry.etag)),
            ..CompleteMultipartUploadOutput::default()
        };
        output.checksum_type = entry.checksum.as_ref().map(fields::scope);
        show_checksum!(output, &entry.checksum);
        Ok(output)
    }

    pub(super) async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<AbortMultipartUploadOutput> {
        let input = request.input;
        let owner = owner(&input.bucket, &input.key);
        self.run(move |store| store.abort_upload(&owner, &input.upload_id)).await?;
        Ok(AbortMultipartUploadOutput::default())
    }
}

fn owner(bucket: &str, key: &str) -> Owner {
    Owner { bucket: bucket.to_owned(), key: key.to_owned() }
}

/// Zero is no part's number.
fn number(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

fn algorithm_name(algorithm: Algorithm) -> ChecksumAlgorithm {
    ChecksumAlgorithm::from_static(algorithm.name())
}

fn checksum_wanted(
    algorithm: Option<&ChecksumAlgorithm>,
    scope: Option<&ChecksumType>,
) -> S3Result<Option<(Algorithm, Scope)>> {
    let Some(algorithm) = algorithm else { return Ok(None) };
    let algorithm =
        Algorithm::named(algorithm.as_str()).ok_or_else(|| s3_error!(InvalidRequest, "no such checksum algorithm"))?;
    let scope = match scope.map(ChecksumType::as_str) {
        None => algorithm.default_scope(),
        Some(ChecksumType::FULL_OBJECT) => Scope::FullObject,
        Some(ChecksumType::COMPOSITE) => Scope::Composite,
        Some(_) => return Err(s3_error!(InvalidRequest, "no such checksum type")),
    };
    if algorithm.allows(scope) {
        Ok(Some((algorithm, scope)))
    } else {
        Err(s3_error!(InvalidRequest, "that checksum type does not go with {}", algorithm.name()))
    }
}

fn named(parts: Vec<CompletedPart>) -> S3Result<Vec<Named>> {
    let name = |part: CompletedPart| {
        let checksum = stated_checksum!(part)?;
        let number = number(part.part_number.unwrap_or_default());
        let etag = part.e_tag.ok_or(Error::BadPart(number))?.into_value();
        Ok(Named { number, etag, checksum })
    };
    parts.into_iter().map(name).collect()
}

fn listed_part((number, part): (u32, Part)) -> s3s::dto::Part {
    let mut listed = s3s::dto::Part {
        e_tag: Some(ETag::Strong(part.etag)),
        last_modified: Some(at(part.modified_ms)),
        part_number: i32::try_from(number).ok(),
        size: Some(signed(part.size)),
        ..s3s::dto::Part::default()
    };
    show_checksum!(listed, &part.checksum);
    listed
}

fn listed_upload(id: &str, upload: &Upload, key: String) -> MultipartUpload {
    MultipartUpload {
        checksum_algorithm: upload.checksum.map(|(algorithm, _)| algorithm_name(algorithm)),
        checksum_type: upload.checksum.map(|(_, scope)| scope_type(scope)),
        initiated: Some(at(upload.begun_ms)),
        key: Some(key),
        upload_id: Some(id.to_owned()),
        ..MultipartUpload::default()
    }
}

type Listed<'a> = (Vec<&'a (String, Upload)>, Vec<String>, bool);

/// Uploads behind a marker, and what a delimiter folds. With an id in the marker, further uploads of its key come too.
fn page_of_uploads<'a>(
    uploads: &'a [(String, Upload)],
    prefix: &str,
    delimiter: &str,
    marker: (&str, Option<&str>),
    limit: usize,
) -> Listed<'a> {
    let (marker_key, marker_id) = marker;
    let marker_at = marker_id.and_then(|id| uploads.iter().position(|(upload, _)| upload == id));
    let behind = |index: usize, key: &str| match marker_at {
        Some(at) if key == marker_key => index > at,
        _ => key > marker_key || marker_key.is_empty(),
    };
    let (mut page, mut folded, mut more) = (Vec::new(), Vec::<String>::new(), false);
    for (index, item) in uploads.iter().enumerate() {
        let key = &item.1.owner.key;
        if !key.starts_with(prefix) || !behind(index, key) {
            continue;
        }
        let prefix = super::super::listing::fold(key, prefix, delimiter);
        if prefix.is_some_and(|prefix| folded.last().is_some_and(|last| last == prefix)) {
            continue;
        }
        if page.len() + folded.len() == limit {
            more = true;
            break;
        }
        match prefix {
            Some(prefix) => folded.push(prefix.to_owned()),
            None => page.push(item),
        }
    }
    (page, folded, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uploads(keys: &[&str]) -> Vec<(String, Upload)> {
        let upload = |key: &str| Upload {
            owner: owner("b", key),
            begun_ms: 0,
            attributes: Attributes::default(),
            checksum: None,
        };
        keys.iter().enumerate().map(|(index, key)| (format!("{index}"), upload(key))).collect()
    }

    fn ids(listed: &Listed<'_>) -> Vec<String> {
        listed.0.iter().map(|(id, _)| id.clone()).collect()
    }

    #[test]
    fn uploads_are_paged_by_key_and_id_and_folded() {
        let uploads = uploads(&["a", "a", "b/1", "b/2", "c"]);
        let first = page_of_uploads(&uploads, "", "", ("", None), 1);
        assert_eq!((ids(&first), first.2), (vec!["0".to_owned()], true));
        assert_eq!(ids(&page_of_uploads(&uploads, "", "", ("a", Some("0")), 2)), ["1", "2"]);
        assert_eq!(ids(&page_of_uploads(&uploads, "", "", ("a", None), 9)), ["2", "3", "4"]);
        let folded = page_of_uploads(&uploads, "", "/", ("", None), 9);
        assert_eq!(
            (ids(&folded), folded.1, folded.2),
            (vec!["0".to_owned(), "1".into(), "4".into()], vec!["b/".to_owned()], false)
        );
    }
}
