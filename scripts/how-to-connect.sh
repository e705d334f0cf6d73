#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Says how to call a server on this machine by hand.
#   scripts/how-to-connect.sh PORT
set -euo pipefail
cat <<TEXT
The server says below how hosts connect to it. To start a countdown as a task and follow it, in another terminal:

  build/release/longhaul call http://127.0.0.1:${1:?the port}/mcp countdown seconds=30

Ctrl-C stops the server.

TEXT
