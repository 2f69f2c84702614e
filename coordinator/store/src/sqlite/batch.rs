//! Commits that wait together, as a few statements: each statement is a way to the database's thread and back, which
//! costs more than the change itself.
//!
//! Invariant: the same comes of it as of the commits one after the other, or nothing and all are to be undone.

use super::column::{count, document};
use super::commit::Commit;
use super::failure::failed;
use super::queue;
use crate::roles::{Error, OutboxEntry};
use buildyard_model::BuildId;
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Rows of the statements that are kept prepared. Shorter batches fill up with rows that match no build.
const SIZES: [usize; 4] = [1, 4, 16, MOST];
/// Commits in one batch.
pub(super) const MOST: usize = 64;

static UPDATES: LazyLock<[String; 4]> = LazyLock::new(|| SIZES.map(update));
/// In the order of the array, and so with rising ids.
const ADD_EFFECTS: &str = "INSERT INTO outbox (effect) SELECT value FROM json_each(?1) RETURNING id";

pub(super) fn update(rows: usize) -> String {
    let rows = vec!["(?, ?, ?, ?, ?)"; rows].join(", ");
    format!(
        "WITH step (id, version, state, agent, document) AS (VALUES {rows})
         UPDATE build SET state = step.state, agent = step.agent, version = step.version, document = step.document
         FROM step WHERE build.id = step.id AND build.version = step.version - 1 RETURNING id, sequence"
    )
}

/// How many of the commits can be done together: up to `MOST`, about different builds.
pub(super) fn length<'a>(commits: impl Iterator<Item = &'a Commit>) -> usize {
    let mut builds: HashSet<&BuildId> = HashSet::new();
    commits.take(MOST).take_while(|commit| builds.insert(&commit.id)).count()
}

/// Does them all, or gives nothing when one was refused; the transaction is to be rolled back then.
pub(super) async fn run(
    db: &mut SqliteConnection,
    commits: &[&Commit],
) -> Result<Option<Vec<Vec<OutboxEntry>>>, Error> {
    let places = places(db, commits).await.map_err(|e| failed(&e))?;
    if places.len() < commits.len() {
        return Ok(None);
    }
    let placed = || commits.iter().filter_map(|commit| Some((*commit, *places.get(&commit.id.to_string())?)));
    let taken: Vec<i64> = placed().filter(|(commit, _)| commit.queue.is_none()).map(|(_, place)| place).collect();
    queue::take(db, &document(&taken)?).await.map_err(|e| failed(&e))?;
    for (commit, place) in placed() {
        if let Some(row) = &commit.queue {
            queue::put(db, place, row).await.map_err(|e| failed(&e))?;
        }
    }
    effects(db, commits).await.map(Some)
}

/// Where the builds stand that were as the commits say.
async fn places(db: &mut SqliteConnection, commits: &[&Commit]) -> Result<HashMap<String, i64>, sqlx::Error> {
    let size = SIZES.iter().position(|size| *size >= commits.len()).unwrap_or(SIZES.len() - 1);
    let mut update = sqlx::query_as(AssertSqlSafe(UPDATES[size].as_str()));
    for commit in commits {
        update = update.bind(commit.id.to_string()).bind(commit.version).bind(commit.state);
        update = update.bind(&commit.agent).bind(&commit.document);
    }
    for _ in commits.len()..SIZES[size] {
        update = update.bind(None::<&str>).bind(0).bind(None::<&str>).bind(None::<&str>).bind(None::<&str>);
    }
    Ok(update.fetch_all(db).await?.into_iter().collect())
}

/// Adds all durable effects and gives each commit its entries.
async fn effects(db: &mut SqliteConnection, commits: &[&Commit]) -> Result<Vec<Vec<OutboxEntry>>, Error> {
    let documents: Vec<&String> =
        commits.iter().flat_map(|commit| &commit.effects).map(|(_, document)| document).collect();
    let mut ids: Vec<i64> = Vec::new();
    if !documents.is_empty() {
        let add = sqlx::query_scalar(ADD_EFFECTS).bind(document(&documents)?);
        ids = add.fetch_all(db).await.map_err(|e| failed(&e))?;
        ids.sort_unstable();
    }
    let mut ids = ids.into_iter();
    let entries = |commit: &&Commit| {
        let made = commit.effects.iter().zip(ids.by_ref());
        made.map(|((effect, _), id)| OutboxEntry { id: count(id), effect: effect.clone() }).collect()
    };
    Ok(commits.iter().map(entries).collect())
}
