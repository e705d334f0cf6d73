#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the official MCP conformance suite against one process of longhaul-conformance-server.

The suite runs what each revision requires (`--requirements`), which holds the scenarios of the tasks
extension and those that are pending too. Its exit code is too kind (warnings pass, scenarios of
extensions never count), so each checks.json is judged here: a scenario passes if it has a SUCCESS and
neither a FAILURE nor a WARNING. tests/conformance/scenarios.txt says which have to have run: one that
is missing fails, and so does one that nobody expects.
The last line is `N passed, M failed`; exit code 1 if any failed.

  scripts/conformance.py [SCENARIO…]     with names: these only, one by one
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUITE = ROOT / "tests/node_modules/@modelcontextprotocol/conformance/dist/index.js"
START_SECONDS = 20
SCENARIO_SECONDS = 60
REVISION_SECONDS = 300
# These send their requests with Node's `http`, in clear, whatever the URL says: nobody can pass them
# over https.
IN_CLEAR = {"http-header-validation", "http-custom-header-server-validation"}


def make_certificate(folder):
    """Paths of a certificate, signed by itself, and of its key: for this machine, and for the name that
    the suite pretends to have come to."""
    certificate, key = f"{folder}/certificate.pem", f"{folder}/key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:evil.example.com",
                    "-keyout", key, "-out", certificate],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate, key


