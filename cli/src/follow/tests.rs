use super::*;
use crate::sample;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::bytes::Bytes;

/// Keeps what it was shown.
#[derive(Debug, Default)]
struct Recorded {
    log: Vec<u8>,
    notices: Vec<String>,
    views: usize,
    closed: bool,
}

impl Screen for Recorded {
    fn build(&mut self, _: &Document<BuildView>) -> Result<(), Failure> {
        self.views += 1;
        Ok(())
    }
    fn log(&mut self, _: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.log.extend_from_slice(bytes);
        Ok(())
    }
    fn notice(&mut self, text: &str) -> Result<(), Failure> {
        self.notices.push(text.to_owned());
        Ok(())
    }
    fn close(&mut self) -> Result<(), Failure> {
        self.closed = true;
        Ok(())
    }
}

fn view(view: &BuildView) -> Event {
    let json = serde_json::to_vec(view).unwrap();
    Event::View(Box::new(Document::read("build", &json).unwrap()))
}

fn log(offset: u64, text: &'static str) -> Event {
    Event::Log { offset, bytes: Bytes::from_static(text.as_bytes()) }
}

/// Follows `events`; a Ctrl-C comes for each `()` sent. Answers the end, the screen and the number of stops asked for.
async fn followed(
    on_interrupt: OnInterrupt,
    events: mpsc::Receiver<Event>,
    interrupts: mpsc::Receiver<()>,
) -> (Result<Followed, Failure>, Recorded, usize) {
    let (mut screen, stops) = (Recorded::default(), AtomicUsize::new(0));
    let stop = || {
        stops.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(())).boxed()
    };
    let ended = Session::new(on_interrupt, &stop, &mut screen).run(events, ReceiverStream::new(interrupts)).await;
    assert!(screen.closed, "the terminal is left as it was");
    (ended, screen, stops.load(Ordering::SeqCst))
}

async fn played(events: impl IntoIterator<Item = Event>) -> (Result<Followed, Failure>, Recorded) {
    let (sender, receiver) = mpsc::channel(64);
    for event in events {
        sender.send(event).await.unwrap();
    }
    let (_interrupts, none) = mpsc::channel(1);
    let (ended, screen, _) = followed(OnInterrupt::Leave, receiver, none).await;
    drop(sender);
    (ended, screen)
}

#[tokio::test]
async fn the_end_waits_for_the_whole_log() {
    let events = [
        view(&sample::running_build()),
        view(&sample::finished_build()),
        log(0, "all "),
        log(4, "of it"),
        Event::LogEnded,
    ];
    let (ended, screen) = played(events).await;
    assert!(matches!(ended, Ok(Followed::Complete(_))));
    assert_eq!((screen.log.as_slice(), screen.views), (b"all of it".as_slice(), 2));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_never_ends_does_not_hold_the_result_for_ever() {
    let (ended, screen) = played([view(&sample::finished_build()), log(0, "part")]).await;
    assert!(matches!(ended, Ok(Followed::Complete(_))));
    assert!(screen.notices[0].contains("has not arrived"), "{:?}", screen.notices);
}

#[tokio::test]
async fn one_loss_of_two_streams_is_told_once_and_a_later_loss_again() {
    let lost = || Event::Lost("gone".to_owned());
    let events = [lost(), lost(), log(0, "x"), lost(), view(&sample::finished_build()), Event::LogEnded];
    let (_, screen) = played(events).await;
    assert_eq!(screen.notices, ["gone; trying again", "gone; trying again"]);
}

#[tokio::test]
async fn a_hole_in_the_log_is_admitted() {
    let events = [log(0, "a"), log(5, "b"), view(&sample::finished_build()), Event::LogEnded];
    let (_, screen) = played(events).await;
    assert_eq!(screen.log, b"ab");
    assert_eq!(screen.notices, ["4 bytes of the log are missing here"]);
}

#[tokio::test]
async fn a_refusal_ends_it() {
    let (ended, _) = played([Event::Failed(Failure::call("no such build"))]).await;
    assert!(matches!(ended, Err(Failure::Call(_))));
}

#[tokio::test]
async fn the_first_ctrl_c_of_a_run_stops_the_build_and_waits_for_its_end() {
    let (events, receiver) = mpsc::channel(8);
    let (interrupts, keys) = mpsc::channel(8);
    interrupts.send(()).await.unwrap();
    let following = tokio::spawn(followed(OnInterrupt::Stop, receiver, keys));
    // Taken only once the key was: the end cannot come before the stop.
    interrupts.reserve_many(8).await.unwrap();
    events.send(view(&sample::finished_build())).await.unwrap();
    events.send(Event::LogEnded).await.unwrap();
    let (ended, screen, stops) = following.await.unwrap();
    assert!(matches!(ended, Ok(Followed::Complete(_))));
    assert_eq!(stops, 1);
    assert!(screen.notices[0].starts_with("stopping the build"), "{:?}", screen.notices);
}

#[tokio::test]
async fn the_second_ctrl_c_leaves_at_once() {
    let (_events, receiver) = mpsc::channel(8);
    let (interrupts, keys) = mpsc::channel(8);
    interrupts.send(()).await.unwrap();
    interrupts.send(()).await.unwrap();
    let (ended, _, stops) = followed(OnInterrupt::Stop, receiver, keys).await;
    assert!(matches!(ended, Ok(Followed::Left)));
    assert_eq!(stops, 1);
}

#[tokio::test]
async fn ctrl_c_on_a_build_of_the_fleet_only_leaves() {
    let (_events, receiver) = mpsc::channel(8);
    let (interrupts, keys) = mpsc::channel(8);
    interrupts.send(()).await.unwrap();
    let (ended, _, stops) = followed(OnInterrupt::Leave, receiver, keys).await;
    assert!(matches!(ended, Ok(Followed::Left)));
    assert_eq!(stops, 0);
}
