//! For programs: one JSON object a line, `{"build":…}` for each change, `{"log":{"offset":…,"text":…}}` for each piece.

use super::Screen;
use crate::failure::Failure;
use crate::fleet::Document;
use crate::output;
use buildyard_model::BuildView;

/// Standard output as JSON lines.
#[derive(Debug)]
pub(super) struct Json;

impl Screen for Json {
    fn build(&mut self, build: &Document<BuildView>) -> Result<(), Failure> {
        output::line(format!("{{\"build\":{}}}", build.json))
    }

    fn log(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(bytes);
        output::line(serde_json::json!({ "log": { "offset": offset, "text": text } }).to_string())
    }

    fn notice(&mut self, text: &str) -> Result<(), Failure> {
        output::note(text);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}
