//! A storage that takes one PUT or gives canned objects, over plain HTTP/1.1: enough for presigned URLs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A running storage.
#[derive(Clone)]
pub(crate) struct Storage {
    pub(crate) url: String,
    /// Path → body; what was put, and what can be got.
    pub(crate) objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Storage {
    /// Opens with these objects.
    pub(crate) async fn open(objects: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let objects = objects.iter().map(|(path, body)| ((*path).to_owned(), body.to_vec())).collect();
        let storage =
            Self { url: format!("http://{}", listener.local_addr().unwrap()), objects: Arc::new(Mutex::new(objects)) };
        let serving = storage.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(connection));
            }
        });
        storage
    }

    async fn serve(self, connection: TcpStream) {
        let mut connection = BufReader::new(connection);
        let (mut request, mut length) = (String::new(), None);
        connection.read_line(&mut request).await.unwrap();
        loop {
            let mut header = String::new();
            connection.read_line(&mut header).await.unwrap();
            if header.trim().is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse::<usize>().unwrap());
            }
        }
        let mut words = request.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap().to_owned());
        let (status, body) = match (method, length) {
            // S3 refuses a body without a length.
            ("PUT", None) => ("411 Length Required", Vec::new()),
            ("PUT", Some(length)) => {
                let mut body = vec![0; length];
                connection.read_exact(&mut body).await.unwrap();
                self.objects.lock().unwrap().insert(path, body);
                ("200 OK", Vec::new())
            }
            _ => match self.objects.lock().unwrap().get(&path) {
                Some(body) => ("200 OK", body.clone()),
                None => ("403 Forbidden", b"<Code>AccessDenied</Code>".to_vec()),
            },
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&body).await.unwrap();
        connection.shutdown().await.unwrap();
    }
}
