// SPDX-License-Identifier: Apache-2.0
// The log of a server process: on standard error, or where the program says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace longhaul {

class log_writer;

struct log_settings {
  std::optional<log_detail> detail;  ///< null: `info` over HTTP, `error` on stdio
  log_style style = log_style::text;
  log_sink sink = {};  ///< null: standard error
};

class process_log {
 public:
  process_log(const log_settings& settings, bool over_http);
  ~process_log();
  process_log(const process_log&) = delete;
  process_log& operator=(const process_log&) = delete;

  const logger& log() const noexcept { return log_; }
  /// Takes records whatever is to be logged. Whoever keeps it keeps what it writes with.
  const log_sink& sink() const noexcept { return sink_; }
  /// What whoever started the server must be told, whatever is to be logged: where it listens,
  /// where tasks are if not in the usual place, why it ends.
  void announce(log_level level, std::string_view event, const std::string& text) const;
  /// Waits a moment until what was logged is written.
  void flush();

 private:
  std::shared_ptr<log_writer> writer_;  // null: somebody else's sink
  log_sink sink_;
  logger log_;
};

}  // namespace longhaul
