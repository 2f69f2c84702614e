mod differential;
mod disk;
mod speed;

use super::*;
use crate::conformance::sample::{create, draft, fail, id};
use crate::roles::{Builds, Outbox, Queue, Store};
use tempfile::TempDir;

async fn open() -> (TempDir, Arc<dyn Store>) {
    let dir = TempDir::new().unwrap();
    let store = Sqlite::open(dir.path()).await.unwrap();
    (dir, Arc::new(store))
}

crate::conformance::suite!(open);

#[tokio::test]
async fn reopening_keeps_everything() {
    let dir = TempDir::new().unwrap();
    let first = Arc::new(Sqlite::open(&dir.path().join("new/data")).await.unwrap());
    let store: Arc<dyn Store> = first.clone();
    let (ended, entries) = fail(&store, "app", 1).await;
    let waiting = create(&store, "app", 2).await;
    first.close().await;
    assert!(matches!(first.create(draft("app", 9)).await, Err(Error::Failed(_))));

    let store = Sqlite::open(&dir.path().join("new/data")).await.unwrap();
    assert_eq!(store.get(&ended.spec.id).await.unwrap(), Some(ended));
    assert_eq!(store.waiting(0, 9).await.unwrap()[0].1.build, waiting.spec.id);
    assert_eq!(store.pending(0, 9).await.unwrap(), entries);
    assert_eq!(store.create(draft("app", 3)).await.unwrap().build.spec.build_number, 3);
}

