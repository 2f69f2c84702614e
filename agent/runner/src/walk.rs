//! Which phase follows which, and what the whole walk comes to. Pure (reference 1.5, 2.2; open questions 2 and 3).

use buildyard_buildspec::OnFailure;
use buildyard_model::{Phase, PhaseContext};

/// A phase of commands that was walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Walked {
    pub(crate) phase: Phase,
    /// Why it failed; nothing when it succeeded.
    pub(crate) failure: Option<PhaseContext>,
    pub(crate) on_failure: Option<OnFailure>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Phase(Phase),
    UploadArtifacts,
    /// Nothing: the build is over.
    End,
}

/// What the walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) failed: bool,
    /// At most so many further tries are asked for.
    pub(crate) retry_limit: u32,
}

/// What follows a phase: CodeBuild's table, which `on-failure` overrides.
pub(crate) fn next(walked: &Walked) -> Next {
    let following = match walked.phase {
        Phase::Install => Next::Phase(Phase::PreBuild),
        Phase::PreBuild => Next::Phase(Phase::Build),
        Phase::Build => Next::Phase(Phase::PostBuild),
        _ => Next::UploadArtifacts,
    };
    match (&walked.failure, &walked.on_failure) {
        (None, _) | (Some(_), Some(OnFailure::Continue)) => following,
        (Some(_), Some(OnFailure::Abort)) => Next::End,
        // A retry is another build: this one ends as any failed build does.
        (Some(_), None | Some(OnFailure::Retry { .. })) => match walked.phase {
            Phase::Build | Phase::PostBuild => following,
            _ => Next::End,
        },
    }
}

/// The build's result: failed when a phase failed that had not said CONTINUE. The first phase whose RETRY matches its
/// message decides how many tries are asked for.
pub(crate) fn verdict(walked: &[Walked]) -> Verdict {
    let excused = |one: &&Walked| one.failure.is_some() && one.on_failure != Some(OnFailure::Continue);
    let mut failed = walked.iter().filter(excused).peekable();
    Verdict { failed: failed.peek().is_some(), retry_limit: failed.find_map(retries).unwrap_or(0) }
}

fn retries(walked: &Walked) -> Option<u32> {
    match (&walked.failure, &walked.on_failure) {
        (Some(context), Some(OnFailure::Retry { count, pattern })) => {
            // The buildspec's parser has compiled it before; a pattern that fails all the same matches nothing.
            let matches = |pattern: &String| regex::Regex::new(pattern).is_ok_and(|it| it.is_match(&context.message));
            pattern.as_ref().is_none_or(matches).then_some(*count)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(phase: Phase, failed: bool, on_failure: Option<OnFailure>) -> Walked {
        let failure = failed.then(|| PhaseContext::new("COMMAND_EXECUTION_ERROR", "x. Reason: exit status 1"));
        Walked { phase, failure, on_failure }
    }

    fn retry(count: u32, pattern: Option<&str>) -> Option<OnFailure> {
        Some(OnFailure::Retry { count, pattern: pattern.map(Into::into) })
    }

    #[test]
    fn the_transition_table() {
        use Phase::{Build, Install, PostBuild, PreBuild};
        let (abort, go_on) = (Some(OnFailure::Abort), Some(OnFailure::Continue));
        let rows = [
            // phase, succeeded, failed, ABORT, CONTINUE, RETRY
            (Install, Next::Phase(PreBuild), Next::End, Next::End, Next::Phase(PreBuild), Next::End),
            (PreBuild, Next::Phase(Build), Next::End, Next::End, Next::Phase(Build), Next::End),
            (
                Build,
                Next::Phase(PostBuild),
                Next::Phase(PostBuild),
                Next::End,
                Next::Phase(PostBuild),
                Next::Phase(PostBuild),
            ),
            (
                PostBuild,
                Next::UploadArtifacts,
                Next::UploadArtifacts,
                Next::End,
                Next::UploadArtifacts,
                Next::UploadArtifacts,
            ),
        ];
        for (phase, succeeded, failed, aborted, continued, retried) in rows {
            assert_eq!(next(&walked(phase, false, abort.clone())), succeeded, "{phase}");
            assert_eq!(next(&walked(phase, true, None)), failed, "{phase}");
            assert_eq!(next(&walked(phase, true, abort.clone())), aborted, "{phase}");
            assert_eq!(next(&walked(phase, true, go_on.clone())), continued, "{phase}");
            assert_eq!(next(&walked(phase, true, retry(3, None))), retried, "{phase}");
        }
    }

    #[test]
    fn continue_excuses_its_own_phase_only() {
        let excused = walked(Phase::Build, true, Some(OnFailure::Continue));
        assert_eq!(verdict(std::slice::from_ref(&excused)), Verdict { failed: false, retry_limit: 0 });
        let other = walked(Phase::PostBuild, true, None);
        assert_eq!(verdict(&[excused, other]), Verdict { failed: true, retry_limit: 0 });
        assert_eq!(verdict(&[walked(Phase::Build, false, None)]), Verdict { failed: false, retry_limit: 0 });
    }

    #[test]
    fn a_retry_is_asked_for_when_its_pattern_matches_the_message() {
        let limit = |on_failure| verdict(&[walked(Phase::Build, true, on_failure)]).retry_limit;
        assert_eq!(limit(retry(3, None)), 3);
        assert_eq!(limit(retry(4, Some("exit status [12]"))), 4);
        assert_eq!(limit(retry(4, Some("^timeout"))), 0);
        assert_eq!(verdict(&[walked(Phase::Build, false, retry(3, None))]), Verdict { failed: false, retry_limit: 0 });
    }
}
