// SPDX-License-Identifier: Apache-2.0
// Plays the lines of a conversation, one after the other, on a bench.
//
// Threads: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/testing/conversation.hpp"
#include "testing/bench.hpp"
#include "testing/pattern.hpp"

namespace longhaul::testkit {

/// A line did not go as written.
struct mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class player {
 public:
  using command_table = std::map<std::string, conversation::command, std::less<>>;
  using answered_set = std::set<std::pair<std::string, std::string>>;

  player(bench& server, const command_table& commands, bool event_ids)
      : server_(server),
        commands_(commands),
        event_ids_(event_ids),
        pipe_out_(server.open_stream()) {}
  ~player();
  player(const player&) = delete;
  player& operator=(const player&) = delete;

  /// Throws `mismatch`.
  void line(const std::string& text);
  /// Nothing may be left that nobody has read.
  void finish();

  // --- recording: lines that fit
  /// The same as `line`; what stands for a line that did not fit, or comes in its place. Empty:
  /// nothing comes.
  std::string recorded(const std::string& text);
  /// What has come and no line has read, as lines.
  std::vector<std::string> unread();

  const answered_set& answered() const noexcept { return answered_; }

 private:
  struct expectation {
    std::string label, text;
    enum class how : std::uint8_t { next, last, maybe } kind = how::next;
  };
  struct asked {
    std::string id, method, revision;
  };

  static std::optional<expectation> read_expectation(const std::string& text);
  void run_command(const std::string& text);
  bool run_own_command(const std::string& name, const std::string& rest);
  bool await_status(const std::string& rest);
  void send(const std::string& label, const std::string& text);
  void send_on_pipe(const std::string& message);
  void send_over_http(const std::string& label, const std::string& text);
  void read_headers(const std::string& text, http_call& into);
  stream& opened(const std::string& label) const;
  std::shared_ptr<stream> stream_for(const expectation& wanted) const;
  std::optional<event> next(stream& from);
  void catch_up();
  void expect(const expectation& wanted);
  void match(const std::string& wanted, const event& came);
  std::string shown(const event& came) const;
  std::string line_for(const std::string& label, const event& came);
  void note_asked(const std::string& body, const header_list& headers);
  void note_answered(const event& came);

  bench& server_;
  const command_table& commands_;
  const bool event_ids_;
  pattern_names names_;
  std::map<std::string, std::shared_ptr<stream>> open_;
  std::shared_ptr<stream> pipe_out_;
  wire::pipe_endpoint* pipe_ = nullptr;
  std::set<std::string> owners_ = {"anonymous", "local"};
  std::map<std::string, std::string> sessions_;  // revision by id; "": of the pipe
  std::vector<asked> asked_;
  answered_set answered_;
};

}  // namespace longhaul::testkit
