//! A container engine of few words: a unix socket whose answers a test decides.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What it says to a request.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Nothing, with the connection open.
    Never,
    Json(u16, String),
    /// These lines, and then nothing, with the connection open.
    Stream(Vec<String>),
}

type Answers = Box<dyn Fn(&str) -> Answer + Send + Sync>;

pub(super) struct FakeSocket {
    folder: tempfile::TempDir,
    answers: Arc<Mutex<Answers>>,
    closed: CancellationToken,
    _closes: DropGuard,
}

impl FakeSocket {
    /// Opens it. `answers` gets a request's first line.
    pub(super) fn open(answers: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("engine.sock")).unwrap();
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Box::new(answers)));
        let closed = CancellationToken::new();
        tokio::spawn(closed.clone().run_until_cancelled_owned(listen(listener, Arc::clone(&answers))));
        Self { folder, answers, _closes: closed.clone().drop_guard(), closed }
    }

    pub(super) fn address(&self) -> String {
        format!("unix://{}/engine.sock", self.folder.path().display())
    }

    /// Decides anew.
    pub(super) fn answer(&self, answers: impl Fn(&str) -> Answer + Send + Sync + 'static) {
        *self.answers.lock().unwrap() = Box::new(answers);
    }

    /// Takes no more connections.
    pub(super) fn close(&self) {
        self.closed.cancel();
        std::fs::remove_file(self.folder.path().join("engine.sock")).unwrap();
    }

    /// As much as a client needs to connect.
    pub(super) fn greeting(request: &str) -> Answer {
        match request.split(' ').nth(1) {
            Some("/version") => Answer::Json(200, r#"{"ApiVersion":"1.41","Version":"20.10.24"}"#.into()),
            Some("/info") => Answer::Json(
                200,
                r#"{"NCPU":2,"MemTotal":1073741824,"Architecture":"x86_64","ServerVersion":"20.10"}"#.into(),
            ),
            _ => Answer::Never,
        }
    }
}

async fn listen(listener: UnixListener, answers: Arc<Mutex<Answers>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let answers = Arc::clone(&answers);
        tokio::spawn(async move { serve(stream, &answers).await });
    }
}

async fn serve(mut stream: UnixStream, answers: &Mutex<Answers>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.is_ok_and(|read| read == 0) {
            return;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let answer = answers.lock().unwrap()(head.lines().next().unwrap_or_default());
    let text = match answer {
        Answer::Never => String::new(),
        Answer::Json(status, body) => {
            format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
        Answer::Stream(lines) => {
            let chunks = lines.iter().map(|line| format!("{:x}\r\n{line}\n\r\n", line.len() + 1));
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunks.collect::<String>())
        }
    };
    let _ = stream.write_all(text.as_bytes()).await;
    // Open until the client goes away.
    let _ = stream.read_buf(&mut Vec::new()).await;
}
