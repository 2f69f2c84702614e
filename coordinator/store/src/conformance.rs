//! What every store must do, as cases that each implementation runs: `suite!(open)`, where `open` gives an empty store
//! and whatever must live as long as it.

pub(crate) mod agents;
pub(crate) mod committing;
pub(crate) mod creating;
pub(crate) mod documents;
pub(crate) mod listing;
pub(crate) mod queueing;
pub(crate) mod sample;
pub(crate) mod tokens;

/// A test for each case.
macro_rules! suite {
    ($open:path) => {
        $crate::conformance::cases! { $open;
            creating: [
                a_new_build_waits_with_its_number,
                a_build_is_read_back_as_it_was_made,
                numbers_have_no_gaps_under_concurrency,
                an_id_cannot_be_used_twice,
                a_retry_is_made_once_and_ends_its_outbox_entry,
                a_limit_counts_what_waits_runs_and_is_promised,
                starts_at_once_do_not_pass_a_limit_together,
            ],
            tokens: [
                a_token_gives_its_build_again,
                a_token_with_another_request_is_refused,
                a_token_counts_for_five_minutes,
                one_token_used_at_once_makes_one_build,
            ],
            committing: [
                a_commit_replaces_the_build,
                two_commits_of_one_version_have_one_winner,
                many_commits_at_once_are_all_there,
                steps_that_come_together_each_have_their_own_effects_and_queue,
                a_commit_of_an_unknown_build_is_not_found,
                durable_effects_are_stored_with_their_step,
                outbox_entries_go_when_done_and_their_ids_never_return,
            ],
            queueing: [
                the_queue_is_read_in_pages_by_submission,
                the_queue_follows_the_state,
                builds_that_waited_too_long_are_overdue,
            ],
            listing: [
                pages_give_every_build_once_and_newest_first,
                a_page_behind_an_unknown_build_is_not_found,
                builds_are_found_by_the_beginning_of_their_uuid,
                ids_are_listed_both_ways,
                only_finished_builds_are_removed,
                builds_are_read_together,
            ],
            documents: [
                a_document_is_made_replaced_and_removed,
                changes_are_made_all_or_none,
                documents_are_listed_by_key_in_pages,
            ],
            agents: [agents_are_remembered_replaced_and_forgotten],
        }
    };
}

macro_rules! cases {
    ($open:path; $($group:ident: [$($case:ident),+ $(,)?]),+ $(,)?) => {
        $($(
            #[tokio::test]
            async fn $case() {
                let (_kept, store) = $open().await;
                $crate::conformance::$group::$case(store).await;
            }
        )+)+
    };
}

pub(crate) use {cases, suite};
