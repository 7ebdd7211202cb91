"""What takes long: tests that run only in ``make test-slow``, and files to begin with."""

from collections.abc import Mapping

SLOW: Mapping[str, tuple[str, ...]] = {
    "study/test_study_folder.py": (
        "test_a_file_that_the_system_will_not_let_grow_is_an_error_with_advice",
    ),
    "study/test_resuming.py": (
        "test_the_same_plan_on_one_core_in_another_process_gives_the_same_bytes",
    ),
    "learning/test_training.py": ("test_a_run_does_not_depend_on_how_many_runs_there_are",),
    "learning/test_record_windows.py": (
        "test_gathered_windows_equal_a_plain_loop_and_hold_no_gap",
    ),
    "truth/test_truth_bench.py": ("test_a_case_runs_from_fault_to_record_and_is_not_run_twice",),
    "cli/test_examples.py": (
        "test_the_tribometer_runs_are_studied_with_all_five_drivers",
        "test_the_natural_rock_is_studied_on_the_drivers_that_exist",
        "test_every_real_log_can_be_inspected",
    ),
    "cli/test_never_lost.py": (
        "test_ctrl_c_says_up_to_which_epoch",
        "test_without_space_there_is_one_line_and_with_space_again_the_same_bytes",
        "test_a_second_command_on_a_folder_leaves_with_the_number_of_the_first",
        "test_what_was_altered_is_named_by_a_report",
        "test_altered_evidence_is_named_and_computed_again_by_a_report",
        "test_two_workers_give_the_bytes_of_one_process",
        "test_what_cannot_be_done_with_workers_is_refused_in_a_line",
    ),
    "cli/test_other_commands.py": (
        "test_the_demo_prints_what_was_planted_beside_what_was_found",
        "test_inspect_tells_two_logs_of_one_name_apart",
        "test_inspect_keeps_a_channel_map_that_was_completed_by_hand",
    ),
    "cli/test_studies.py": (
        "test_a_true_ctrl_c_in_a_true_study_ends_with_130_and_one_line",
        "test_on_a_terminal_an_unfinished_study_shows_a_bar_and_the_time_left",
        "test_a_report_needs_the_folder_alone",
        "test_a_report_opens_in_the_language_asked_for",
    ),
    "cli/test_watch.py": (
        "test_a_progress_that_is_left_over",
        "test_a_study_in_training_is_seen_from_outside_and_so_is_its_end",
        "test_a_view_follows_a_study_until_its_process_has_ended",
    ),
    "evidence/test_explained_studies.py": (
        "test_what_is_asked_for_is_trained_and_kept",
        "test_a_length_of_which_every_run_diverged_leaves_the_others_standing",
        "test_a_run_that_diverged_is_left_out_of_everything_by_name",
        "test_half_a_study_has_evidence_of_what_is_there",
    ),
    "experiment/test_faults.py": ("test_none_of_576_clean_logs_has_a_fault",),
    "fuzz/test_absurd_numbers.py": (
        "test_a_study_of_nothing_that_changes_ends_in_words",
        "test_a_study_of_which_some_runs_diverge_names_them",
    ),
    "fuzz/test_fuzzed_logs.py": (),
    "fuzz/test_hostile_logs.py": (),
    "learning/test_native_engine.py": (
        "test_a_run_trains_to_the_same_bits_whatever_the_number_of_runs",
    ),
    "logs/test_bad_logs.py": (
        "test_no_damage_to_a_real_log_raises_anything_else",
        "test_no_damage_to_a_workbook_or_parquet_file_raises_anything_else",
    ),
    "reporting/figures/test_figure_style.py": (
        "test_the_same_numbers_give_the_same_bytes",
        "test_bytes_do_not_depend_on_the_process_or_the_place",
    ),
    "reporting/test_in_a_browser.py": (),
    "reporting/test_in_a_browser_for_everyone.py": (),
    "reporting/test_page.py": (
        "test_a_study_of_one_length_one_run_and_no_controls_has_a_page_and_a_summary",
    ),
    "study/test_executors.py": (),
    "study/test_kills.py": (),
    "study/test_progress.py": (
        "test_workers_leave_the_progress_of_all_their_groups_of_runs",
        "test_the_steps_of_the_evidence_and_the_time_left_are_seen_from_outside",
        "test_evidence_of_a_study_half_trained_leaves_how_far_it_is",
    ),
    "study/test_remote.py": (),
    "study/test_cluster.py": (
        "test_a_job_that_ended_is_submitted_again_and_the_last_one_cancelled",
    ),
}
"""What a contributor need not wait for: how names of tests begin, by file; all if none is given."""

LONGEST = (
    "test_kills.py", "test_examples.py", "test_never_lost.py", "test_studies.py",
    "test_executors.py", "test_bad_input.py", "test_native_engine.py",
    "test_explained_studies.py", "test_progress.py",
)  # fmt: skip
