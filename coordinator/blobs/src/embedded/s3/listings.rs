//! Listings of objects, versions 1 and 2.

use super::super::entry::Entry;
use super::super::listing::{Item, Listing, Query};
use super::super::percent;
use super::super::walk::Passed;
use super::Operations;
use super::fields::{at, signed};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as TOKEN;
use s3s::dto::{
    CommonPrefix, ETag, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    Object, ObjectStorageClass,
};
use s3s::{S3ErrorCode, S3Request, S3Result, s3_error};

/// Most items in a page (Amazon S3).
pub(super) const PAGE_MAX: i32 = 1000;

impl Operations {
    pub(super) async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> S3Result<ListObjectsOutput> {
        let input = request.input;
        let limit = page(input.max_keys)?;
        let (prefix, delimiter) =
            (input.prefix.clone().unwrap_or_default(), input.delimiter.clone().unwrap_or_default());
        let passed = behind(input.marker.as_deref().unwrap_or_default(), &prefix, &delimiter);
        let listing = self.listing(input.bucket.clone(), prefix, delimiter, passed, limit).await?;
        let encode = encoder(input.encoding_type.as_ref())?;
        let next_marker = last_of(&listing).map(|item| encode(name(item)));
        let (contents, common_prefixes) = lines(&listing, &encode);
        Ok(ListObjectsOutput {
            name: Some(input.bucket),
            prefix: Some(encode(input.prefix.as_deref().unwrap_or_default())),
            marker: Some(encode(input.marker.as_deref().unwrap_or_default())),
            max_keys: Some(limit),
            is_truncated: Some(listing.more),
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            delimiter: input.delimiter.as_deref().map(&encode),
            next_marker,
            encoding_type: input.encoding_type,
            ..ListObjectsOutput::default()
        })
    }

    pub(super) async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<ListObjectsV2Output> {
        let input = request.input;
        let limit = page(input.max_keys)?;
        let (prefix, delimiter) =
            (input.prefix.clone().unwrap_or_default(), input.delimiter.clone().unwrap_or_default());
        let passed = match input.continuation_token.as_deref() {
            Some(token) => {
                read_token(token).ok_or_else(|| s3_error!(InvalidArgument, "that is no continuation token of ours"))?
            }
            None => Passed::Key(input.start_after.clone().unwrap_or_default().into_bytes()),
        };
        let listing = self.listing(input.bucket.clone(), prefix, delimiter, passed, limit).await?;
        let encode = encoder(input.encoding_type.as_ref())?;
        let next_continuation_token = last_of(&listing).map(token);
        let (contents, common_prefixes) = lines(&listing, &encode);
        Ok(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(encode(input.prefix.as_deref().unwrap_or_default())),
            max_keys: Some(limit),
            key_count: i32::try_from(listing.items.len()).ok(),
            continuation_token: input.continuation_token,
            is_truncated: Some(listing.more),
            next_continuation_token,
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            delimiter: input.delimiter.as_deref().map(&encode),
            encoding_type: input.encoding_type,
            start_after: input.start_after.as_deref().map(&encode),
            ..ListObjectsV2Output::default()
        })
    }

    async fn listing(
        &self,
        bucket: String,
        prefix: String,
        delimiter: String,
        passed: Passed,
        limit: i32,
    ) -> S3Result<Listing> {
        let limit = usize::try_from(limit).unwrap_or_default();
        self.run(move |store| store.list(&bucket, Query { prefix: &prefix, delimiter: &delimiter, passed, limit }))
            .await
    }
}

/// How many items are wanted in a page.
pub(super) fn page(wanted: Option<i32>) -> S3Result<i32> {
    match wanted {
        None => Ok(PAGE_MAX),
        Some(wanted) if wanted < 0 => Err(s3_error!(InvalidArgument, "a page cannot have less than 0 items")),
        Some(wanted) => Ok(wanted.min(PAGE_MAX)),
    }
}

/// A marker that is a common prefix stands for all it folds.
fn behind(marker: &str, prefix: &str, delimiter: &str) -> Passed {
    let folded = super::super::listing::fold(marker, prefix, delimiter) == Some(marker);
    if folded { Passed::Prefix(marker.into()) } else { Passed::Key(marker.into()) }
}

/// Writes names as the client asks for: keys may hold what XML cannot.
pub(super) fn encoder(encoding: Option<&EncodingType>) -> S3Result<impl Fn(&str) -> String + use<>> {
    let url = match encoding.map(EncodingType::as_str) {
        None => false,
        Some(EncodingType::URL) => true,
        Some(_) => return Err(S3ErrorCode::InvalidArgument.into()),
    };
    Ok(move |text: &str| if url { percent::encode(text, true) } else { text.to_owned() })
}

fn last_of(listing: &Listing) -> Option<&Item> {
    listing.items.last().filter(|_| listing.more)
}

fn name(item: &Item) -> &str {
    match item {
        Item::Object(name, _) | Item::Prefix(name) => name,
    }
}

fn token(item: &Item) -> String {
    let (mark, name) = match item.passed() {
        Passed::Key(name) => (b'k', name),
        Passed::Prefix(name) => (b'p', name),
    };
    TOKEN.encode([&[mark], name.as_slice()].concat())
}

fn read_token(token: &str) -> Option<Passed> {
    let bytes = TOKEN.decode(token).ok()?;
    match bytes.split_first()? {
        (b'k', name) => Some(Passed::Key(name.to_vec())),
        (b'p', name) => Some(Passed::Prefix(name.to_vec())),
        _ => None,
    }
}

fn lines(listing: &Listing, encode: &impl Fn(&str) -> String) -> (Vec<Object>, Vec<CommonPrefix>) {
    let (mut objects, mut prefixes) = (Vec::new(), Vec::new());
    for item in &listing.items {
        match item {
            Item::Object(key, entry) => objects.push(object(encode(key), entry)),
            Item::Prefix(prefix) => prefixes.push(CommonPrefix { prefix: Some(encode(prefix)) }),
        }
    }
    (objects, prefixes)
}

fn object(key: String, entry: &Entry) -> Object {
    Object {
        key: Some(key),
        e_tag: Some(ETag::Strong(entry.etag.clone())),
        last_modified: Some(at(entry.modified_ms)),
        size: Some(signed(entry.size)),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..Object::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_where_to_go_on() {
        let item = Item::Prefix("a/".into());
        assert_eq!(read_token(&token(&item)), Some(item.passed()));
        assert_eq!((read_token("?"), read_token("")), (None, None));
    }

    #[test]
    fn a_marker_that_is_a_common_prefix_passes_all_of_it() {
        assert_eq!(behind("a/", "", "/"), Passed::Prefix("a/".into()));
        assert_eq!(behind("a/b", "", "/"), Passed::Key("a/b".into()));
        assert_eq!(behind("a/", "a/", "/"), Passed::Key("a/".into()));
        assert_eq!(behind("a/", "", ""), Passed::Key("a/".into()));
    }
}
