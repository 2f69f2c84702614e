//! How an agent learns of its launch: the variables that it finds in its environment. Pure.

use crate::provisioner::{Error, Launch};
use buildyard_model::InstanceId;
use std::collections::BTreeMap;

/// The variables of one launch; `instance` where the place knows beforehand what it will call it. The join token is
/// among them, so they go into environments and files, never into arguments, labels or logs.
///
/// # Errors
/// `Refused` for labels that cannot be written as `name=value,name=value`.
pub(crate) fn variables(launch: &Launch, instance: Option<&InstanceId>) -> Result<BTreeMap<String, String>, Error> {
    let mut variables: BTreeMap<String, String> = [
        ("BUILDYARD_COORDINATOR", launch.coordinator.clone()),
        ("BUILDYARD_JOIN_TOKEN", launch.join_token.expose().to_owned()),
        ("BUILDYARD_AGENT_NAME", launch.agent.clone()),
        ("BUILDYARD_TICKET", launch.ticket.to_string()),
        ("BUILDYARD_FLEET", launch.fleet.to_string()),
        ("BUILDYARD_LABELS", labels(&launch.labels)?),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if let Some(slots) = launch.slots {
        variables.insert("BUILDYARD_SLOTS".to_owned(), slots.to_string());
    }
    if let Some(instance) = instance {
        variables.insert("BUILDYARD_INSTANCE".to_owned(), instance.to_string());
    }
    Ok(variables)
}

/// As engines want them: `NAME=value`, in order.
pub(crate) fn pairs(variables: &BTreeMap<String, String>) -> Vec<String> {
    variables.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn labels(labels: &BTreeMap<String, String>) -> Result<String, Error> {
    if let Some((name, value)) = labels.iter().find(|(name, value)| name.contains([',', '=']) || value.contains(',')) {
        let problem = "a name may hold neither ',' nor '=', and a value no ','";
        return Err(Error::Refused(format!("the label {name:?} = {value:?} cannot be given to an agent: {problem}")));
    }
    Ok(labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::launch;

    #[test]
    fn a_launch_is_told_by_variables() {
        let launch = Launch {
            slots: Some(3),
            labels: [("disk", "ssd"), ("zone", "a=b")].map(|(k, v)| (k.into(), v.into())).into(),
            ..launch("linux")
        };
        let told = variables(&launch, Some(&InstanceId("i-1".into()))).unwrap();
        assert_eq!(told["BUILDYARD_LABELS"], "disk=ssd,zone=a=b");
        assert_eq!((told["BUILDYARD_SLOTS"].as_str(), told["BUILDYARD_INSTANCE"].as_str()), ("3", "i-1"));
        assert_eq!(told["BUILDYARD_TICKET"], launch.ticket.to_string());
        assert_eq!(told["BUILDYARD_JOIN_TOKEN"], launch.join_token.expose());
        let bad = Launch { labels: [("a,b".to_owned(), "c".to_owned())].into(), ..launch };
        assert!(matches!(variables(&bad, None), Err(Error::Refused(text)) if text.contains("a,b")));
    }
}