#[tokio::test]
async fn a_second_coordinator_is_refused_with_a_sentence() {
    let dir = TempDir::new().unwrap();
    let first = Sqlite::open(dir.path()).await.unwrap();
    let Err(Error::InUse(sentence)) = Sqlite::open(dir.path()).await else { panic!("opened twice") };
    let (path, process) = (dir.path().display(), std::process::id());
    assert_eq!(
        sentence,
        format!(
            "the data directory {path} is in use by another coordinator (process {process}): \
             stop that one first, or give this one a directory of its own"
        )
    );
    first.close().await;
    Sqlite::open(dir.path()).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    Sqlite::open(dir.path()).await.unwrap().close().await;
    let file = dir.path().join("records.sqlite3");
    let mut db = connect::writer(&file).await.unwrap();
    sqlx::query("INSERT INTO schema_version VALUES (99)").execute(&mut db).await.unwrap();
    drop(db);
    let Err(Error::Failed(sentence)) = Sqlite::open(dir.path()).await else { panic!("opened a newer schema") };
    let known = super::migrate::MIGRATIONS.len();
    let expected = format!("has schema version 99, and this program knows versions up to {known}");
    assert!(sentence.contains(&expected), "{sentence}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_no_half_of_itself() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("records.sqlite3");
    std::fs::File::create(&file).unwrap();
    let mut db = connect::writer(&file).await.unwrap();
    let broken = ["CREATE TABLE a (x);", "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);"];
    assert!(matches!(migrate::migrate(&mut db, &broken, &file).await, Err(Error::Failed(_))));
    let tables =
        "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)";
    let names: String = sqlx::query_scalar(tables).fetch_one(&mut db).await.unwrap();
    assert_eq!(names, "a schema_version");
    let mended = [broken[0], "CREATE TABLE b (x);"];
    migrate::migrate(&mut db, &mended, &file).await.unwrap();
    let names: String = sqlx::query_scalar(tables).fetch_one(&mut db).await.unwrap();
    assert_eq!(names, "a b schema_version");
}

#[tokio::test]
async fn a_damaged_record_does_not_hide_the_other_active_builds() {
    use crate::conformance::sample::leased;
    let (dir, store) = open().await;
    let builds = [create(&store, "app", 1).await, create(&store, "app", 2).await];
    for build in &builds {
        store.commit(&leased(build)).await.unwrap();
    }
    let mut db = connect::writer(&dir.path().join("records.sqlite3")).await.unwrap();
    let damage = "UPDATE build SET document = '{' WHERE id = ?1";
    sqlx::query(damage).bind(builds[0].spec.id.to_string()).execute(&mut db).await.unwrap();
    let active: Vec<_> = store.active().await.unwrap().into_iter().map(|build| build.spec.id).collect();
    assert_eq!(active, [builds[1].spec.id.clone()]);
    assert!(matches!(store.get(&builds[0].spec.id).await, Err(Error::Failed(_))));
}

#[tokio::test]
async fn a_damaged_row_hides_neither_the_other_waiting_builds_nor_the_other_effects() {
    let (dir, store) = open().await;
    let builds = [create(&store, "app", 1).await, create(&store, "app", 2).await];
    let entries = [fail(&store, "app", 3).await.1, fail(&store, "app", 4).await.1];
    let mut db = connect::writer(&dir.path().join("records.sqlite3")).await.unwrap();
    let damage = "UPDATE queue SET requirements = '{' WHERE id = ?1";
    sqlx::query(damage).bind(builds[0].spec.id.to_string()).execute(&mut db).await.unwrap();
    let damage = "UPDATE outbox SET effect = '{' WHERE id = ?1";
    let first = i64::try_from(entries[0][0].id).unwrap();
    sqlx::query(damage).bind(first).execute(&mut db).await.unwrap();
    let waiting: Vec<_> = store.waiting(0, 1).await.unwrap().into_iter().map(|(_, found)| found.build).collect();
    assert_eq!(waiting, [builds[1].spec.id.clone()], "a page of one damaged row is not the end");
    let rest: Vec<_> = entries.concat().into_iter().skip(1).collect();
    assert_eq!(store.pending(0, 1).await.unwrap(), rest[..1]);
    assert_eq!(store.pending(0, 9).await.unwrap(), rest);
}

#[tokio::test]
async fn connections_are_set_as_durability_needs() {
    let dir = TempDir::new().unwrap();
    let store = Sqlite::open(dir.path()).await.unwrap();
    let mut db = connect::writer(&dir.path().join("records.sqlite3")).await.unwrap();
    let mut pragma = async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&mut db).await.unwrap() };
    assert_eq!(pragma("PRAGMA synchronous").await, 2, "FULL");
    assert_eq!(pragma("PRAGMA foreign_keys").await, 1);
    assert_eq!(pragma("PRAGMA trusted_schema").await, 0);
    assert_eq!(pragma("PRAGMA busy_timeout").await, 5000);
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut db).await.unwrap();
    assert_eq!(mode, "wal");
    let refused = sqlx::query("DELETE FROM build").execute(&store.readers).await;
    assert!(refused.unwrap_err().to_string().contains("readonly"), "readers only read");
}

#[tokio::test]
async fn only_the_owner_may_read_the_records() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let store = Sqlite::open(&data).await.unwrap();
    store.create(draft("app", 1)).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in ["records.sqlite3", "records.sqlite3-wal", "records.sqlite3-shm"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn lists_and_queues_are_read_by_index() {
    let dir = TempDir::new().unwrap();
    let store = Sqlite::open(dir.path()).await.unwrap();
    let indexes = "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema
        WHERE type = 'index' AND tbl_name = 'queue' ORDER BY name)";
    let indexes: String = sqlx::query_scalar(indexes).fetch_one(&store.readers).await.unwrap();
    assert_eq!(indexes, "queue_deadline", "each costs with every build, and others are used by nobody");
    for sql in [queue::WAITING, queue::OVERDUE, queue::ACTIVE, builds::LIST, builds::LIST_PROJECT, builds::FIND] {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(&store.readers).await.unwrap();
        assert!(plan.iter().all(|step| !step.3.contains("TEMP B-TREE")), "{sql}: {plan:?}");
        assert!(plan.iter().all(|step| step.3.contains("USING")), "{sql}: {plan:?}");
    }
    for sql in [builds::GET_MANY, &batch::update(batch::MOST)] {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(&store.readers).await.unwrap();
        assert!(plan.iter().any(|step| step.3.starts_with("SEARCH build USING INDEX")), "{plan:?}");
    }
}
