// SPDX-License-Identifier: Apache-2.0
#include "open/store_url.hpp"

#include <algorithm>
#include <stdexcept>

namespace longhaul {
namespace {

[[noreturn]] void refuse_store(std::string_view text) {
  throw std::invalid_argument("\"" + std::string(text) +
                              "\" is no store: write sqlite:PATH, postgres://… or memory:");
}

bool read_switch(std::string_view name, std::string_view value) {
  if (value == "on" || value == "off") return value == "on";
  throw std::invalid_argument("the store's " + std::string(name) + " is on or off, not \"" +
                              std::string(value) + "\"");
}

// Parameters that are ours are taken out; libpq refuses those that it does not know.
store_url parse_database(std::string_view text) {
  store_url url;
  url.is = store_url::kind::database;
  const std::size_t question = text.find('?');
  url.where = text.substr(0, question);
  if (question == std::string_view::npos) return url;
  std::string_view query = text.substr(question + 1);
  char mark = '?';
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view name = one.substr(0, equals);
    const std::string_view value = one.substr(std::min(equals + 1, one.size()));
    if (name == "schema") {
      if (value.empty() || value.size() > 50) refuse_store(text);
      url.schema = value;
    } else if (name == "notify") {
      url.notify = read_switch(name, value);
    } else if (name == "synchronous_commit") {
      url.may_lose = !read_switch(name, value);
    } else {
      url.where.append(1, mark).append(one);
      mark = '&';
    }
  }
  return url;
}

}  // namespace

bool names_database(std::string_view text) noexcept {
  return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

store_url parse_store_url(std::string_view text) {
  constexpr std::string_view file_scheme = "sqlite:";
  store_url url;
  if (text.find('\0') != std::string_view::npos) refuse_store(text);
  if (text == "memory:") return url;
  if (names_database(text)) return parse_database(text);
  if (!text.starts_with(file_scheme) || text.size() == file_scheme.size()) refuse_store(text);
  url.is = store_url::kind::file;
  url.path = text.substr(file_scheme.size());
  return url;
}

std::string without_password(std::string_view url) {
  std::string shown(url);
  const std::size_t begin = shown.find("://");
  if (begin == std::string::npos) return shown;
  const std::size_t host = begin + 3, end = std::min(shown.find_first_of("/?", host), shown.size());
  const std::size_t at = shown.rfind('@', end);
  const std::size_t colon = shown.find(':', host);
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  for (const std::string_view secret : {"password=", "sslpassword="}) {
    for (std::size_t from = 0; (from = shown.find(secret, from)) != std::string::npos;) {
      const char before = shown[from - 1];
      from += secret.size();
      if (before != '?' && before != '&') continue;
      shown.replace(from, std::min(shown.find('&', from), shown.size()) - from, "…");
    }
  }
  return shown;
}

}  // namespace longhaul
