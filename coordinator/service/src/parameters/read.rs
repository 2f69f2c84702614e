//! Reading one version of a parameter.

use super::error::ParameterError;
use super::place::{can_be_name, past_key, sealed_place};
use super::record::{Kept, ParameterRecord, ParameterType, PastVersion};
use super::reference;
use crate::safe::Safe;
use buildyard_model::{Secret, Timestamp};
use buildyard_store::DocumentKind;

/// A version of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub kind: ParameterType,
    /// The value; of a SecureString that was not to be decrypted, its sealed form.
    pub value: Secret,
    pub version: u64,
    /// `:3` where a version was asked for.
    pub selector: Option<String>,
    pub modified_at: Timestamp,
    pub data_type: String,
}

impl Safe {
    /// The parameter that `reference` names: a name or an ARN, either with `:version` or `:label`.
    ///
    /// # Errors
    /// `NotFound`, `VersionNotFound`, and `Sealed` when its value cannot be opened.
    pub async fn parameter(&self, reference: &str, decrypt: bool) -> Result<Parameter, ParameterError> {
        let missing = || ParameterError::NotFound(reference.to_owned());
        let asked = reference::read(reference, |arn| self.own("ssm", arn)).ok_or_else(missing)?;
        let record = self.parameter_record(&asked.names()).await?.ok_or_else(missing)?;
        let Some(selector) = asked.selector else { return self.show(&record, decrypt) };
        let name = &record.metadata.name;
        let unknown = || ParameterError::VersionNotFound { name: name.clone(), selector: selector.to_owned() };
        // Nothing here gives labels, so a selector that is no number names none.
        let version: u64 = selector.parse().map_err(|_| unknown())?;
        let shown = if version == record.metadata.version {
            self.show(&record, decrypt)?
        } else {
            let past = self.read::<PastVersion>(DocumentKind::Parameter, &past_key(name, version)).await?;
            let (_, past) = past.ok_or_else(unknown)?;
            Parameter {
                name: name.clone(),
                kind: past.kind,
                value: self.value(name, version, &past.value, decrypt)?,
                version,
                selector: None,
                modified_at: past.modified_at,
                data_type: past.data_type,
            }
        };
        Ok(Parameter { selector: Some(format!(":{selector}")), ..shown })
    }

    /// The first of the names that there is.
    pub(super) async fn parameter_record(&self, names: &[String]) -> Result<Option<ParameterRecord>, ParameterError> {
        for name in names.iter().filter(|name| can_be_name(name)) {
            if let Some((_, record)) = self.read(DocumentKind::Parameter, name).await? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The newest version.
    pub(super) fn show(&self, record: &ParameterRecord, decrypt: bool) -> Result<Parameter, ParameterError> {
        let metadata = &record.metadata;
        Ok(Parameter {
            name: metadata.name.clone(),
            kind: metadata.kind,
            value: self.value(&metadata.name, metadata.version, &record.value, decrypt)?,
            version: metadata.version,
            selector: None,
            modified_at: metadata.modified_at,
            data_type: metadata.data_type.clone(),
        })
    }

    fn value(&self, name: &str, version: u64, kept: &Kept, decrypt: bool) -> Result<Secret, ParameterError> {
        match kept {
            Kept::Clear(value) => Ok(value.clone()),
            // As AWS gives the ciphertext, which changes with every version.
            Kept::Sealed(sealed) if !decrypt => Ok(Secret::new(sealed.clone())),
            Kept::Sealed(sealed) => {
                self.open(&sealed_place(name, version), sealed).map_err(|_| ParameterError::Sealed(name.to_owned()))
            }
        }
    }
}
