//! The end of a followed build: its summary, where its log is, and the exit code. `start --follow` and `run` share it.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::follow::Followed;
use crate::output::{self, Format};
use crate::render::{Paint, summary};
use crate::standard_image;
use buildyard_model::BuildView;

/// Says how the build ended, on standard error: standard output holds the log and nothing else.
pub(crate) fn tell(view: &BuildView, format: Format) -> Exit {
    if format == Format::Text {
        let paint = Paint::of_stream(output::stderr_is_terminal());
        output::note(&format!("\n{}", summary::of_build(paint, view).trim_end()));
    }
    if let Some(next) = &view.next_retry {
        output::note(&format!("`on-failure` asks for another try: {next}"));
    }
    if let Some(hint) = standard_image::hint(view) {
        output::note(&hint);
    }
    Exit::of_build(view.build_status)
}

/// The end of following a build of the fleet.
pub(crate) fn of_fleet_build(id: &str, followed: Followed, format: Format) -> Result<Exit, Failure> {
    match followed {
        Followed::Complete(build) => {
            let exit = tell(&build.view, format);
            if format == Format::Text {
                output::note(&format!("log: buildyard logs {id}"));
            }
            Ok(exit)
        }
        Followed::Left => {
            output::note(&format!(
                "left; the build goes on: `buildyard logs {id} --follow` to see it, `buildyard stop {id}` to stop it"
            ));
            Ok(Exit::Interrupted)
        }
    }
}
