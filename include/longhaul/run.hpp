// SPDX-License-Identifier: Apache-2.0
// The ready-made main of a server.
#pragma once

#include "longhaul/server.hpp"

namespace longhaul {

/// Serves until it is told to stop; the exit code for `main`.
///   --stdio              serve one host over standard input and output (the default)
///   --http ADDRESS:PORT  serve hosts over Streamable HTTP, endpoint /mcp; port 0 takes a free one
///   --allow-host NAME, --allow-origin ORIGIN   (with --http; may be repeated) more names that
///   clients
///                        may use for this server, more sites whose pages may use it
///   --store URL          `sqlite:PATH`, or `memory:` (tasks do not outlive the process); if not
///                        said, `server_options::store`, else the file
///                        `$XDG_STATE_HOME/longhaul/<server name>.db`
///   --tls-certificate FILE, --tls-key FILE   (with --http) serve https://; override
///                        `server_options::tls_certificate`, `tls_key`
///   --log off|error|info|debug, --log-format text|json, --drain-grace TIME   override
///                        `server_options::log`, `log_format`, `drain_grace`
///   --help, --version
/// SIGTERM, SIGINT and SIGHUP drain: no new work, running work gets a grace, exit 0; a second one
/// hurries. Over TLS SIGHUP reads certificate and key again instead. Over stdio the end of input
/// does the same, and cancels the calls of the host at once. Exit codes: 0 done, 1 failed while
/// serving, 2 wrong use or tools with faults. Messages go to standard error. May be called once a
/// process; ignores SIGPIPE and SIGXFSZ.
int run(server& server, int argc, char** argv);

}  // namespace longhaul
