//! A build as people and programs see it: everything but its secrets and its lease.

use crate::build::Build;
use buildyard_model::{BuildStatus, BuildView, Phase, Source, SourceKind};

impl Build {
    /// The build from outside. Credentials are removed from the source.
    pub fn view(&self) -> BuildView {
        let last = self.phases.last();
        let outcome = self.outcome();
        BuildView {
            id: self.spec.id.clone(),
            arn: self.spec.arn(),
            project: self.spec.id.project().clone(),
            build_number: self.spec.build_number,
            initiator: self.spec.initiator.clone(),
            build_status: outcome.map_or(BuildStatus::InProgress, BuildStatus::from),
            build_complete: outcome.is_some(),
            current_phase: last.map_or(Phase::Submitted, |record| record.phase_type),
            start_time: self.spec.submitted_at,
            end_time: last.filter(|record| record.phase_type == Phase::Completed).map(|record| record.start_time),
            phases: self.phases.clone(),
            source: without_credentials(&self.spec.source),
            resolved_source_version: self.resolved_source_version.clone(),
            image: self.spec.environment.image.clone(),
            resources: Some(self.spec.environment.resources()),
            image_digest: self.image_digest.clone(),
            attempt: self.attempt,
            agent: self.agent.clone(),
            exported_environment_variables: self.exported.clone(),
            artifacts: self.artifacts.clone(),
            log_bytes: self.log_bytes,
            retry_of: self.spec.retry_of.clone(),
            next_retry: self.next_retry.clone(),
            reason: self.reason.clone(),
            priority: self.spec.priority,
            fleet: self.spec.fleet(),
        }
    }
}

fn without_credentials(source: &Source) -> Source {
    let mut source = source.clone();
    if let SourceKind::Git { credentials, .. } = &mut source.kind {
        *credentials = None;
    }
    source
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, apply, sample};
    use buildyard_model::{GitCredentials, Secret, Timestamp};

    #[test]
    fn a_new_build_looks_like_the_answer_of_start_build() {
        let view = Build::queued(sample::spec(), Timestamp(1000)).view();
        assert_eq!((view.build_status, view.current_phase), (BuildStatus::InProgress, Phase::Queued));
        assert_eq!((view.attempt, view.end_time, view.phases.len()), (0, None, 2));
        assert!(!view.build_complete);
    }

    #[test]
    fn the_end_time_is_the_start_of_completed() {
        let build = apply(&Build::queued(sample::spec(), Timestamp(1000)), Event::Stop, Timestamp(5000)).unwrap().build;
        let view = build.view();
        assert_eq!((view.build_status, view.current_phase), (BuildStatus::Stopped, Phase::Completed));
        assert_eq!(view.end_time, Some(Timestamp(5000)));
        assert!(view.build_complete);
    }

    #[test]
    fn credentials_are_not_shown() {
        let mut spec = sample::spec();
        let password = Secret::new("hunter2");
        spec.source.kind = SourceKind::Git {
            location: "https://git.example/app.git".to_owned(),
            depth: 1,
            submodules: false,
            credentials: Some(GitCredentials { username: "me".to_owned(), password }),
        };
        let view = Build::queued(spec, Timestamp(0)).view();
        assert!(matches!(view.source.kind, SourceKind::Git { credentials: None, .. }));
    }
}
