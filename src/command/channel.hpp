// SPDX-License-Identifier: Apache-2.0
// The JSON lines between a program and its server, on the descriptor that `$LONGHAUL_FD` names.
//
//   program → server   {"progress":{"done":3,"total":10,"message":"…"}}   total, message: optional
//                      {"status":"…"}
//                      {"ask":{"key":"…","message":"…","schema":{…}}}     schema: optional
//                      {"checkpoint":ANY}
//                      {"restore":true}
//   server → program   {"key":"…","action":"accept","content":{…}}        to ask; also "decline"
//   and
//                                                                         "cancel", without content
//                      {"checkpoint":ANY}                                 to restore; null: none
//                      {"error":"…"}                                      to a line that is wrong
//                      {"key":"…","error":"…"}                            to an ask that failed
//
// Threads: plain values; a splitter belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "command/tunables.hpp"
#include "longhaul/elicitation.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::command {

/// Cuts a stream into lines at `\n`. Blank lines are left out, and a `\r` at the end of others. A
/// line that is too long is reported once and skipped.
class line_splitter {
 public:
  /// Null: a line that was too long.
  using sink = std::function<void(std::optional<std::string_view> line)>;

  explicit line_splitter(std::size_t longest = tunables::max_channel_line) : longest_(longest) {}

  /// The next bytes, cut anywhere. Lines are views into `bytes` or this splitter, valid during the
  /// call.
  void feed(std::string_view bytes, const sink& use);
  /// The stream has ended: gives a last line without an end.
  void finish(const sink& use);

 private:
  void end_line(std::string_view rest, const sink& use);

  std::size_t longest_;
  std::string begun_;
  bool skipping_ = false;  // the line is too long and was reported
};

struct channel_progress {
  double done = 0;
  std::optional<double> total = std::nullopt;
  std::string message = {};
};
struct channel_status {
  std::string text;
};
struct channel_ask {
  std::string key;
  elicitation question;
};
struct channel_checkpoint {
  raw_json value;
};
struct channel_restore {};
/// The line is wrong: how, and what to write. Goes back as `channel_error`.
struct channel_fault {
  std::string message;
  bool awaited = false;  ///< the line wanted an answer: the program waits for one
};

using channel_message = std::variant<channel_fault, channel_progress, channel_status, channel_ask,
                                     channel_checkpoint, channel_restore>;

/// Reads one line; never throws for what stands in it.
channel_message parse_channel_line(std::string_view line);
/// The fault of a line that a `line_splitter` skipped.
channel_fault line_too_long();

/// What goes back, each with its line end. An absent checkpoint is null.
std::string channel_answer(std::string_view key, const answer& given);
std::string channel_restored(const raw_json& checkpoint);
std::string channel_error(std::string_view message);
std::string channel_ask_failed(std::string_view key, std::string_view message);

}  // namespace longhaul::command
