//! The `reports` key (reference 1.3, 8).

use super::fields::Fields;
use super::value::{Value, shortened};
use crate::error::Error;
use crate::spec::{ReportFormat, ReportSpec};

/// Report groups of one buildspec (reference 15).
const MAX_GROUPS: usize = 5;

const FORMATS: [(&str, ReportFormat); 10] = [
    ("CUCUMBERJSON", ReportFormat::CucumberJson),
    ("JUNITXML", ReportFormat::JunitXml),
    ("NUNITXML", ReportFormat::NunitXml),
    ("NUNIT3XML", ReportFormat::Nunit3Xml),
    ("TESTNGXML", ReportFormat::TestngXml),
    ("VISUALSTUDIOTRX", ReportFormat::VisualStudioTrx),
    ("CLOVERXML", ReportFormat::CloverXml),
    ("COBERTURAXML", ReportFormat::CoberturaXml),
    ("JACOCOXML", ReportFormat::JacocoXml),
    ("SIMPLECOV", ReportFormat::SimpleCov),
];

/// Reads the report groups in the order of the text.
pub(super) fn reports(mut fields: Fields<'_>) -> Result<Vec<ReportSpec>, Error> {
    let groups = fields.take_all();
    if let Some((name, _)) = groups.get(MAX_GROUPS) {
        return Err(
            name.fault(format_args!("reports has {} report groups, over the limit of {MAX_GROUPS}", groups.len()))
        );
    }
    groups.into_iter().map(|(group, value)| report(&group, &value)).collect()
}

fn report(group: &Value<'_>, value: &Value<'_>) -> Result<ReportSpec, Error> {
    let mut fields = value.fields()?;
    let files = match fields.take_even_null("files") {
        Some(value) => value.strings()?,
        None => fields.required("files")?.strings()?,
    };
    let report = ReportSpec {
        group: group.text()?.to_owned(),
        files,
        base_directory: fields.text("base-directory")?,
        discard_paths: fields.flag("discard-paths")?,
        file_format: fields.take("file-format").map(|value| format(&value)).transpose()?.unwrap_or_default(),
    };
    fields.finish();
    Ok(report)
}

fn format(value: &Value<'_>) -> Result<ReportFormat, Error> {
    let text = value.text()?;
    let known = FORMATS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
    known.map(|(_, format)| *format).ok_or_else(|| {
        let names = FORMATS.map(|(name, _)| name).join(", ");
        value.fault(format_args!("{} '{}' is not one of {names}", value.path(), shortened(text)))
    })
}
