//! An HTTP server that holds requests open for as long as a test wants: a registry, git server or storage at its slowest.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This response, whole.
    Whole(String),
    /// This much of a response, and no more.
    Part(String),
    /// Nothing.
    Silence,
}

type Answers = Arc<dyn Fn(&str) -> Answer + Send + Sync>;

/// The running server.
#[derive(Debug)]
pub struct Stalled {
    pub address: SocketAddr,
    held: Receiver<Held>,
}

/// A request without a whole answer.
#[derive(Debug)]
pub struct Held {
    /// Method, path and version.
    pub request: String,
    stream: TcpStream,
}

impl Stalled {
    /// Opens on a port of its own. `answer` says what becomes of a request, by its first line.
    pub fn open(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let answer: Answers = Arc::new(answer);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (hold, held) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (hold, answer) = (hold.clone(), answer.clone());
                std::thread::spawn(move || serve(&stream, &answer, &hold));
            }
        });
        Self { address, held }
    }

    /// Waits for the next request that is held.
    pub fn held(&self, patience: Duration) -> Held {
        self.held.recv_timeout(patience).expect("a request comes in time")
    }
}

impl Held {
    /// Waits until whoever asked has gone away.
    pub fn abandoned(mut self, patience: Duration) {
        self.stream.set_read_timeout(Some(patience)).expect("a timeout is set");
        let mut rest = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut rest) {
                Ok(0) => return,
                // The rest of the request's body.
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => return,
                Err(error) => panic!("{} is still waited for after {patience:?}: {error}", self.request),
            }
        }
    }
}

fn serve(mut stream: &TcpStream, answer: &Answers, hold: &Sender<Held>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if !matches!(reader.read_line(&mut request), Ok(1..)) {
            return;
        }
        let mut header = String::new();
        while matches!(reader.read_line(&mut header), Ok(1..)) && !header.trim().is_empty() {
            header.clear();
        }
        let request = request.trim().to_owned();
        let (response, is_whole) = match answer(&request) {
            Answer::Whole(response) => (response, true),
            Answer::Part(response) => (response, false),
            Answer::Silence => (String::new(), false),
        };
        if stream.write_all(response.as_bytes()).is_err() {
            return;
        }
        if !is_whole {
            // The test may be over.
            let _ = hold.send(Held { request, stream: stream.try_clone().expect("the connection is shared") });
            return;
        }
    }
}
