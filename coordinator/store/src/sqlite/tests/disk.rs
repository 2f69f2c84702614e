//! Disks that fill up, and crashes.

use super::*;
use crate::conformance::sample::leased;

#[tokio::test]
async fn a_full_disk_refuses_writes_and_recovers() {
    let dir = TempDir::new().unwrap();
    Sqlite::open(dir.path()).await.unwrap().close().await;
    // A writer like that of `open`, on a database that must not grow much: SQLite's own way to run out of space.
    let lock = lock::acquire(dir.path()).unwrap();
    let file = dir.path().join("records.sqlite3");
    let mut connection = connect::writer(&file).await.unwrap();
    sqlx::query("PRAGMA max_page_count = 30").execute(&mut connection).await.unwrap();
    let readers = connect::readers(&file).await.unwrap();
    let store = Sqlite::start(PathBuf::new(), connection, readers, lock);

    let mut stored = Vec::new();
    let refusal = loop {
        match store.create(draft("app", stored.len() as u64)).await {
            Ok(created) => stored.push(created.build),
            Err(error) => break error,
        }
    };
    assert!(refusal.to_string().contains("full"), "{refusal}");
    assert!(stored.len() > 3);
    assert_eq!(store.depth().await.unwrap(), stored.len() as u64, "reads go on, and show what was answered");
    // Taking a build out of the queue needs no more room than it has.
    store.commit(&leased(&stored[0])).await.unwrap();
    store.close().await;

    let store = Sqlite::open(dir.path()).await.unwrap();
    let next = store.create(draft("app", 1000)).await.unwrap().build;
    assert_eq!(next.spec.build_number, stored.len() as u64 + 1, "what was refused used up no number");
}

/// A file system in memory with so many bytes; none where nobody may mount one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        Self::run("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], dir.path()).then_some(Self(dir))
    }

    fn resize(&self, size: &str) {
        assert!(Self::run("mount", &["-o", &format!("remount,size={size}")], self.0.path()));
    }

    fn run(program: &str, arguments: &[&str], dir: &Path) -> bool {
        std::process::Command::new(program).args(arguments).arg(dir).output().is_ok_and(|done| done.status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Self::run("umount", &["--lazy"], self.0.path());
    }
}

#[tokio::test]
async fn a_file_system_without_room_refuses_writes_and_recovers_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("600k") else { return eprintln!("skipped: only root may mount") };
    let store = Sqlite::open(disk.0.path()).await.unwrap();
    let mut broken = Box::pin(store.broken());
    let mut made = 0;
    let refusal = loop {
        match store.create(draft("app", made)).await {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refusal, Error::Full(_)) && made > 3, "{refusal} after {made}");
    for number in 0..20 {
        assert!(matches!(store.create(draft("app", 1000 + number)).await, Err(Error::Full(_))));
    }
    assert_eq!(store.depth().await.unwrap(), made, "reads go on, and show what was answered");
    assert!(poll_once(broken.as_mut()).await.is_none(), "the writer waits for room");
    disk.resize("8m");
    let next = store.create(draft("app", 2000)).await.unwrap().build;
    assert_eq!(next.spec.build_number, made + 1);
    drop(broken);
    store.close().await;
    let store = Sqlite::open(disk.0.path()).await.unwrap();
    assert_eq!(store.depth().await.unwrap(), made + 1);
    store.close().await;
}

#[tokio::test]
async fn a_writer_that_panics_is_told() {
    #[derive(Debug)]
    struct Panics;
    #[async_trait::async_trait]
    impl Write for Panics {
        type Output = ();
        async fn run(&self, _: &mut SqliteConnection) -> Result<(), Error> {
            panic!("as a fault in the writer would")
        }
    }
    let dir = TempDir::new().unwrap();
    let store = Sqlite::open(dir.path()).await.unwrap();
    assert!(store.write(Panics).await.is_err());
    assert!(store.broken().await.contains("panicked"));
}

#[tokio::test]
async fn a_store_that_is_closed_is_not_broken() {
    let dir = TempDir::new().unwrap();
    let store = Sqlite::open(dir.path()).await.unwrap();
    let mut broken = Box::pin(store.broken());
    store.close().await;
    drop(store);
    assert!(poll_once(broken.as_mut()).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_in_a_copy_taken_while_others_write() {
    let (dir, store) = open().await;
    for round in 0..3u64 {
        let mut writes = tokio::task::JoinSet::new();
        for number in 0..20 {
            let store = Arc::clone(&store);
            writes.spawn(async move { create(&store, "app", round * 1000 + number).await });
        }
        writes.join_next().await.unwrap().unwrap();
        let acknowledged = round * 20 + 1;
        let copy = TempDir::new().unwrap();
        // As after a crash, the copy of the write-ahead log may end within a transaction. It stays small enough here
        // that nothing is moved from it to the database in between.
        for file in ["records.sqlite3", "records.sqlite3-wal"] {
            std::fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
        }
        let restored = Sqlite::open(copy.path()).await.unwrap();
        let depth = restored.depth().await.unwrap();
        assert!(depth >= acknowledged, "{depth} of {acknowledged}");
        let newest = restored.create(draft("app", 999_999)).await.unwrap().build;
        assert_eq!(newest.spec.build_number, depth + 1, "build, queue and number agree");
        writes.join_all().await;
    }
}

#[tokio::test]
async fn a_write_stands_when_its_caller_goes_away() {
    let (_dir, store) = open().await;
    // Polled once, so that the write is handed over, and then dropped.
    let mut abandoned = Box::pin(store.create(draft("app", 1)));
    assert!(poll_once(abandoned.as_mut()).await.is_none());
    drop(abandoned);
    let next = create(&store, "app", 2).await;
    assert_eq!(next.spec.build_number, 2);
    assert!(store.get(&id("app", 1)).await.unwrap().is_some());
}

async fn poll_once<T>(mut future: std::pin::Pin<&mut (dyn Future<Output = T> + Send)>) -> Option<T> {
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        std::task::Poll::Ready(value) => std::task::Poll::Ready(Some(value)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}
