// SPDX-License-Identifier: Apache-2.0
#include "longhaul/roots.hpp"

#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "json/view.hpp"
#include "longhaul/question_error.hpp"

namespace longhaul {
namespace {

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::optional<int> hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// Null: half an escape, or one that hides a slash.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (!high || !low) return std::nullopt;
    const char decoded = static_cast<char>(*high * 16 + *low);
    if (decoded == '/') return std::nullopt;
    out += decoded;
    i += 2;
  }
  return out;
}

bool goes_elsewhere(std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

}  // namespace

std::optional<std::filesystem::path> root::path() const {
  constexpr std::string_view scheme = "file://", here = "localhost";
  std::string_view rest = uri;
  if (!same_ignoring_case(rest.substr(0, scheme.size()), scheme)) return std::nullopt;
  rest.remove_prefix(scheme.size());
  if (same_ignoring_case(rest.substr(0, here.size()), here)) rest.remove_prefix(here.size());
  if (!rest.starts_with('/') || rest.find_first_of("?#") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto decoded = percent_decoded(rest);
  if (!decoded || std::ranges::any_of(*decoded, is_control) || goes_elsewhere(*decoded)) {
    return std::nullopt;
  }
  return std::filesystem::path(*decoded);
}

raw_json roots_request::request() const {
  return raw_json::trusted(R"({"method":"roots/list","params":{}})");
}

std::vector<root> parse_roots(const raw_json& list_roots_result) {
  const json::value list = json::value(list_roots_result)["roots"];
  if (!list.is(json::kind::array)) throw question_error("roots: expected a list");
  std::vector<root> result;
  for (json::elements e(list); e.next();) {
    auto uri = e.value()["uri"].string();
    if (!uri) throw question_error("roots: expected a \"uri\" in each of them");
    result.push_back({std::move(*uri), e.value()["name"].string().value_or("")});
  }
  return result;
}

}  // namespace longhaul
