//! What CodeBuild's API says about a fleet, by what its provisioner and its agents say (reference 11.1). Pure.

use buildyard_model::fleet::{FleetContextCode, FleetStatus, FleetStatusCode};
use buildyard_provision::Error as PlaceError;

/// What a status follows from.
pub(super) struct Outlook<'a> {
    /// What keeps instances from being started, if anything does.
    pub(super) trouble: Option<&'a PlaceError>,
    /// Whether there are as many agents as its base capacity.
    pub(super) is_manned: bool,
    /// Whether anything starts instances for it.
    pub(super) is_hosted: bool,
    pub(super) has_builds: bool,
}

/// The status that comes after `status`.
pub(super) fn next(status: &FleetStatus, outlook: &Outlook<'_>) -> FleetStatus {
    use FleetContextCode as Context;
    use FleetStatusCode::{Active, CreateFailed, Creating, Deleting, PendingDeletion, Updating};
    let code = status.status_code;
    match (code, outlook.trouble) {
        (PendingDeletion, _) if outlook.has_builds => status.clone(),
        (PendingDeletion, _) => told(Deleting, Context::PendingDeletion, "its instances end"),
        (Deleting, _) => status.clone(),
        // Agents that are started by hand may come whenever they like.
        (_, Some(trouble)) if !outlook.is_hosted => told(Active, Context::ActionRequired, trouble),
        (Creating | CreateFailed, Some(refused @ PlaceError::Refused(_))) => {
            told(CreateFailed, Context::CreateFailed, refused)
        }
        (Updating, Some(refused @ PlaceError::Refused(_))) => told(Active, Context::UpdateFailed, refused),
        (_, Some(refused @ PlaceError::Refused(_))) => match status.context {
            Some(Context::UpdateFailed) => told(Active, Context::UpdateFailed, refused),
            _ => told(Active, Context::ActionRequired, refused),
        },
        (CreateFailed, Some(unavailable)) => told(Creating, Context::InsufficientCapacity, unavailable),
        (code, Some(unavailable)) => told(code, Context::InsufficientCapacity, unavailable),
        (Creating | CreateFailed, None) if !outlook.is_manned => plain(Creating),
        (Updating, None) if !outlook.is_manned => plain(Updating),
        (_, None) => plain(Active),
    }
}

fn plain(status_code: FleetStatusCode) -> FleetStatus {
    FleetStatus { status_code, context: None, message: None }
}

fn told(status_code: FleetStatusCode, context: FleetContextCode, message: impl ToString) -> FleetStatus {
    FleetStatus { status_code, context: Some(context), message: Some(message.to_string()) }
}

/// As the API spells it.
pub(super) fn name(code: FleetStatusCode) -> &'static str {
    match code {
        FleetStatusCode::Creating => "CREATING",
        FleetStatusCode::Updating => "UPDATING",
        FleetStatusCode::PendingDeletion => "PENDING_DELETION",
        FleetStatusCode::Deleting => "DELETING",
        FleetStatusCode::CreateFailed => "CREATE_FAILED",
        FleetStatusCode::Active => "ACTIVE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FleetContextCode::{ActionRequired, CreateFailed, InsufficientCapacity, UpdateFailed};
    use FleetStatusCode as Code;

    #[test]
    fn a_status_follows_from_what_provisioner_and_agents_say() {
        let refused = PlaceError::Refused("no such image".into());
        let full = PlaceError::Unavailable("no capacity".into());
        let rows = [
            (Code::Creating, None, false, (Code::Creating, None)),
            (Code::Creating, None, true, (Code::Active, None)),
            (Code::Creating, Some(&refused), false, (Code::CreateFailed, Some(CreateFailed))),
            (Code::Creating, Some(&full), false, (Code::Creating, Some(InsufficientCapacity))),
            (Code::CreateFailed, None, false, (Code::Creating, None)),
            (Code::Updating, None, true, (Code::Active, None)),
            (Code::Updating, Some(&refused), true, (Code::Active, Some(UpdateFailed))),
            (Code::Active, Some(&refused), true, (Code::Active, Some(ActionRequired))),
            (Code::Active, Some(&full), true, (Code::Active, Some(InsufficientCapacity))),
            (Code::Active, None, false, (Code::Active, None)),
        ];
        for (code, trouble, is_manned, expected) in rows {
            let outlook = Outlook { trouble, is_manned, is_hosted: true, has_builds: false };
            let found = next(&plain(code), &outlook);
            assert_eq!((found.status_code, found.context), expected, "{code:?} {trouble:?} {is_manned}");
            assert_eq!(found.message, trouble.map(ToString::to_string).filter(|_| found.context.is_some()));
        }
    }

    #[test]
    fn a_fleet_goes_when_its_builds_have_gone() {
        for (has_builds, expected) in [(true, Code::PendingDeletion), (false, Code::Deleting)] {
            let outlook = Outlook { trouble: None, is_manned: true, is_hosted: true, has_builds };
            assert_eq!(next(&plain(Code::PendingDeletion), &outlook).status_code, expected);
        }
    }
}
