#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A client of the fleet: begins a task at the balancer, kills the replica that runs it, and asks how the
# task is doing until it ends. The others take it up once the lease of the dead one is over: 10 to 20 s.
#   examples/fleet/try.sh FOLDER [PID]
#     FOLDER   the one that up.sh names
#     PID      of the replica to kill; if not given, the one that runs the task
set -euo pipefail

fail() {
  echo "try.sh: $*" >&2
  exit 1
}
[[ $# -ge 1 && $# -le 2 ]] || {
  sed -n '3,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
[[ -r $1/fleet.env ]] || fail "there is no fleet in $1: start examples/fleet/up.sh, which names its folder"
url='' database=''
# shellcheck source=/dev/null
source "$1/fleet.env"
steps=20

# request METHOD NAME PARAMS: the reply, on one line; nothing if there was none.
request() {
  curl -s --max-time 30 "$url" -H 'Content-Type: application/json' \
    -H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' \
    -H "Mcp-Method: $1" -H "Mcp-Name: $2" \
    -d '{"jsonrpc": "2.0", "id": 1, "method": "'"$1"'", "params": {'"$3"', "_meta": {
         "io.modelcontextprotocol/protocolVersion": "2026-07-28",
         "io.modelcontextprotocol/clientCapabilities": {
           "extensions": {"io.modelcontextprotocol/tasks": {}}}}}}' || true
}
member() { # NAME REPLY: the first text of that name
  [[ $2 =~ \"$1\":\"(([^\"\\]|\\.)*)\" ]] && echo "${BASH_REMATCH[1]}"
}

reply=$(request tools/call count '"name": "count", "arguments": {"to": '$steps'}')
task=$(member taskId "$reply") || fail "no task was made: ${reply:-no reply}"
echo "created  $task"

victim=${2:-} killed='' shown='' unanswered=0
while true; do
  reply=$(request tasks/get "$task" '"taskId": "'"$task"'"')
  status=$(member status "$reply") || {
    unanswered=$((unanswered + 1))
    [[ $unanswered -le 30 ]] || fail "the fleet does not answer: ${reply:-no reply}"
    sleep 0.5
    continue
  }
  said="$status  $(member statusMessage "$reply" || true)"
  [[ $said == "$shown" ]] || echo "$said"
  shown=$said
  case $status in
    working) ;;
    completed)
      text=$(member text "$reply")
      echo "result   ${text%\\n}"
      break
      ;;
    *) fail "it ended otherwise: $reply" ;;
  esac
  if [[ -z $killed && $said == *" of $steps"* ]]; then
    # Whoever runs it has a row among the processes; the balancer does not know.
    [[ -n $victim ]] || victim=$(psql "$database" -AtX -c "SELECT p.pid FROM longhaul.states s
      JOIN longhaul.processes p ON p.id = s.process WHERE s.id = '$task'")
    [[ -n $victim ]] || fail "nobody runs the task"
    kill -KILL "$victim"
    killed=1
    echo "killed   the replica with pid $victim"
  fi
  sleep 0.5
done
[[ -n $killed ]] || fail "it was done before anybody was killed"
echo "requests that got no answer while the balancer noticed: $unanswered"
