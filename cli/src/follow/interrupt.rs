//! Ctrl-C and SIGTERM as a stream. Once it is made, neither ends the program by itself.

use crate::failure::Failure;
use futures::Stream;
use tokio::signal::unix::{SignalKind, signal};

/// Yields once for each SIGINT or SIGTERM from now on.
pub(crate) fn signals() -> Result<impl Stream<Item = ()> + Unpin + use<>, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::service(format!("cannot listen for signals: {error}")));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(futures::stream::poll_fn(move |context| {
        let first = interrupt.poll_recv(context);
        if first.is_ready() { first } else { terminate.poll_recv(context) }
    }))
}
