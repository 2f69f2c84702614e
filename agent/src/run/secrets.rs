//! Secret variables: their values are asked for, and lie in a file in memory until the runner has taken them. They
//! touch no disk and no process's arguments or environment on the host (reliability S52).

use super::environment::SecretVariable;
use super::halt::Halt;
use crate::folder::Folder;
use crate::transfers::Transfers;
use crate::voice::Voice;
use buildyard_model::{PhaseContext, VariableKind};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use tonic::{Code, Status};

/// The file's name in the build's folder in memory.
pub(super) const FILE: &str = "secrets.json";

/// Asks for the values and writes the file; false when there is nothing to ask for.
pub(super) async fn store(
    variables: &[SecretVariable],
    transfers: &Transfers,
    folder: &Folder,
    intro: &Voice,
) -> Result<bool, Halt> {
    if variables.is_empty() {
        return Ok(false);
    }
    if variables.iter().any(|variable| variable.kind == VariableKind::ParameterStore) {
        intro.say("Decrypting parameter store environment variables");
    }
    let values = transfers.secrets(variables).await.map_err(|status| halt(&status, variables))?;
    let named: BTreeMap<&str, &str> =
        variables.iter().zip(&values).map(|(variable, value)| (variable.name.as_str(), value.expose())).collect();
    put(folder, FILE, &serde_json::to_vec(&named).unwrap_or_default())?;
    Ok(true)
}

/// Writes a file of the folder in memory, for root alone.
pub(super) fn put(folder: &Folder, name: &str, bytes: &[u8]) -> Result<(), Halt> {
    let mut open = OpenOptions::new();
    let file = open.write(true).create(true).truncate(true).mode(0o600).open(folder.memory().join(name));
    file.and_then(|mut file| file.write_all(bytes)).map_err(|error| Halt::disk("write secrets to memory", &error))
}

/// Reference 1.3 and 1.7: the status codes are sentences.
fn halt(status: &Status, variables: &[SecretVariable]) -> Halt {
    let of_parameters = variables.iter().any(|variable| variable.kind == VariableKind::ParameterStore);
    let code = if of_parameters { "Decrypted Variables Error" } else { "Secrets Manager Error Message" };
    match status.code() {
        Code::NotFound | Code::PermissionDenied | Code::InvalidArgument => {
            Halt::Failed(PhaseContext::new(code, status.message()))
        }
        _ => Halt::Fault(PhaseContext::new(code, status.message())),
    }
}
