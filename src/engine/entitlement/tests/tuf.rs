//! The 53 tests of TUF's conformance suite (theupdateframework/tuf-conformance, commit eec841c) and what answers each here:
//! a lease is one signed file of one role, so some have nothing to ask of it.

use super::attacks::cases;

/// What answers a test of the suite.
enum Here {
    /// An attack that is refused, by its name in `attacks.rs`.
    Attack(&'static str),
    /// A test, by its file and name.
    Test(&'static str, &'static str),
    /// Nothing: why it does not apply.
    No(&'static str),
}
use Here::{Attack, No, Test};

const ATTACKS: &str = include_str!("attacks.rs");
const CELLS: &str = include_str!("cells.rs");
const CLOCKS: &str = include_str!("clocks.rs");
const KEPT: &str = include_str!("../../../app/agent/run/ids/kept.rs");
const FETCHED: &str = include_str!("../../../../tests/ids_fetch.rs");
const STAGED: &str = include_str!("../../../../tests/ids_stage.rs");
const SWITCHED: &str = include_str!("../../../../tests/ids_switch.rs");
const SPEC: &str = include_str!("../../../../tests/spec.rs");

const PUSHED: Here = No("leases are sent, not asked for");
const ONE_FILE: Here = No("a lease is one file: none vouches for another");
const ONE_SIGNATURE: Here = No("one signature is the threshold");
const NOT_DELEGATED: Here = No("nothing is delegated");
const NO_BUNDLE: Here = Test(CELLS, "without_an_allowed_bundle_community_runs_and_the_reason_is_said");
const NEW_ENROLMENT: Here = Test(KEPT, "it_holds_for_its_enrolment_only_and_damage_is_a_beginning");

const SUITE: [(&str, Here); 53] = [
    ("basic_refresh_requests", PUSHED),
    ("basic_refresh_trusted_data", Test(CELLS, "a_lease_takes_no_effect_before_it_is_durable")),
    ("implicit_refresh", PUSHED),
    ("invalid_initial_root", Test(ATTACKS, "an_enrolment_with_keys_that_are_none_is_refused")),
    ("unsigned_initial_root", No("the first keys are carried to the sensor, in its enrolment bundle")),
    ("unsigned_metadata", Attack("empty signature list")),
    ("url_and_metadata_version_mismatch", Attack("the floor's number, other content")),
    ("timestamp_content_changes", Attack("the floor's number, other content")),
    ("basic_metadata_hash_support", NO_BUNDLE),
    ("targets_hash_mismatch", NO_BUNDLE),
    ("snapshot_hash_mismatch", ONE_FILE),
    ("metadata_bytes_match", Test(ATTACKS, "signed_bytes_are_taken_as_they_are")),
    ("custom_fields", Test(ATTACKS, "signed_bytes_are_taken_as_they_are")),
    ("deprecated_keyid_hash_algorithms", Test(ATTACKS, "signed_bytes_are_taken_as_they_are")),
    ("snapshot_404", ONE_FILE),
    ("targets_404", NO_BUNDLE),
    ("timestamp_404", Test(CELLS, "every_cell")),
    ("incorrect_metadata_type", Attack("signed, another message")),
    ("faketime", Test(CLOCKS, "a_clock_set_back_extends_nothing")),
    ("root_expired", No("keys do not expire; they are replaced")),
    ("timestamp_expired", Test(CELLS, "every_cell")),
    ("snapshot_expired", ONE_FILE),
    ("targets_expired", Test(CELLS, "subscriber_rules_are_left_before_the_lease_ends")),
    ("expired_local_root", No("keys do not expire; they are replaced")),
    ("expired_local_timestamp", Test(CLOCKS, "a_restart_with_a_reset_clock_extends_nothing")),
    ("client_downloads_expected_file", Test(FETCHED, "a_bundle_that_breaks_off_is_gone_on_with")),
    ("client_downloads_expected_file_in_sub_dir", Test(STAGED, "folder_tar_and_gzip_are_the_same_bundle")),
    (
        "repository_substitutes_target_file",
        Test(FETCHED, "an_archive_that_is_another_than_announced_is_refused_and_what_runs_goes_on"),
    ),
    ("multiple_changes_to_target", Test(SWITCHED, "sets_changed_since_they_were_staged_are_not_linked")),
    ("download_with_hash_algorithms", No("there is one algorithm, SHA-256")),
    ("download_with_unknown_hash_algorithm", Attack("signed, a digest too short")),
    ("artifact_cache", Test(STAGED, "a_set_that_was_changed_is_not_whole")),
    ("snapshot_does_not_meet_threshold", Attack("empty signature list")),
    ("snapshot_has_too_few_keys", ONE_SIGNATURE),
    ("duplicate_keys", ONE_SIGNATURE),
    ("duplicate_sig_keyids", Attack("a wrong one of ours first")),
    ("keytype_and_scheme", Attack("signature of another scheme")),
    ("invalid_sig_in_valid_metadata", Test(ATTACKS, "a_stranger_beside_our_signature_changes_nothing")),
    ("unusual_role_name", Attack("same name in another case")),
    ("new_timestamp_version_rollback", Attack("older generation")),
    ("snapshot_rollback", Attack("generation zero")),
    ("targets_role_removal", ONE_FILE),
    ("targets_fast_forward_recovery", NEW_ENROLMENT),
    ("new_snapshot_fast_forward_recovery", NEW_ENROLMENT),
    ("new_timestamp_fast_forward_recovery", Test(CLOCKS, "a_clock_that_ran_ahead_bricks_nothing")),
    ("targets_rollback", Test(ATTACKS, "a_replayed_lease_is_told_and_changes_nothing")),
    ("static_repository", Test(SPEC, "every_golden_is_valid_and_is_read")),
    ("graph_traversal", NOT_DELEGATED),
    ("targetfile_search", NOT_DELEGATED),
    ("cached_role_is_verified_against_current_delegator", NOT_DELEGATED),
    ("delegation_not_in_snapshot", NOT_DELEGATED),
    ("root_rotation", Test(ATTACKS, "keys_rotate_through_the_next_slot")),
    ("non_root_rotations", Test(ATTACKS, "keys_rotate_through_the_next_slot")),
];

#[test]
fn each_test_of_the_suite_has_its_answer() {
    let cases = cases();
    for (test, here) in &SUITE {
        match here {
            Attack(name) => assert!(cases.iter().any(|case| case.0 == *name), "{test}: no attack '{name}'"),
            Test(file, name) => {
                assert!(
                    file.contains(&format!("#[test]\nfn {name}()"))
                        || file.contains(&format!("#[test]\n    fn {name}()")),
                    "{test}: no test {name}"
                );
            }
            No(why) => assert!(!why.is_empty()),
        }
    }
}
