# SPDX-License-Identifier: Apache-2.0
"""All checks, by name; what they have in common stands in checks_tasks.py."""
import checks_fleet
import checks_runs
import checks_tasks

ALL = [
    checks_tasks.acknowledged_exist, checks_tasks.terminal_stays, checks_tasks.all_end,
    checks_tasks.keys_hold, checks_tasks.unique_holds, checks_tasks.cancel_holds,
    checks_tasks.results_are_right, checks_tasks.strangers_see_nothing, checks_tasks.followers_hear,
    checks_tasks.errors_are_clean, checks_tasks.plain_results_are_kept,
    checks_tasks.unknown_outcomes_are_repeated, checks_runs.fail_runs_once,
    checks_runs.attempts_within_budget, checks_runs.one_place, checks_runs.concurrency_holds,
    checks_runs.checkpoints_hold, checks_runs.completed_ran,
    checks_runs.programs_end_with_replicas, checks_runs.cancel_reaches_programs,
    checks_runs.the_dead_begin_nothing,
    checks_runs.nobody_is_robbed, checks_fleet.rolling_is_unnoticed, checks_fleet.drains_end,
    checks_fleet.replicas_do_not_grow, checks_fleet.replicas_live, checks_fleet.books_balance
]

def judge(history):
    """name: the violations that it found."""
    return {check.__name__: list(check(history)) for check in ALL}
