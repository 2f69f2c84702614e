//! The `env` key, and version 0.1's `environment_variables` (reference 1.3, 1.4, 1.9).

use super::fields::Fields;
use super::value::{Value, shortened};
use crate::error::Error;
use crate::names;
use crate::secret_reference::SecretReference;
use crate::spec::{Env, Shell, Version};

/// Reads the variables and their shell.
pub(super) fn env(top: &mut Fields<'_>, version: Version) -> Result<Env, Error> {
    let mut env = top.fields("env")?.map(section).transpose()?.unwrap_or_default();
    if super::is_old(version)
        && let Some(mut old) = top.fields("environment_variables")?
    {
        env.variables.extend(variables(&mut old, "plaintext")?);
        old.finish();
    }
    Ok(env)
}

fn section(mut fields: Fields<'_>) -> Result<Env, Error> {
    let env = Env {
        shell: fields.take("shell").map(|value| shell(&value)).transpose()?.unwrap_or_default(),
        variables: variables(&mut fields, "variables")?,
        parameter_store: references(&mut fields, "parameter-store", |_| Ok(()))?,
        secrets_manager: references(&mut fields, "secrets-manager", is_secret)?,
        exported_variables: exported(&mut fields)?,
        git_credential_helper: fields.flag("git-credential-helper")?,
    };
    fields.finish();
    Ok(env)
}

fn shell(value: &Value<'_>) -> Result<Shell, Error> {
    match value.text()? {
        "bash" => Ok(Shell::Bash),
        "/bin/sh" => Ok(Shell::Sh),
        windows @ ("powershell.exe" | "cmd.exe") => {
            Err(value.fault(format_args!("env.shell {windows} needs a Windows build, which no agent offers")))
        }
        other => {
            Err(value.fault(format_args!("env.shell '{}' is not supported: use bash or /bin/sh", shortened(other))))
        }
    }
}

/// A map of names a buildspec may set to their literal values; an empty value is an empty text.
pub(super) fn variables(fields: &mut Fields<'_>, key: &str) -> Result<Vec<(String, String)>, Error> {
    let Some(mut map) = fields.fields(key)? else { return Ok(Vec::new()) };
    map.take_all().into_iter().map(|(name, value)| Ok((settable(&name)?, value.text()?.to_owned()))).collect()
}

/// A map of names a buildspec may set to where their values are kept.
fn references(
    fields: &mut Fields<'_>,
    key: &str,
    check: fn(&Value<'_>) -> Result<(), Error>,
) -> Result<Vec<(String, String)>, Error> {
    let Some(mut map) = fields.fields(key)? else { return Ok(Vec::new()) };
    let read = |(name, value): (Value<'_>, Value<'_>)| {
        let text = value.text()?;
        if text.is_empty() {
            return Err(value.fault(format_args!("{} has no value", value.path())));
        }
        check(&value)?;
        Ok((settable(&name)?, text.to_owned()))
    };
    map.take_all().into_iter().map(read).collect()
}

fn is_secret(value: &Value<'_>) -> Result<(), Error> {
    match SecretReference::parse(value.text()?) {
        Ok(_) => Ok(()),
        Err(error) => Err(value.fault(format_args!("{}: {error}", value.path()))),
    }
}

/// The name of a variable that a buildspec may set.
pub(super) fn settable(name: &Value<'_>) -> Result<String, Error> {
    let text = name.text()?;
    match names::setting_fault(text) {
        None => Ok(text.to_owned()),
        Some(fault) => Err(name.fault(format_args!("the variable name '{}' {fault}", shortened(text)))),
    }
}

fn exported(fields: &mut Fields<'_>) -> Result<Vec<String>, Error> {
    let Some(value) = fields.take("exported-variables") else { return Ok(Vec::new()) };
    let names = value.strings()?;
    match names.iter().find_map(|name| names::export_fault(name).map(|fault| (name, fault))) {
        None => Ok(names),
        Some((name, fault)) => Err(value.fault(format_args!("the exported variable '{}' {fault}", shortened(name)))),
    }
}
