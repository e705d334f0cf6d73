// SPDX-License-Identifier: Apache-2.0
#include "open/store_url.hpp"

#include <stdexcept>

namespace longhaul {

store_url parse_store_url(std::string_view text) {
  constexpr std::string_view file_scheme = "sqlite:";
  store_url url;
  if (text == "memory:") {
    url.in_memory = true;
    return url;
  }
  if (text.starts_with(file_scheme) && text.size() > file_scheme.size()) {
    url.path = text.substr(file_scheme.size());
    if (url.path.find('\0') == std::string::npos) return url;
  }
  throw std::invalid_argument("\"" + std::string(text) +
                              "\" is no store: write sqlite:PATH or memory:");
}

}  // namespace longhaul
