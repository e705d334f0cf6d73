// SPDX-License-Identifier: Apache-2.0
// DIR/status: how the program ended, one line of JSON. Its space on the disk is taken at the start,
// so that a program that fills the disk does not cost us the news of its end.
#pragma once

#include <optional>
#include <string>

#include "command/descriptor.hpp"

namespace longhaul::runner {

/// Exactly one of `code`, `signal`, `error` and `lost` says how.
struct ending {
  std::optional<int> code = std::nullopt;
  std::optional<int> signal = std::nullopt;
  std::string error = {};         ///< why it was not started
  std::string lost = {};          ///< it was; why its end is not known
  bool stopped = false;           ///< it was asked to end before it ended
  std::string output_error = {};  ///< why output was lost; empty: none was
};

/// One line, 4,000 bytes at most, whatever the texts hold: what is no UTF-8 in them is replaced,
/// what is too long is cut.
std::string status_line(const ending& how);

class status_file {
 public:
  /// Takes the space, under another name; removes a status that is there.
  /// Throws `std::system_error`.
  explicit status_file(const std::string& folder);

  /// Writes it and gives it its name. Throws `std::system_error`, unless the folder was removed
  /// meanwhile: then nobody wants to know.
  void write(const ending& how);

 private:
  std::string path_;
  std::string unfinished_;
  command::descriptor file_;
};

}  // namespace longhaul::runner
