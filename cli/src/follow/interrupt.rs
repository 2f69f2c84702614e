//! Ctrl-C, SIGTERM and a closed terminal as a stream. Once it is made, none ends the program by itself.

use crate::failure::Failure;
use futures::Stream;
use std::task::Poll;
use tokio::signal::unix::{SignalKind, signal};

/// Yields once for each SIGINT, SIGTERM or SIGHUP from now on.
pub(crate) fn signals() -> Result<impl Stream<Item = ()> + Unpin + use<>, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::service(format!("cannot listen for signals: {error}")));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(futures::stream::poll_fn(move |context| {
        let signals = [&mut interrupt, &mut terminate, &mut hangup];
        let heard = signals.into_iter().map(|signal| signal.poll_recv(context)).find(Poll::is_ready);
        heard.unwrap_or(Poll::Pending)
    }))
}
