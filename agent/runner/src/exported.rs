//! `env.exported-variables`: which variables leave the build (reference 1.3). Pure.

use crate::environment::Variables;
use crate::mask::Masker;
use crate::secrets::Secrets;
use std::ffi::OsStr;
use std::sync::Arc;

/// The variables to export, and a line for the log about each that must not be. Unset ones are left out; bytes that
/// are no UTF-8 become replacement characters.
pub(crate) fn exported(
    names: &[String],
    variables: &Variables,
    secrets: &Secrets,
    masker: &Arc<Masker>,
) -> (Vec<(String, String)>, Vec<String>) {
    let mut out = Vec::new();
    let mut refused = Vec::new();
    for name in names {
        let Some(value) = variables.get(OsStr::new(name)) else { continue };
        let value = value.to_string_lossy().into_owned();
        let reason = if name.starts_with("AWS_") {
            "its name begins with AWS_"
        } else if secrets.holds(name) || masker.mask_text(&value) != value {
            "its value is or contains a secret"
        } else {
            out.push((name.clone(), value));
            continue;
        };
        refused.push(format!("Variable {name} is not exported: {reason}"));
    }
    (out, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_aws_names_stay_inside() {
        let pairs = [("A", "1"), ("AWS_KEY", "x"), ("TOKEN", "new value"), ("COPY", "has s3cr3t in it")];
        let variables: Variables = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let secrets = Secrets([("TOKEN".to_owned(), "s3cr3t".to_owned())].into());
        let masker = Arc::new(Masker::new(secrets.pairs()).unwrap().0);
        let names = ["A", "AWS_KEY", "TOKEN", "COPY", "UNSET"].map(str::to_owned);
        let (out, refused) = exported(&names, &variables, &secrets, &masker);
        assert_eq!(out, [("A".to_owned(), "1".to_owned())]);
        assert_eq!(refused.len(), 3, "{refused:?}");
    }
}
