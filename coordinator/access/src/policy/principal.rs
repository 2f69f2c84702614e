//! Who a resource policy speaks of. Only the form is checked: Buildyard is one account, so nothing is shared by it.

use super::document::Kind;
use super::error::{Place, PolicyError};
use super::json::Json;

const NAMES: [&str; 2] = ["Principal", "NotPrincipal"];

/// Checks that a statement names principals if, and only if, it belongs to a resource.
pub(super) fn check(members: &[(String, Json)], place: &Place, kind: Kind) -> Result<(), PolicyError> {
    let found: Vec<&(String, Json)> = members.iter().filter(|(name, _)| NAMES.contains(&name.as_str())).collect();
    match (kind, found[..].first(), found.len()) {
        (Kind::Identity, Some((name, _)), _) => {
            Err(PolicyError::new(&place.member(name), "a user's policy has no principal: it is the user; leave it out"))
        }
        (Kind::Identity, None, _) => Ok(()),
        (Kind::Resource, None, _) => {
            Err(PolicyError::new(&place.member("Principal"), "missing: a resource's policy names its principals"))
        }
        (Kind::Resource, Some((name, value)), 1) => principals(value, &place.member(name)),
        (Kind::Resource, Some(_), _) => {
            Err(PolicyError::new(place, "has both Principal and NotPrincipal; one of them is allowed"))
        }
    }
}

fn principals(json: &Json, place: &Place) -> Result<(), PolicyError> {
    let members = match json {
        Json::Text(all) if all == "*" => return Ok(()),
        Json::Object(members) if !members.is_empty() => members,
        _ => return Err(PolicyError::new(place, "must be \"*\" or an object such as {\"AWS\": \"111122223333\"}")),
    };
    for (kind, value) in members {
        let place = place.member(kind);
        let fits: fn(&str) -> bool = match kind.as_str() {
            "AWS" => is_account_or_arn,
            "Service" => |name| name.contains('.'),
            "Federated" | "CanonicalUser" => |name| !name.is_empty(),
            _ => {
                let known = "unknown kind of principal; known are AWS, Service, Federated and CanonicalUser";
                return Err(PolicyError::new(&place, known));
            }
        };
        let one = std::slice::from_ref(value);
        let values = if let Json::List(list) = value { list.as_slice() } else { one };
        let is_sound = |value: &Json| matches!(value, Json::Text(text) if fits(text));
        if values.is_empty() || !values.iter().all(is_sound) {
            return Err(PolicyError::new(&place, "must be one principal of this kind, or a list of them"));
        }
    }
    Ok(())
}

fn is_account_or_arn(name: &str) -> bool {
    let is_account = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    is_account || name == "*" || (name.starts_with("arn:") && name.splitn(6, ':').count() == 6)
}
