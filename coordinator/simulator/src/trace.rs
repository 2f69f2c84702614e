//! A trace: one build a line, as JSON. `submitted_at_ms` (since the Unix epoch), `project`, `duration_ms` (from when an
//! agent has it to its end), `vcpu`, `memory_mib`, `image`, and where they are not the usual `priority` and `fleet`.

use serde::{Deserialize, Serialize};

/// One build of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub submitted_at_ms: i64,
    pub project: String,
    pub duration_ms: u64,
    pub vcpu: u32,
    pub memory_mib: u64,
    pub image: String,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub priority: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<String>,
}

fn is_usual(priority: &i32) -> bool {
    *priority == 0
}

/// What is wrong with a trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    #[error("line {line}: {problem}")]
    Line { line: usize, problem: String },
    #[error("no builds in it")]
    Empty,
}

/// The builds in `text`, in the order of their submission. Empty lines are passed over.
///
/// # Errors
/// Names the first line that is no build, and what is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Entry>, TraceError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut entries = lines.map(|(at, line)| entry(at + 1, line)).collect::<Result<Vec<_>, _>>()?;
    if entries.is_empty() {
        return Err(TraceError::Empty);
    }
    entries.sort_by_key(|entry| entry.submitted_at_ms);
    Ok(entries)
}

fn entry(line: usize, text: &str) -> Result<Entry, TraceError> {
    let wrong = |problem: String| TraceError::Line { line, problem };
    let entry: Entry = serde_json::from_str(text).map_err(|error| {
        // The reader's own position is within the line, and its line is always 1.
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or(&said).to_owned();
        wrong(format!("{said}, at column {}", error.column()))
    })?;
    if let Err(error) = entry.project.parse::<buildyard_model::ProjectName>() {
        return Err(wrong(format!("project: {error}")));
    }
    if entry.vcpu == 0 || entry.memory_mib == 0 {
        return Err(wrong("vcpu and memory_mib must be at least 1".to_owned()));
    }
    if entry.submitted_at_ms < 0 || entry.submitted_at_ms > MOST_MS {
        return Err(wrong(format!("submitted_at_ms: {} is no moment since 1970", entry.submitted_at_ms)));
    }
    if entry.duration_ms > LONGEST_MS {
        return Err(wrong(format!("duration_ms: {} is more than 30 days", entry.duration_ms)));
    }
    Ok(entry)
}

/// The year 9999.
const MOST_MS: i64 = 253_402_300_799_000;
const LONGEST_MS: u64 = 30 * 86_400_000;

/// The entries as a trace.
pub fn write(entries: &[Entry]) -> String {
    entries
        .iter()
        .filter_map(|entry| serde_json::to_string(entry).ok())
        .fold(String::new(), |text, line| text + &line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"{"submitted_at_ms":5,"project":"web","duration_ms":60000,"vcpu":2,"memory_mib":4096,"image":"a:1"}"#;

    #[test]
    fn what_is_written_is_read() {
        let entries = parse(LINE).unwrap();
        assert_eq!(write(&entries), format!("{LINE}\n"));
        let rare = Entry { priority: 3, fleet: Some("big".to_owned()), ..entries[0].clone() };
        assert_eq!(parse(&write(std::slice::from_ref(&rare))).unwrap(), [rare]);
    }

    #[test]
    fn builds_are_put_in_the_order_of_their_submission() {
        let later = LINE.replace(":5,", ":9,");
        let entries = parse(&format!("{later}\n\n{LINE}\n")).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.submitted_at_ms).collect::<Vec<_>>(), [5, 9]);
    }

    #[test]
    fn a_broken_line_is_named() {
        let rows = [
            ("", "no builds in it"),
            ("{", "line 2: EOF while parsing an object, at column 1"),
            (&LINE.replace("\"vcpu\":2,", ""), "line 2: missing field `vcpu`, at column 89"),
            (&LINE.replace("\"vcpu\":2", "\"vcpu\":0"), "line 2: vcpu and memory_mib must be at least 1"),
            (&LINE.replace("\"vcpu\":2", "\"cpus\":2"), "line 2: unknown field `cpus`"),
            (&LINE.replace(":5,", ":-5,"), "line 2: submitted_at_ms: -5 is no moment since 1970"),
            (&LINE.replace("web", "a b"), "line 2: project: "),
        ];
        for (line, expected) in rows {
            let text = if line.is_empty() { String::new() } else { format!("{LINE}\n{line}") };
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
