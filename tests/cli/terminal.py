# SPDX-License-Identifier: Apache-2.0
"""A real terminal (tmux) in which one command runs: what stands on its screen, and keys for it.

A screen is compared with a text file of screens/ where all of it is stable: identifiers, addresses, times and
the turning mark are replaced by words. LONGHAUL_WRITE_SCREENS=1 writes these files anew.
"""
import os
import re
import subprocess

from cli import HERE, LIMIT, until

# tmux does not always see how its program ended. The title of the pane changes when tmux has read all that the program
# printed, which it may do some time after the end.
ENDED = "it has ended"
KEEPS_CODE = f"""trap : INT; "$@"; echo $? >"$0.new"; mv "$0.new" "$0"; printf '\\033]2;{ENDED}\\033\\\\'"""
SETTINGS = "set -g remain-on-exit on\nset -g remain-on-exit-format ''\nset -g status off\nset -sg escape-time 0\n"


class Terminal:
    def __init__(self, box, *words, columns=80, rows=24, env=None):
        """Runs longhaul with these words."""
        box.count += 1
        self.box, self.socket = box, box.folder / f"{box.count}.tmux"
        settings = box.write(f"{box.count}.conf", SETTINGS)
        environment = {**box.environment, "TERM": "xterm-256color", **(env or {})}
        self.code = box.folder / f"{box.count}.code"
        command = ["env", "-i", *[f"{name}={value}" for name, value in environment.items()],
                   "sh", "-c", KEEPS_CODE, self.code, box.longhaul, *words]
        self._tmux("-f", settings, "new-session", "-d", "-x", columns, "-y", rows, "-c", box.folder, *command)

    def _tmux(self, *words):
        done = subprocess.run(["tmux", "-u", "-S", str(self.socket), *[str(word) for word in words]], capture_output=True,
                              text=True, timeout=LIMIT, cwd=self.box.folder,
                              env={"PATH": self.box.environment["PATH"], "LANG": "C.UTF-8",
                                   "TERM": "xterm-256color", "HOME": str(self.box.folder), "SHELL": "/bin/sh"})
        assert done.returncode == 0, f"tmux {words}: {done.stderr}"
        return done.stdout

    def screen(self, colours=False):
        shown = self._tmux("capture-pane", "-p", *(["-e"] if colours else []))
        return "\n".join(line.rstrip() for line in shown.splitlines()).rstrip("\n") + "\n"

    def until(self, *parts, without=()):
        def fits():
            shown = self.screen()
            return all(part in shown for part in parts) and not any(part in shown for part in without) and shown
        return until(fits, lambda: f"{parts} on the screen\n{self.screen()}")

    def type(self, text, enter=True):
        self._tmux("send-keys", "-l", text)
        if enter:
            self._tmux("send-keys", "Enter")

    def key(self, name):
        self._tmux("send-keys", name)

    def resize(self, columns):
        self._tmux("resize-window", "-x", columns)

    def end(self, code=None):
        """Waits for the end of the command; its exit code, which is checked if it is said."""
        until(lambda: self.code.exists() and self._tmux("display-message", "-p", "#{pane_title}").strip() == ENDED,
              lambda: f"its end\n{self.screen()}")
        got, self.shown = int(self.code.read_text()), self.screen()
        assert code is None or got == code, f"exit {got}, wanted {code}:\n{self.screen()}"
        return got

    def shows(self, name):
        """The screen is that of screens/NAME.txt."""
        file = HERE / "screens" / f"{name}.txt"
        if os.environ.get("LONGHAUL_WRITE_SCREENS"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(normal(self.screen(), self.box))
        wanted = file.read_text()

        def shown():
            return normal(self.screen(), self.box)
        until(lambda: shown() == wanted, lambda: f"screens/{name}.txt\n{shown()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._tmux("kill-server")
        except AssertionError:
            pass  # it has ended already


def normal(shown, box):
    for pattern, word in ((re.escape(str(box.folder)), "FOLDER"), (r"\b[0-9a-hjkmnp-tv-z]{36}\b", "ID"),
                          (r"https?://127\.0\.0\.1:\d+/mcp", "URL"), (r"[⠀-⣿]", "*"),
                          (r"\b\d+(\.\d+)? (ms|s|min|h)\b", "TIME")):
        shown = re.sub(pattern, word, shown)
    return shown
