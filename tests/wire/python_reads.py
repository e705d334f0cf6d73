#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Texts that Python's json reads as messages, and the ids in them that wait for an answer.

    python_reads.py SEED COUNT

prints a line for each: the text in hex, and what Python read as the id (JSON), or - where nobody waits
for an answer or the id is neither a string nor an integer. Of an array: the ids, with blanks between.
"""
import json
import random
import sys

ODD_VALUES = [
    r'"cut \ud83d"', r'"\udc00\ud83d"', r'"\ud83d\ude80"', "18446744073709551616", "-9223372036854775809",
    "1e999", "-1E+400", "1e-999", "NaN", "Infinity", "-Infinity", "9" * 400, "0.1" + "0" * 60 + "1",
    '""', '"\\u0000"', "null", "true", "[]", "{}", "-0", "1.5", '"}"', '"{\\"id\\":9}"', '"a\\\\"',
    "[" * 600 + "]" * 600, '{"a":' * 550 + "1" + "}" * 550, '{"id":9}', '[{"id":9},NaN]',
]
ODD_KEYS = ['"a"', '"b"', r'"\ud83d"', '""', '"id "', '"ID"', r'"meth\u006fd"', '"x\\"y"']
IDS = ["1", "0", "-7", "9223372036854775807", "18446744073709551616", '"a"', '""', r'"\ud83d"',
       r'"a\u0062\"c"', '"é\\ud83d\\ude80"', "null", "1.5", "true", "[]", "{}", "-0"]
SPACE = ["", "", "", " ", "\n", "\t \r\n"]


def value(rnd, depth):
    kind = rnd.random()
    if depth == 0 or kind < 0.5:
        return rnd.choice(ODD_VALUES)
    if kind < 0.75:
        return "[" + ",".join(value(rnd, depth - 1) for _ in range(rnd.randrange(4))) + "]"
    return "{" + ",".join(rnd.choice(ODD_KEYS) + rnd.choice(SPACE) + ":" + value(rnd, depth - 1)
                          for _ in range(rnd.randrange(4))) + "}"


def message(rnd):
    members = [('"jsonrpc"', rnd.choice(['"2.0"'] * 8 + ['"1.0"', "2.0", "null", r'"2\u002e0"'])),
               ('"method"', rnd.choice(['"ping"'] * 6 + ['"no/such"', "7", "null", r'"\ud83d"']))]
    if rnd.random() < 0.93:
        members.append((rnd.choice(['"id"'] * 5 + [r'"\u0069d"']), rnd.choice(IDS)))
    if rnd.random() < 0.8:
        members.append(('"params"', value(rnd, 3)))
    for _ in range(rnd.randrange(3)):
        members.append((rnd.choice(ODD_KEYS + ['"result"', '"error"', '"method"', '"id"', '"jsonrpc"']),
                        rnd.choice(IDS) if rnd.random() < 0.3 else value(rnd, 2)))
    rnd.shuffle(members)
    gap = lambda: rnd.choice(SPACE)
    return "{" + gap() + ("," + gap()).join(
        key + gap() + ":" + gap() + val + gap() for key, val in members) + "}"


def expected(read):
    if not isinstance(read, dict):
        return None
    known = read.get("id")
    if isinstance(known, bool) or not isinstance(known, (str, int)):
        return None
    response = read.get("method") is None and ("result" in read or "error" in read)
    return None if response else json.dumps(known)


def main():
    sys.setrecursionlimit(20000)
    rnd = random.Random(int(sys.argv[1]))
    left = int(sys.argv[2])
    while left > 0:
        if rnd.random() < 0.1:
            text = "[" + ",".join(message(rnd) for _ in range(rnd.randrange(1, 5))) + "]"
        else:
            text = message(rnd)
        if rnd.random() < 0.2:
            at = rnd.randrange(len(text))
            text = text[:at] + rnd.choice(['"', "{", "}", ",", "0", " ", "\\", ""]) + text[at + 1:]
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(read, list):
            ids = [one for one in map(expected, read) if one is not None]
        else:
            ids = [one for one in [expected(read)] if one is not None]
        # A pipe takes one line a message; line breaks between tokens mean nothing.
        line = text.replace("\n", " ").replace("\r", " ")
        print(line.encode().hex(), " ".join(one.replace(" ", "\\u0020") for one in ids) or "-")
        left -= 1


if __name__ == "__main__":
    main()
