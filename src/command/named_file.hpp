// SPDX-License-Identifier: Apache-2.0
// One file that the operator named, read whole, whatever has become of it meanwhile: it may be
// gone, be something else, or lead elsewhere.
//
// Threads: any. Reading blocks as reading a file does, never because of what the file is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace longhaul::command {

struct file_contents {
  enum class kind : std::uint8_t { read, missing, refused };

  kind how = kind::read;
  std::string bytes = {};
  std::string why = {};  ///< refused: "is a folder", …; without paths
};

/// Reads the regular file at `path`, an absolute one. No symbolic link is followed, neither at its
/// end nor in a folder on the way; a folder, a pipe, a device is refused and not opened. At most
/// `most` bytes: larger files are refused.
file_contents read_named_file(const std::string& path, std::size_t most);

/// Text: valid UTF-8 without a NUL. (UTF-16 is full of them.)
bool is_text(const std::string& bytes);

}  // namespace longhaul::command
