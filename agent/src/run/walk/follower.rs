//! Reads the events of a runner's journal as they come, on a thread that may block.

use crate::bell::{Bell, Listener};
use buildyard_runner::journal::{Event, ReadError, Reader, Record};
use nix::errno::Errno;
use std::io;
use std::path::PathBuf;
use tokio::task::JoinHandle;

const BATCH_BYTES: usize = 1 << 20;

/// What a look at the journal found.
#[derive(Debug)]
pub(super) enum Heard {
    Events(Vec<Event>),
    /// Nothing new.
    Nothing,
    /// Nothing behind this can be believed.
    Damaged(String),
}

/// The reader, wherever it is.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    reader: Option<Reader>,
}

/// Follows one journal.
#[derive(Debug)]
pub(super) struct Follower {
    place: Option<Place>,
    looking: Option<JoinHandle<(Place, Result<Heard, io::Error>)>>,
    listener: Listener,
    /// Whether the last look found nothing, so that the next waits for a ring.
    waiting: bool,
    hurried: bool,
}

impl Follower {
    pub(super) fn new(path: PathBuf, bell: &Bell) -> Self {
        Self {
            place: Some(Place { path, reader: None }),
            looking: None,
            listener: bell.listen(),
            waiting: false,
            hurried: false,
        }
    }

    /// From now on looks do not wait for a ring: nobody writes any more.
    pub(super) fn hurry(&mut self) {
        self.hurried = true;
    }

    /// From now on they do again.
    pub(super) fn calm(&mut self) {
        self.hurried = false;
    }

    /// The next events, waiting for them. Safe to drop half-way.
    pub(super) async fn next(&mut self) -> Heard {
        loop {
            if self.waiting && !self.hurried {
                self.listener.heard().await;
                self.waiting = false;
            }
            match self.look().await {
                Ok(Heard::Events(events)) if events.is_empty() => {}
                Ok(Heard::Nothing) => {
                    self.waiting = true;
                    return Heard::Nothing;
                }
                Ok(heard) => return heard,
                Err(error) => {
                    tracing::warn!(%error, "a build's journal cannot be read; trying again");
                    self.waiting = true;
                    return Heard::Nothing;
                }
            }
        }
    }

    async fn look(&mut self) -> io::Result<Heard> {
        if self.looking.is_none() {
            let Some(mut place) = self.place.take() else {
                return Ok(Heard::Damaged("its reader failed".to_owned()));
            };
            // Before looking: what is written from here on rings.
            self.listener.reset();
            self.looking = Some(tokio::task::spawn_blocking(move || {
                let heard = place.look();
                (place, heard)
            }));
        }
        let Some(looking) = &mut self.looking else { return Ok(Heard::Nothing) };
        let looked = looking.await;
        self.looking = None;
        let (place, heard) = looked.map_err(io::Error::other)?;
        self.place = Some(place);
        heard
    }
}

impl Place {
    fn look(&mut self) -> io::Result<Heard> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => match Reader::open(&self.path, 0) {
                Ok(reader) => self.reader.insert(reader),
                Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(Heard::Nothing),
                Err(error) => return damage(error),
            },
        };
        let records = match reader.read_batch(BATCH_BYTES) {
            Ok(records) => records,
            Err(error) => return damage(error),
        };
        if records.is_empty() {
            return Ok(Heard::Nothing);
        }
        let event = |record| match record {
            Record::Event(event) => Some(event),
            Record::Log { .. } => None,
        };
        Ok(Heard::Events(records.into_iter().filter_map(event).collect()))
    }
}

fn damage(error: ReadError) -> io::Result<Heard> {
    match error {
        ReadError::Damaged { .. } => Ok(Heard::Damaged(error.to_string())),
        // The build put a link in the journal's place; it is not followed, and it does not go away by itself.
        ReadError::Io(ref io) if io.raw_os_error() == Some(Errno::ELOOP as i32) => {
            Ok(Heard::Damaged("a link lies in its place".to_owned()))
        }
        ReadError::Io(error) => Err(error),
    }
}
