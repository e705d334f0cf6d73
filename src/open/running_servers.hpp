// SPDX-License-Identifier: Apache-2.0
// Which servers of this user run on this machine, and where their operators' API is: each has a
// file in a folder of the user's, and holds `flock` on it as long as it lives.
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.hpp"

namespace longhaul {

struct running_server {
  std::string name, url;
};

/// In the state folder of this user. Throws `std::runtime_error` if nothing says where that is.
std::string running_servers_folder();

/// Says that this server runs, as long as it lives.
class running_notice {
 public:
  /// Makes the folder if there is none. Whatever fails, the server does without: then nobody finds
  /// it by itself.
  running_notice(const std::string& folder, std::string_view name, std::string_view url) noexcept;
  running_notice(const running_notice&) = delete;
  running_notice& operator=(const running_notice&) = delete;
  ~running_notice();

 private:
  void write(const std::string& folder, std::string_view name, std::string_view url);

  std::string path_;
  descriptor file_;
};

/// Those that run, by name. Files of servers that are gone are removed. Nothing is read that
/// another user could have written.
std::vector<running_server> running_servers(const std::string& folder);

}  // namespace longhaul
