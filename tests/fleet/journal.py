# SPDX-License-Identifier: Apache-2.0
"""A log: a JSON object a line, on disk before `put` returns. Any thread."""
import json
import os
import threading
import time


class Journal:
    def __init__(self, path):
        self.file, self.lock = open(path, "a", encoding="utf-8"), threading.Lock()

    def put(self, **entry):
        with self.lock:
            self.file.write(json.dumps({"t": time.monotonic(), **entry}) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())

    def close(self):
        self.file.close()


def read(path):
    """Its entries; a last line that was cut off is none."""
    entries = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            try:
                entries.append(json.loads(line))
            except ValueError:
                if line.endswith("\n"):
                    raise
    return entries
