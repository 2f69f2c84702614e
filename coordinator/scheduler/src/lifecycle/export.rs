//! What follows from a build's end, however it came: its log goes to S3 if its project wants that and there is a log.

use crate::build::Build;
use crate::event::Effect;
use buildyard_model::S3LogObject;

pub(super) fn effect(before: &Build, after: &Build) -> Option<Effect> {
    let ended = before.outcome().is_none() && after.outcome().is_some();
    let wanted = ended && after.epoch > 0 && S3LogObject::of(&after.spec).is_some();
    wanted.then(|| Effect::ExportLog { build: after.spec.id.clone() })
}
