// SPDX-License-Identifier: Apache-2.0
#include "sqlite/store_url.hpp"

#include <stdexcept>

#include "sqlite/sqlite_store.hpp"
#include "stores/memory_store.hpp"

namespace longhaul {

std::shared_ptr<stores::store> memory_store(const clock_source& clock) {
  return std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
}

std::shared_ptr<stores::store> sqlite_store(const std::string& path, const clock_source& clock) {
  sqlite::sqlite_options options;
  options.path = path;
  options.clock = &clock;
  try {
    return std::make_shared<sqlite::sqlite_store>(std::move(options));
  } catch (const sqlite::sqlite_error& e) {
    throw std::runtime_error("the store " + path + " cannot be opened: " + e.what());
  }
}

namespace sqlite {

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

std::shared_ptr<stores::store> open_store(const store_url& url) {
  return url.in_memory ? memory_store() : longhaul::sqlite_store(url.path);
}

}  // namespace sqlite
}  // namespace longhaul
