#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Says how to ask a server on this machine by hand.
#   scripts/how-to-connect.sh PORT
set -euo pipefail
url=http://127.0.0.1:${1:?the port}/mcp
cat <<TEXT
The server says below how hosts connect to it. To start a countdown as a task by hand (revision 2026-07-28), then ask tasks/get for its taskId:

  curl -s $url -H 'Content-Type: application/json' \\
    -H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' \\
    -H 'Mcp-Method: tools/call' -H 'Mcp-Name: countdown' \\
    -d '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "countdown",
         "arguments": {"seconds": 30}, "_meta": {
           "io.modelcontextprotocol/protocolVersion": "2026-07-28",
           "io.modelcontextprotocol/clientCapabilities": {
             "extensions": {"io.modelcontextprotocol/tasks": {}}}}}}'

Ctrl-C stops the server.

TEXT
