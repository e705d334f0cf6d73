#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the client scenarios of the official MCP conformance suite against longhaul-conformance-client.

For each the suite starts a server of its own and our client, which has to find out what is spoken.
tests/conformance/client-scenarios.txt says which have to pass at which revision, and which are not
offered; what the suite has beside these fails. Each checks.json is judged as in conformance.py, and
the client must have come to its end.
The last line is `N passed, M failed`; exit code 1 if any failed.

  scripts/conformance_client.py [SCENARIO…]     with names: these only
"""
import argparse
import concurrent.futures
import fnmatch
import pathlib
import re
import shutil
import subprocess

from conformance import (ROOT, SCENARIO_SECONDS, SUITE, install_suite, print_row, read_scenarios, report,
                         results_of, run_suite)

SCENARIOS = ROOT / "tests/conformance/client-scenarios.txt"
# A client that waits half a second passes if it is not later than 0.7: that is about the machine too,
# and a client that is wrong is wrong each time.
TIMED = {"sse-retry": 3}


def not_offered(path):
    """Patterns: the first words of lines that name no revision."""
    lines = [line.split("#")[0].split() for line in path.read_text().splitlines()]
    return [words[0] for words in lines if len(words) == 1]


def unexpected(node, expected, patterns):
    """What the suite has for clients that the file does not know."""
    listed = subprocess.run([node, str(SUITE), "list", "--client"], cwd=ROOT / "tests", text=True,
                            stdout=subprocess.PIPE, check=True).stdout
    revisions = {revision for _, revision in expected}
    results = []
    for scenario, marks in re.findall(r"^\s+- (\S+) \[(.*)\]$", listed, re.MULTILINE):
        if any(fnmatch.fnmatch(scenario, pattern) for pattern in patterns):
            continue
        known = revisions.intersection(marks.split(",")) or {"-"}
        for revision in sorted(known):
            if (scenario, revision) not in expected:
                results.append({"scenario": scenario, "revision": revision, "checks": 0,
                                "problems": [f"{SCENARIOS.name} does not expect it"]})
    return results


def run_once(node, client, scenario, revision, out):
    shutil.rmtree(out, ignore_errors=True)
    complaint = run_suite(node, out, SCENARIO_SECONDS, "client", "--command", client, "--scenario",
                          scenario, "--spec-version", revision)
    result = results_of(out, revision, {(scenario, revision): False})[0]
    said = "".join(file.read_text() for file in out.glob("*/stdout.txt"))
    if not said.endswith("done\n"):
        errors = "".join(file.read_text() for file in out.glob("*/stderr.txt"))
        result["problems"].append(f"the client failed: {errors.strip() or 'it says nothing'}")
    if complaint and not result["problems"]:
        result["problems"].append(complaint)
    return result


def run_scenario(node, client, scenario, revision, out):
    for _ in range(TIMED.get(scenario, 1)):
        result = run_once(node, client, scenario, revision, out / revision / scenario)
        if not result["problems"]:
            break
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--client", default=str(ROOT / "build/release/longhaul-conformance-client"))
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/conformance-client",
                        help="where the suite's files go (emptied first)")
    parser.add_argument("only", nargs="*", help="run these scenarios only")
    args = parser.parse_args()
    args.out = args.out.resolve()  # the suite runs elsewhere
    client = str(pathlib.Path(args.client).resolve())

    expected = read_scenarios(SCENARIOS)
    unknown = set(args.only) - {scenario for scenario, _ in expected}
    if unknown:
        raise SystemExit(f"not in {SCENARIOS}: " + ", ".join(sorted(unknown)))
    wanted = [pair for pair in expected if not args.only or pair[0] in args.only]
    node = install_suite()
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)

    results = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for result in pool.map(lambda pair: run_scenario(node, client, *pair, args.out), wanted):
            results.append(result)
            if not args.json:
                print_row(result)
    for result in [] if args.only else unexpected(node, expected, not_offered(SCENARIOS)):
        results.append(result)
        if not args.json:
            print_row(result)
    report(results, args)


if __name__ == "__main__":
    main()
