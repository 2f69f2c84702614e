//! Builds with all that was asked of them, for CodeBuild's `Build`. Whoever shows them cannot show a credential: there
//! is none in them.

use crate::{Error, IdQuery, Service};
use buildyard_model::{BuildId, BuildView, JobSpec, Source, SourceKind};
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

fn forget_credentials(source: &mut Source) {
    if let SourceKind::Git { credentials, .. } = &mut source.kind {
        *credentials = None;
    }
}

impl Service {
    /// Those of the builds that are there, in the order of `ids` and each once; one read of the store.
    pub async fn build_details(&self, ids: &[BuildId]) -> Result<Vec<BuildDetail>, Error> {
        let found = self.store().get_many(ids).await?;
        let mut found: HashMap<BuildId, Build> =
            found.into_iter().map(|build| (build.spec.id.clone(), build)).collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).map(|build| BuildDetail::of(&build)).collect())
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
