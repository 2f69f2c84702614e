//! The image of builds that name none, and what to do where it is missing. The one place that knows its name.

use buildyard_model::{BuildView, Phase, PhaseStatus};

/// Made by `deploy/images/standard/build.sh`: git, a C toolchain, Python and the usual shell tools.
pub(crate) const NAME: &str = "buildyard/standard:1.0";

/// What to do when a build ended because its host does not have the standard image.
pub(crate) fn hint(view: &BuildView) -> Option<String> {
    let failed = |record: &&buildyard_model::PhaseRecord| {
        record.phase_type == Phase::Provisioning
            && matches!(record.phase_status, Some(PhaseStatus::Failed | PhaseStatus::Fault))
    };
    let context = view.phases.iter().find(failed)?.contexts.first()?;
    let about_the_image = context.status_code.contains("IMAGE") || context.message.contains(NAME);
    (view.image == NAME && about_the_image).then(|| {
        format!("the build's host has no image {NAME}: make it there with `make image`, or name another with --image")
    })
}
