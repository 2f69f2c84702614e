//! STS as far as clients need it to see that their keys work: `GetCallerIdentity`, over the query protocol.

use buildyard_aws_protocol::{ApiError, Caller};
use serde_json::{Value, json};

/// The service's name in signatures.
pub(crate) const NAME: &str = "sts";
const VERSION: &str = "2011-06-15";

/// Does what a form asks for. Everybody who is known may ask who they are, as in AWS.
pub(crate) fn answer(caller: &Caller, form: &Value) -> Result<Value, ApiError> {
    let field = |name: &str| form.get(name).and_then(Value::as_str).unwrap_or_default();
    let (action, version) = (field("Action"), field("Version"));
    if action.is_empty() {
        return Err(ApiError::new("MissingAction", "the form has no Action"));
    }
    if action != "GetCallerIdentity" || version != VERSION {
        let [action, version] = [action, version].map(|text| text.chars().take(64).collect::<String>());
        let message = format!("Could not find operation {action} for version {version}");
        return Err(ApiError::new("InvalidAction", message));
    }
    // Users have no id beside their name; the account's owner has the account's.
    let id = if caller.user == "root" { &caller.account } else { &caller.user };
    Ok(json!({ "GetCallerIdentity": { "Account": caller.account, "Arn": caller.arn, "UserId": id } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_am_i_is_answered() {
        let caller = Caller::root("123456789012");
        let ask = |action: &str, version: &str| answer(&caller, &json!({ "Action": action, "Version": version }));
        let identity = ask("GetCallerIdentity", VERSION).unwrap();
        assert_eq!(identity["GetCallerIdentity"]["Arn"], "arn:aws:iam::123456789012:root");
        assert_eq!(ask("AssumeRole", VERSION).unwrap_err().code, "InvalidAction");
        assert_eq!(ask("GetCallerIdentity", "2010-01-01").unwrap_err().code, "InvalidAction");
        assert_eq!(answer(&caller, &json!({})).unwrap_err().code, "MissingAction");
        assert!(ask(&"x".repeat(1_000_000), "").unwrap_err().message.len() < 200);
    }
}
