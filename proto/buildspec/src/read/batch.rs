//! The `batch` key (reference 9.1): one of four kinds.

mod graph;
mod matrix;
mod task;

use super::fields::Fields;
use super::value::{Value, shortened};
use crate::error::Error;
use crate::spec::{Batch, BatchKind, BatchTask};

const KINDS: [&str; 4] = ["build-list", "build-graph", "build-matrix", "build-fanout"];

/// Reads the batch section.
pub(super) fn batch(mut fields: Fields<'_>) -> Result<Batch, Error> {
    let fast_fail = fields.flag("fast-fail")?;
    let kinds: Vec<_> = KINDS.into_iter().filter_map(|name| Some((name, fields.take(name)?))).collect();
    let kind = match &kinds[..] {
        [(name, value)] => kind(name, value)?,
        [] => return Err(Error::at(fields.position(), format!("batch needs one of {}, none found", KINDS.join(", ")))),
        [(first, _), (second, value), ..] => {
            return Err(value.fault(format_args!("batch has both {first} and {second}, only one is allowed")));
        }
    };
    fields.finish();
    Ok(Batch { fast_fail, kind })
}

fn kind(name: &str, value: &Value<'_>) -> Result<BatchKind, Error> {
    match name {
        "build-list" => Ok(BatchKind::List(tasks(value, false)?)),
        "build-graph" => {
            let tasks = tasks(value, true)?;
            graph::check(&tasks).map_err(|fault| value.fault(fault))?;
            Ok(BatchKind::Graph(tasks))
        }
        "build-matrix" => Ok(BatchKind::Matrix(matrix::matrix(value.fields()?)?)),
        _ => fanout(value.fields()?),
    }
}

fn tasks(value: &Value<'_>, is_graph: bool) -> Result<Vec<BatchTask>, Error> {
    let items = value.items()?;
    if items.is_empty() {
        return Err(value.fault(format_args!("{} has no builds", value.path())));
    }
    let tasks = items.iter().map(|item| task::task(item.fields()?, is_graph)).collect::<Result<Vec<_>, _>>()?;
    task::check_identifiers(&tasks).map_err(|fault| Error::new(fault).positioned(value.position()))?;
    Ok(tasks)
}

fn fanout(mut fields: Fields<'_>) -> Result<BatchKind, Error> {
    let value = fields.required("parallelism")?;
    let text = value.text()?;
    let parallelism = text.trim().parse().ok().filter(|count: &u32| *count > 0).ok_or_else(|| {
        value.fault(format_args!("{} '{}' must be a whole number above 0", value.path(), shortened(text)))
    })?;
    let ignore_failure = fields.flag("ignore-failure")?;
    fields.finish();
    Ok(BatchKind::Fanout { parallelism, ignore_failure })
}
