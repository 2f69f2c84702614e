//! Builds with all that was asked of them, for CodeBuild's `Build`. Whoever shows them cannot show a credential: there
//! is none in them.

use crate::{Error, IdQuery, Service};
use buildyard_model::{BuildId, BuildView, JobSpec, Phase, PhaseContext, Source, SourceKind};
use buildyard_scheduler::Build;
use std::collections::HashMap;

/// A build and its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildDetail {
    pub view: BuildView,
    /// Credentials removed.
    pub job: JobSpec,
}

impl BuildDetail {
    pub(crate) fn of(build: &Build) -> Self {
        let mut job = build.spec.clone();
        let secondary = job.secondary_sources.iter_mut().map(|secondary| &mut secondary.source);
        std::iter::once(&mut job.source).chain(secondary).for_each(forget_credentials);
        Self { view: build.view(), job }
    }
}

/// The view of a build whose phase tells what it waits for, as long as it waits.
fn waiting(mut view: BuildView) -> BuildView {
    let queued = view.phases.last_mut().filter(|last| last.phase_type == Phase::Queued && last.phase_status.is_none());
    if let (Some(queued), Some(reason)) = (queued, &view.reason) {
        queued.contexts = vec![PhaseContext::new("", reason.clone())];
    }
    view
}

fn forget_credentials(source: &mut Source) {
    if let SourceKind::Git { credentials, .. } = &mut source.kind {
        *credentials = None;
    }
}

impl Service {
    /// Those of the builds that are there, in the order of `ids` and each once; one read of the store.
    pub async fn build_details(&self, ids: &[BuildId]) -> Result<Vec<BuildDetail>, Error> {
        let builds = self.store().get_many(ids).await?;
        let views = self.seen(&builds).await?;
        let details =
            builds.iter().zip(views).map(|(build, view)| BuildDetail { view: waiting(view), ..BuildDetail::of(build) });
        let mut found: HashMap<BuildId, BuildDetail> = details.map(|detail| (detail.job.id.clone(), detail)).collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// One build.
    pub async fn build_detail(&self, id: &BuildId) -> Result<BuildDetail, Error> {
        Ok(BuildDetail::of(&self.load(id).await?))
    }

    /// Ids of builds with their places in the order of submission.
    pub async fn build_ids(&self, query: &IdQuery) -> Result<Vec<(u64, BuildId)>, Error> {
        Ok(self.store().ids(query).await?)
    }
}
