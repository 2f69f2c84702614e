//! The `phases` key (reference 1.3).

use super::fields::Fields;
use super::value::{Value, shortened};
use super::{on_failure, run_as};
use crate::error::Error;
use crate::spec::PhaseSpec;
use buildyard_model::Phase;

const NAMES: [(&str, Phase); 4] = [
    ("install", Phase::Install),
    ("pre_build", Phase::PreBuild),
    ("build", Phase::Build),
    ("post_build", Phase::PostBuild),
];

/// Reads the phases that are present, in CodeBuild's order. A buildspec of a batch alone may leave them out.
pub(super) fn phases(top: &mut Fields<'_>, is_batch: bool) -> Result<Vec<PhaseSpec>, Error> {
    let Some(mut fields) = top.fields("phases")? else {
        return if is_batch { Ok(Vec::new()) } else { Err(missing(top)) };
    };
    let mut phases = Vec::new();
    for (name, phase) in NAMES {
        if let Some(value) = fields.take_even_null(name) {
            phases.push(read(&value, phase)?);
        }
    }
    match fields.take_all().first() {
        None => Ok(phases),
        Some((name, _)) => Err(unknown(name)),
    }
}

fn missing(top: &mut Fields<'_>) -> Error {
    let error = Error::new("phases is required, but missing from the buildspec");
    match NAMES.iter().find_map(|(name, _)| Some((name, top.take_even_null(name)?))) {
        Some((name, value)) => {
            error.positioned(value.position()).hint(format!("`{name}:` belongs below `phases:`: indent it further"))
        }
        None => error.positioned(top.position()).hint("add `phases:` with `build:` and its `commands:`"),
    }
}

fn read(value: &Value<'_>, phase: Phase) -> Result<PhaseSpec, Error> {
    let mut spec = PhaseSpec {
        phase,
        run_as: None,
        on_failure: None,
        runtime_versions: Vec::new(),
        commands: Vec::new(),
        finally: Vec::new(),
    };
    // A phase whose lines are all commented out.
    if value.is_null() {
        return Ok(spec);
    }
    let mut fields = value.fields()?;
    spec.run_as = run_as(&mut fields)?;
    spec.on_failure = fields.take("on-failure").map(|value| on_failure::on_failure(&value)).transpose()?;
    spec.runtime_versions = runtime_versions(&mut fields, phase)?;
    spec.commands = commands(&mut fields, phase)?;
    if let Some(finally) = fields.take("finally") {
        spec.finally = finally.strings_called("Finally")?;
    }
    fields.finish();
    Ok(spec)
}

/// The commands, which only `install` may do without. A list without items is one.
fn commands(fields: &mut Fields<'_>, phase: Phase) -> Result<Vec<String>, Error> {
    match fields.take_even_null("commands") {
        Some(value) => value.strings_called("Commands"),
        None if phase == Phase::Install => Ok(Vec::new()),
        None => Err(Error::at(
            fields.position(),
            format!("{}.commands is required, but missing from the phase", fields.path()),
        )),
    }
}

fn runtime_versions(fields: &mut Fields<'_>, phase: Phase) -> Result<Vec<(String, String)>, Error> {
    let Some(value) = fields.take("runtime-versions") else { return Ok(Vec::new()) };
    if phase != Phase::Install {
        return Err(value.fault(format_args!("{} is allowed in the install phase only", value.path())));
    }
    let read = |(name, version): (Value<'_>, Value<'_>)| match version.text()? {
        "" => Err(version.fault(format_args!("{} has no version", version.path()))),
        text => Ok((name.text()?.to_owned(), text.to_owned())),
    };
    value.fields()?.take_all().into_iter().map(read).collect()
}

fn unknown(name: &Value<'_>) -> Error {
    let text = name.text().unwrap_or_default();
    let bare = |text: &str| text.replace(['_', '-', ' '], "").to_ascii_lowercase();
    let error = name.fault(format_args!(
        "unknown phase '{}': the phases are install, pre_build, build and post_build",
        shortened(text)
    ));
    match NAMES.iter().find(|(known, _)| bare(known) == bare(text)) {
        Some((known, _)) => error.hint(format!("did you mean `{known}`?")),
        None => error,
    }
}
