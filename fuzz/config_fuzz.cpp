// SPDX-License-Identifier: Apache-2.0
// Any bytes as a server's file: a config, or faults that have a place in it and words of one line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/read_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = longhaul::config::read_config(
      text, {.file_name = "f.toml", .folder = "/nonexistent", .search_path = "/bin:/usr/bin"});
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 2;
  for (const auto& fault : read.faults) {
    if (fault.line < 1 || fault.line > lines || fault.column < 1) std::abort();
    if (fault.message.empty() || fault.message.find('\n') != std::string::npos) std::abort();
  }
  if (read.faults.empty() && read.config.tools.empty()) std::abort();
  return 0;
}
