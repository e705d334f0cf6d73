#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mistake in a tool gives one error, which says what to write: tests/diagnostics/mistakes.cpp is
compiled with each compiler that is there, and its errors are compared with what its comments promise.
The last line is `N passed, M failed`."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MISTAKES = ROOT / "tests" / "diagnostics" / "mistakes.cpp"
ERROR = re.compile(r"\b(?:fatal )?error: (.*)")


def errors_of(compiler):
    command = [compiler, "-std=c++20", "-fsyntax-only", f"-I{ROOT / 'include'}", MISTAKES]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return [m[1] for line in done.stdout.splitlines() if (m := ERROR.search(line))], done.stdout


def main():
    wanted = re.findall(r"// error: (.*)", MISTAKES.read_text())
    passed = failed = 0
    for compiler in filter(shutil.which, ("clang++-19", "g++")):
        found, output = errors_of(compiler)
        for sentence in wanted:
            ours = [error for error in found if sentence in error]
            if len(ours) == 1:
                passed += 1
                found.remove(ours[0])
            else:
                failed += 1
                print(f"FAILED {compiler}: {len(ours)} errors say: {sentence}")
        if found:
            failed += 1
            print(f"FAILED {compiler}: noise:\n" + "\n".join(found))
        if failed:
            print(output)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
