//! A build-matrix: what is the same in all its builds, and what varies.

use super::super::env::settable;
use super::super::fields::Fields;
use super::super::value::Value;
use crate::error::Error;
use crate::spec::BatchMatrix;

/// Reads the matrix. Its builds are the product of the lists; an absent or empty list does not vary.
pub(super) fn matrix(mut fields: Fields<'_>) -> Result<BatchMatrix, Error> {
    let mut matrix = BatchMatrix::default();
    if let Some(fixed) = fields.fields("static")? {
        read_static(fixed, &mut matrix)?;
    }
    if let Some(varying) = fields.fields("dynamic")? {
        read_dynamic(varying, &mut matrix)?;
    }
    fields.finish();
    Ok(matrix)
}

fn read_static(mut fields: Fields<'_>, matrix: &mut BatchMatrix) -> Result<(), Error> {
    matrix.ignore_failure = fields.flag("ignore-failure")?;
    if let Some(mut env) = fields.fields("env")? {
        matrix.privileged_mode = env.optional_flag("privileged-mode")?;
        matrix.kind = env.text("type")?;
        env.finish();
    }
    fields.finish();
    Ok(())
}

fn read_dynamic(mut fields: Fields<'_>, matrix: &mut BatchMatrix) -> Result<(), Error> {
    matrix.buildspecs = fields.strings("buildspec")?;
    if let Some(mut env) = fields.fields("env")? {
        matrix.compute_types = env.strings("compute-type")?;
        matrix.images = env.strings("image")?;
        if let Some(mut variables) = env.fields("variables")? {
            matrix.variables = variables.take_all().into_iter().map(variable).collect::<Result<_, _>>()?;
        }
        env.finish();
    }
    fields.finish();
    Ok(())
}

fn variable((name, values): (Value<'_>, Value<'_>)) -> Result<(String, Vec<String>), Error> {
    let list = values.strings()?;
    if list.is_empty() {
        return Err(values.fault(format_args!("{} has no values", values.path())));
    }
    Ok((settable(&name)?, list))
}
