// SPDX-License-Identifier: Apache-2.0
// A folder of the user's own with files that nobody else may read, replaced as a whole.
//
// Writers hold `lock()` around reading and replacing: an flock on a file of its own beside the
// replaced one, as that one is another file afterwards. Readers need no lock: a name always leads
// to a whole file. Nothing here follows a symbolic link in the folder, or is content with a folder
// or file of somebody else.
//
// Threads: any, also of other processes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"

namespace longhaul::terminal {

class private_folder {
 public:
  /// Opens `path`; if it is not there, nothing is made and it has no files. Throws
  /// `std::runtime_error`, with the path: it is a link or no folder, or not the user's own.
  static private_folder existing(const std::string& path);
  /// The same, but makes it (mode 0700) and the folders above it.
  static private_folder made(const std::string& path);

  /// Waits until no other writer has the lock of that name; released when the result goes. Throws
  /// `std::runtime_error`.
  descriptor lock(const std::string& name) const;
  /// The last `most` bytes of a file; nothing if there is none. Throws `std::runtime_error`: it is
  /// a link, no regular file, somebody else's, or cannot be read.
  std::string read(const std::string& name, std::size_t most) const;
  /// Puts a file (mode 0600) with that text in the place of `name`, durably: whoever opens it finds
  /// the old one or the new one, whatever happens to this process or the machine. Throws
  /// `std::runtime_error`, and the old one stays. Requires: the lock.
  void replace(const std::string& name, std::string_view text) const;

 private:
  private_folder(std::string path, descriptor folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}

  std::string path_;
  descriptor folder_;
};

}  // namespace longhaul::terminal
