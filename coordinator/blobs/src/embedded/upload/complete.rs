//! Completing an upload: its parts become an object, by one rename and without moving bytes.
//!
//! Order: the object's record appears (it names the upload), then the upload's record goes, then what is left over. A
//! crash between the first two is seen at the next start by the upload's name in the object's record.

use super::super::blob::Owner;
use super::super::checksum::{self, Algorithm, Checksum, Scope};
use super::super::condition::Conditions;
use super::super::disk;
use super::super::entry::{BlobFile, BlobRef, Entry};
use super::super::error::Error;
use super::super::record;
use super::super::store::Store;
use super::{Part, Upload};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// Smallest part that is not the last (Amazon S3, "Multipart upload limits").
const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;

/// What the client says of the upload it completes.
#[derive(Debug, Default)]
pub(crate) struct Completion {
    pub(crate) parts: Vec<Named>,
    pub(crate) size: Option<u64>,
    /// Of the object, in base64.
    pub(crate) checksum: Option<(Algorithm, String)>,
    pub(crate) conditions: Conditions,
}

/// A part as the client names it.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) number: u32,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) checksum: Option<(Algorithm, String)>,
}

impl Store {
    /// Completes an upload. Afterwards there is none with this id.
    pub(crate) fn complete_upload(&self, owner: &Owner, id: &str, completion: &Completion) -> Result<Entry, Error> {
        let _turn = self.uploads.take(&id);
        let upload = self.upload(owner, id)?;
        if self.find(&owner.bucket, &owner.key)?.and_then(|entry| entry.upload).as_deref() == Some(id) {
            // Completed, but its record could not be removed then: its blob is the object's.
            self.forget_upload(id)?;
            return Err(Error::NoUpload(id.to_owned()));
        }
        let parts = self.named_parts(id, &completion.parts)?;
        let mut entry = describe(&upload, id, &parts, self.now().0)?;
        completion.verify(&entry)?;
        let inline = match parts.as_slice() {
            [(number, only)] if only.file.is_none() => self.inline_bytes(id, *number, only)?,
            _ => {
                entry.blob = Some(BlobRef { id: id.to_owned(), files: self.files(id, &parts)? });
                Vec::new()
            }
        };
        self.commit(owner, &entry, &inline, None, &completion.conditions)?;
        self.tidy(id, &entry);
        Ok(entry)
    }

    fn named_parts(&self, id: &str, named: &[Named]) -> Result<Vec<(u32, Part)>, Error> {
        if named.is_empty() {
            return Err(Error::BadRequest("an upload is completed with at least one part".into()));
        }
        if !named.is_sorted_by(|one, next| one.number < next.number) {
            return Err(Error::PartOrder);
        }
        let mut parts = Vec::with_capacity(named.len());
        for name in named {
            let part: Option<Part> = record::describe(&self.part_path(id, name.number))?;
            let part = part.filter(|part| name.fits(part)).ok_or(Error::BadPart(name.number))?;
            parts.push((name.number, part));
        }
        let small = parts.iter().rev().skip(1).find(|(_, part)| part.size < PART_MIN_BYTES);
        small.map_or(Ok(parts.clone()), |(number, _)| Err(Error::PartTooSmall(*number)))
    }

    fn inline_bytes(&self, id: &str, number: u32, part: &Part) -> Result<Vec<u8>, Error> {
        let opened = record::open::<Part>(&self.part_path(id, number))?.ok_or(Error::BadPart(number))?;
        let mut bytes = vec![0; usize::try_from(part.size).map_err(io::Error::other)?];
        opened.file.read_exact_at(&mut bytes, opened.offset)?;
        Ok(bytes)
    }

    /// The files of the parts; one that is inside its record becomes a file.
    fn files(&self, id: &str, parts: &[(u32, Part)]) -> Result<Vec<BlobFile>, Error> {
        let mut files = Vec::with_capacity(parts.len());
        for (number, part) in parts {
            let name = match &part.file {
                Some(name) => name.clone(),
                None => self.write_out(id, *number, part)?,
            };
            files.push(BlobFile { name, size: part.size });
        }
        self.blobs.sync(id)?;
        Ok(files)
    }

    fn write_out(&self, id: &str, number: u32, part: &Part) -> Result<String, Error> {
        let name = format!("{number:05}-{}", super::Blobs::new_id());
        let bytes = self.inline_bytes(id, number, part)?;
        let mut file = self.blobs.create_file(id, &name)?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        Ok(name)
    }

    /// Removes what the object does not need. Failures leave litter, not wrong answers.
    fn tidy(&self, id: &str, entry: &Entry) {
        if let Err(error) = self.forget_upload(id) {
            tracing::warn!(upload.id = id, %error, "a completed upload could not be removed; the next start tries again");
            return;
        }
        let Some(blob) = &entry.blob else {
            self.blobs.remove(id);
            return;
        };
        let Ok(present) = fs::read_dir(self.blobs.directory(id)) else { return };
        for file in present.flatten() {
            let needed = file.file_name().to_str().is_some_and(|name| blob.files.iter().any(|file| file.name == name));
            if !needed && let Err(error) = disk::remove_file(&file.path()) {
                tracing::warn!(upload.id = id, %error, "an unused part could not be removed");
            }
        }
    }
}

impl Named {
    fn fits(&self, part: &Part) -> bool {
        let checksum_fits = match (&self.checksum, &part.checksum) {
            (Some((algorithm, value)), Some(kept)) if *algorithm == kept.algorithm => *value == kept.value,
            _ => true,
        };
        self.etag == part.etag && checksum_fits
    }
}

impl Completion {
    fn verify(&self, entry: &Entry) -> Result<(), Error> {
        if self.size.is_some_and(|size| size != entry.size) {
            return Err(Error::BadRequest(format!("the parts hold {} bytes, not what the request says", entry.size)));
        }
        let Some((algorithm, stated)) = &self.checksum else { return Ok(()) };
        match &entry.checksum {
            Some(kept) if kept.algorithm == *algorithm && bare(&kept.value) != bare(stated) => {
                Err(Error::BadDigest(algorithm.name()))
            }
            _ => Ok(()),
        }
    }
}

/// A composite checksum without its count of parts, which clients may leave out.
fn bare(value: &str) -> &str {
    value.split('-').next().unwrap_or(value)
}

fn describe(upload: &Upload, id: &str, parts: &[(u32, Part)], now_ms: i64) -> Result<Entry, Error> {
    let etag = checksum::etag_of_parts(parts.iter().map(|(_, part)| part.etag.as_str()));
    let etag = etag.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a part's ETag is no MD5"))?;
    let checksum = upload.checksum.map(|(algorithm, scope)| checksum_of(algorithm, scope, parts)).transpose()?;
    Ok(Entry {
        size: parts.iter().map(|(_, part)| part.size).sum(),
        etag,
        modified_ms: now_ms,
        attributes: upload.attributes.clone(),
        checksum,
        blob: None,
        upload: Some(id.to_owned()),
    })
}

fn checksum_of(algorithm: Algorithm, scope: Scope, parts: &[(u32, Part)]) -> Result<Checksum, Error> {
    let mut sums = Vec::with_capacity(parts.len());
    for (number, part) in parts {
        let sum = part.checksum.as_ref().filter(|sum| sum.algorithm == algorithm).ok_or(Error::BadPart(*number))?;
        sums.push((sum.value.as_str(), part.size));
    }
    checksum::of_parts(algorithm, scope, &sums)
}
