#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the command line (tests/cli), as a user has it: the program itself, against servers.

  scripts/cli.py [--longhaul PATH] [--jobs N] [PART…]

PART is a file of tests/cli without .py, or the name of one test; all if none is said. A line for each failure; the
last one is `N passed, M failed`.
"""
import argparse
import concurrent.futures
import importlib
import pathlib
import sys
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/cli"))
sys.dont_write_bytecode = True

import cli  # noqa: E402

FILES = ["tools", "arguments", "calls", "exit_codes", "tasks", "crashes", "keys", "questions", "screens", "others",
         "hostile", "admin", "waiting", "traces"]
WIDEST = 600  # characters of what a failure says


def place_of(wrong):
    """Where in a test it went wrong."""
    for frame in reversed(traceback.extract_tb(wrong.__traceback__)):
        path = pathlib.Path(frame.filename)
        if path.parent == cli.HERE and path.name not in ("cli.py", "terminal.py"):
            return f"{path.name}:{frame.lineno}"
    return "?"


def attempt(test, longhaul):
    """Null, or why it failed."""
    box = cli.Box(longhaul)
    try:
        test(box)
        return None
    except Exception as wrong:  # whatever it is, the others go on
        words = f"{type(wrong).__name__}: {wrong}"
        return f"{place_of(wrong)}: {words if len(words) <= WIDEST else words[:WIDEST] + ' …'}"
    finally:
        box.close()


def selected(parts):
    for name in FILES:
        importlib.import_module(name)
    known = {test.__module__ for test in cli.TESTS} | {test.__name__ for test in cli.TESTS}
    if unknown := set(parts) - known:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}")
    return [t for t in cli.TESTS if not parts or t.__name__ in parts or t.__module__ in parts]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--longhaul", default=ROOT / "build/release/longhaul", type=pathlib.Path)
    parser.add_argument("--jobs", default=4, type=int, help="tests at once: they wait more than they work")
    parser.add_argument("--times", action="store_true", help="say how long each took")
    parser.add_argument("parts", nargs="*", metavar="PART")
    options = parser.parse_args()
    longhaul = str(options.longhaul.resolve())
    tests = selected(options.parts)
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        def timed(test):
            begun = time.monotonic()
            return test, attempt(test, longhaul), time.monotonic() - begun
        for test, why, took in pool.map(timed, tests):
            passed += why is None
            failed += why is not None
            if why is not None:
                print(f"FAILED {test.__module__} {test.__name__}, {why}", flush=True)
            elif options.times:
                print(f"ok     {test.__module__} {test.__name__}, {took:.1f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
