//! Places for the source ZIPs that clients upload, and their names. The name holds the time, so that old ones are told
//! by their names alone, and come first in a listing.

use crate::{Error, Service};
use buildyard_model::Timestamp;
use uuid::Uuid;

/// Below this lie all uploaded sources.
pub(crate) const SOURCES: &str = "sources/";

impl Service {
    /// A place for a client's source ZIP: the URL to upload it to, and the location to submit.
    pub async fn prepare_source(&self) -> Result<(String, String), Error> {
        let bucket = &self.settings().system_bucket;
        let key = key(self.now(), Uuid::new_v4());
        let url = self.inner.parts.transfers.presign_put(bucket, &key, self.settings().timings.presigned).await?;
        Ok((url, format!("{bucket}/{key}")))
    }
}

/// `sources/<milliseconds, 13 digits>-<uuid>.zip`: of one length until the year 2286, so that names sort by time.
fn key(now: Timestamp, uuid: Uuid) -> String {
    format!("{SOURCES}{:013}-{uuid}.zip", now.0)
}

/// When the upload to `key` was prepared; none for a key of another form.
pub(crate) fn prepared_at(key: &str) -> Option<Timestamp> {
    let (time, uuid) = key.strip_prefix(SOURCES)?.strip_suffix(".zip")?.split_once('-')?;
    let whole = time.len() == 13 && time.bytes().all(|byte| byte.is_ascii_digit());
    uuid.parse::<Uuid>().ok()?;
    whole.then_some(())?;
    time.parse().ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_its_time_and_others_hold_none() {
        let uuid = Uuid::from_u128(7);
        let made = key(Timestamp(1_700_000_000_123), uuid);
        assert_eq!(prepared_at(&made), Some(Timestamp(1_700_000_000_123)));
        assert!(made < key(Timestamp(1_700_000_000_124), Uuid::from_u128(1)), "sorted by time");
        for other in [format!("sources/{uuid}.zip"), "sources/1700000000123-x.zip".into(), "logs/x".into()] {
            assert_eq!(prepared_at(&other), None, "{other}");
        }
    }
}
