// SPDX-License-Identifier: Apache-2.0
// Golden conversations: a text file of what a client sends and what the server answers, compared
// byte for byte. docs/testing.md shows one.
//
// A file begins with prose, up to a line of dashes. Then, a line each:
//   > {…}              a message on the pipe (stdio)
//   > POST HEADERS {…} an HTTP request; `GET HEADERS` and `DELETE HEADERS` likewise. HEADERS, each
//                      with `;` behind it but the last: `Name: value`, `modern` (those that belong
//                      to a message of 2026-07-28), `legacy ID` (the session), `as NAME` (the
//                      caller `key:NAME`, by an API key; without it: anonymous)
//   < {…}              a message from the server: on HTTP before the final reply
//   < 200 HEADERS {…}  the final reply of an HTTP request: Mcp-Session-Id, Allow, WWW-Authenticate
//   <? {…}             a message that may come here or not
//   <* 200 …           the final reply, whatever messages come before it
//   a> … and a< …      the same on a request named `a`; others may run beside it. There is one
//                      pipe, whatever it is called
//   ! COMMAND          `advance MS`, `idle`, `await_status ID STATUS`, `waiting LABEL` (its request
//                      said that it will take long), `leave LABEL`, `closed LABEL` (the server
//                      closed its connection), `replace` (another process takes over the endpoint),
//                      `shut_down`, and those of the test
//   # …                a remark
// `%` before a message marks text that is no JSON.
//
// `{{kind:name}}` stands for what the server chose: the first use takes it, later ones must be the
// same. Kinds: task (letters and digits), session, question, state, cursor and every other (`-_.`
// too), time (any time), any (no quote in it), skip (anything up to what follows); these three need
// no name and are not compared. `{{meta WORDS}}` writes the `_meta` of a message of 2026-07-28 that
// declares these: tasks, elicit, sampling, roots, all (questions of every kind).
//
// A line of dashes that ends with "event ids" shows events as they are on a stream: messages stand
// behind the id of their event, and events without a message are shown as well: `a< 1-1`,
// `a< 1-2 {…}`, `a< 1-3 retry 500`, `a< 200 1-4 {…}`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/testing/test_server.hpp"

namespace longhaul::testkit {

/// What becomes of lines that do not go as written.
enum class recording : std::uint8_t {
  by_environment,  ///< `on` if the environment has LONGHAUL_RECORD=1, else `off`
  off,             ///< the first of them is reported
  on  ///< the file is written anew, with what came instead; what the server chose gets names
};

class conversation {
 public:
  /// A command: what stands behind its name. False: it did not happen.
  using command = std::function<bool(const std::string& rest)>;

  /// Reads the file. Throws `std::runtime_error` if it cannot be read, or has no line of dashes.
  explicit conversation(std::filesystem::path file);

  /// What stands behind the dashes: for the test to say what server it needs.
  const std::string& settings() const noexcept { return settings_; }
  conversation& on(std::string name, command run);

  /// Empty: it went as written (or was recorded). Else what did not, with file and line, what was
  /// wanted, what came, and where they part.
  std::string play(test_server& server, recording mode = recording::by_environment);

  /// Requests that got a result, by revision and method: ("2025-11-25", "tools/call"). After
  /// `play`.
  const std::set<std::pair<std::string, std::string>>& answered() const noexcept {
    return answered_;
  }

 private:
  std::filesystem::path file_;
  std::string settings_;
  std::vector<std::string> lines_;
  std::size_t first_ = 0;  // behind the dashes
  std::map<std::string, command, std::less<>> commands_;
  std::set<std::pair<std::string, std::string>> answered_;
};

}  // namespace longhaul::testkit
