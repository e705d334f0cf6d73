# SPDX-License-Identifier: Apache-2.0
"""All checks, by name; what they have in common stands in checks_tasks.py."""
import checks_fleet
import checks_runs
import checks_tasks

ALL = [
    checks_tasks.acknowledged_exist, checks_tasks.terminal_stays, checks_tasks.all_end,
    checks_tasks.keys_hold, checks_tasks.unique_holds, checks_tasks.cancel_holds,
    checks_tasks.results_are_right, checks_tasks.strangers_see_nothing, checks_tasks.followers_hear,
    checks_tasks.followers_hear_of_silent, checks_tasks.errors_are_clean, checks_tasks.plain_results_are_kept,
    checks_tasks.unknown_outcomes_are_repeated, checks_runs.fail_runs_once,
    checks_runs.attempts_within_budget, checks_runs.one_place, checks_runs.concurrency_holds,
    checks_runs.concurrency_holds_behind_cancels, checks_runs.checkpoints_hold, checks_runs.completed_ran,
    checks_runs.programs_end_with_replicas, checks_runs.cancel_reaches_programs,
    checks_runs.cancel_reaches_programs_of_silent, checks_runs.the_dead_begin_nothing,
    checks_runs.nobody_is_robbed, checks_fleet.rolling_is_unnoticed, checks_fleet.drains_end,
    checks_fleet.replicas_do_not_grow, checks_fleet.replicas_live, checks_fleet.books_balance
]

# What is known to be broken, and why: told, and not counted as failed. A check leaves this table with
# its cause.
KNOWN = {
    "concurrency_holds_behind_cancels":
        "a cancel frees the number of a concurrency key in the database (change_set.cpp), and other replicas "
        "do not count programs that are still ending",
    "cancel_reaches_programs_of_silent": "as followers_hear_of_silent",
    "followers_hear_of_silent":
        "a replica with notify=off tells nobody (listener.cpp), and who hears others looks every ten seconds",
    "unknown_outcomes_are_repeated":
        "certain() repeats what has an unknown outcome for 0.4 s only, then callers get -32603; behind a "
        "pooler every outcome is unknown while the database is away",
    "the_dead_begin_nothing":
        "lease::keep() loses its trust when a renewal has failed, by the time at which that began, and not "
        "when the lease is over: a replica that comes back begins tasks before it hears that it is dead",
    "plain_results_are_kept":
        "the result of a plain call is removed 2 s after its end, also if the replica of its caller has not "
        "read it: a lost notification, which costs up to 10 s, or a short outage, and the caller gets "
        "-32603, or, of what failed, a reply that is no JSON",
}


def judge(history):
    """name: the violations that it found."""
    return {check.__name__: list(check(history)) for check in ALL}