class Server:
    """The server under test on a free port; its standard error goes to a file."""

    def __init__(self, binary, log_path, tls):
        self.log_path = log_path
        more = []
        self.log = open(log_path, "wb")
        self.state = tempfile.TemporaryDirectory(prefix="longhaul-conformance-")
        if tls:
            certificate, key = make_certificate(self.state.name)
            more = ["--tls-certificate", certificate, "--tls-key", key]
            os.environ["NODE_EXTRA_CA_CERTS"] = certificate
        self.process = subprocess.Popen(
            [binary, "--http", "127.0.0.1:0", "--store", f"sqlite:{self.state.name}/tasks.db",
             *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)

    def url(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            text = self.log_path.read_text(errors="replace")
            found = re.search(r"listening on (https?://\S+)\s", text)
            if found:
                return found.group(1)
            if self.process.poll() is not None:
                raise SystemExit(f"the server exited with {self.process.returncode}:\n{text}")
            time.sleep(0.02)
        raise SystemExit(f"the server does not listen after {START_SECONDS} s:\n{text}")

    def stop(self):
        """Stops it as an operator would; the reason why that was not clean, or None."""
        died = self.process.poll()
        if died is not None:
            return f"the server exited with {died} while the suite ran"
        # Some scenarios leave tasks of a minute behind: the second signal hurries the drain.
        for patience in (2, 20):
            self.process.send_signal(signal.SIGTERM)
            try:
                code = self.process.wait(timeout=patience)
                return None if code == 0 else f"the server exited with {code} after SIGTERM"
            except subprocess.TimeoutExpired:
                pass
        self.process.kill()
        self.process.wait()
        return "the server did not stop within 20 s of the second SIGTERM"


def read_scenarios(path):
    """{(scenario, revision): whether the suite skips it}, in the order of the file. Lines without a
    revision are those of scenarios that are not offered."""
    expected = {}
    for line in path.read_text().splitlines():
        words = line.split("#")[0].split()
        for word in words[1:]:
            revision, _, mark = word.partition(":")
            if mark not in ("", "skipped"):
                raise SystemExit(f"{path.name}: what is {mark!r} of {words[0]}?")
            expected[(words[0], revision)] = mark == "skipped"
    return expected


def judge(file, skipped):
    """What is wrong with a checks.json, and how many checks succeeded."""
    problems, succeeded = [], 0
    for check in json.loads(file.read_text()):
        status = check.get("status")
        if status == "SUCCESS":
            succeeded += 1
        elif status in ("FAILURE", "WARNING"):
            why = check.get("errorMessage") or check.get("description", "")
            problems.append(f"{status} {check.get('id')}: {why}")
        elif status not in ("INFO", "SKIPPED"):
            problems.append(f"unknown status {status!r} of {check.get('id')}")
    if skipped and succeeded:
        problems.append("the suite no longer skips it: scenarios.txt has to say so")
    if not skipped and not succeeded and not problems:
        problems.append("no check succeeded")
    return problems, succeeded


def install_suite():
    """The path of the Node that runs it."""
    return subprocess.run([ROOT / "scripts/npm-install.sh"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


def run_suite(node, out, seconds, *options):
    """What is wrong with the run itself, or None."""
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "suite.log", "ab") as log:
        try:
            code = subprocess.run([node, str(SUITE), *options, "-o", str(out)],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  cwd=ROOT / "tests", timeout=seconds, check=False).returncode
        except subprocess.TimeoutExpired:
            return f"the suite is not done after {seconds} s"
    return None if code == 0 else f"the suite exited with {code}: see {out}/suite.log"


def results_of(out, revision, expected):
    """A result for each scenario that ran or should have, in the order of `expected`."""
    found = {}
    for file in sorted(out.glob("*/checks.json")):
        name = re.fullmatch(r"(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z", file.parent.name)
        found[name.group(1) if name else file.parent.name] = file
    results = []
    for scenario in [s for s, r in expected if r == revision]:
        problems, succeeded = ["the suite wrote no checks.json"], 0
        if scenario in found:
            problems, succeeded = judge(found.pop(scenario), expected[(scenario, revision)])
        results.append({"scenario": scenario, "revision": revision, "checks": succeeded,
                        "problems": problems, "skipped": expected[(scenario, revision)]})
    for scenario in found:
        results.append({"scenario": scenario, "revision": revision, "checks": 0,
                        "problems": ["scenarios.txt does not expect it"]})
    return results


def run_revision(node, url, revision, expected, only, out):
    """All that the revision requires in one run of the suite, or some scenarios one by one."""
    if only:
        for scenario in [s for s, r in expected if r == revision]:
            run_suite(node, out, SCENARIO_SECONDS, "server", "--url", url, "--scenario", scenario,
                      "--spec-version", revision, "--force")
        return results_of(out, revision, expected)
    complaint = run_suite(node, out, REVISION_SECONDS, "server", "--url", url, "--requirements",
                          revision)
    results = results_of(out, revision, expected)
    if complaint and not any(result["problems"] for result in results):
        results.append({"scenario": "the-suite-itself", "revision": revision, "checks": 0,
                        "problems": [complaint]})
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default=str(ROOT / "build/release/longhaul-conformance-server"))
    parser.add_argument("--url", help="a server that runs already, instead of starting one")
    parser.add_argument("--tls", action="store_true", help="over https, with a certificate made now")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/conformance",
                        help="where the suite's files go (emptied first)")
    parser.add_argument("only", nargs="*", help="run these scenarios only")
    args = parser.parse_args()
    args.out = args.out.resolve()  # the suite runs elsewhere

    expected = read_scenarios(ROOT / "tests/conformance/scenarios.txt")
    unknown = set(args.only) - {scenario for scenario, _ in expected}
    if unknown:
        raise SystemExit("not in tests/conformance/scenarios.txt: " + ", ".join(sorted(unknown)))
    if args.only:
        expected = {pair: skips for pair, skips in expected.items() if pair[0] in args.only}
    node = install_suite()
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)

    server = None if args.url else Server(args.server, args.out / "server.log", args.tls)
    results = []
    try:
        url = args.url or server.url()
        for revision in dict.fromkeys(revision for _, revision in expected):
            for result in run_revision(node, url, revision, expected, args.only,
                                       args.out / revision):
                if args.tls and result["scenario"] in IN_CLEAR:
                    continue
                results.append(result)
                if not args.json:
                    print_row(result)
    finally:
        complaint = server.stop() if server else None
    if complaint:
        results.append({"scenario": "server-stops-cleanly", "revision": "-", "checks": 0,
                        "problems": [complaint]})
        if not args.json:
            print_row(results[-1])
    report(results, args)


def print_row(result):
    verdict = "FAIL" if result["problems"] else "skip" if result.get("skipped") else "pass"
    print(f"{verdict}  {result['scenario']:<47} {result['revision']:<11}"
          f"{result['checks']:>3} checks", flush=True)
    for problem in result["problems"]:
        print(f"      {problem}", flush=True)


def report(results, args):
    failed = sum(1 for result in results if result["problems"])
    skipped = sum(1 for result in results if result.get("skipped") and not result["problems"])
    passed = len(results) - failed - skipped
    if args.json:
        print(json.dumps({"passed": passed, "failed": failed, "skipped": skipped,
                          "results": results}, indent=2))
    else:
        checks = sum(result["checks"] for result in results)
        print(f"{checks} checks succeeded, {skipped} scenarios skipped by the suite, whose files are "
              f"in {os.path.relpath(args.out)}")
        print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
