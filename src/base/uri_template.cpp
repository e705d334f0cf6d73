// SPDX-License-Identifier: Apache-2.0
#include "base/uri_template.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/text.hpp"
#include "base/tunables.hpp"

namespace longhaul {
namespace {

[[noreturn]] void refuse_template(std::string_view text, std::string_view fault) {
  throw std::invalid_argument("the URI template \"" + std::string(text) +
                              "\": " + std::string(fault));
}

bool is_variable_name(std::string_view name) noexcept {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '.';
  });
}

bool is_uri_text(std::string_view text) noexcept {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
}

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Null: a `%` that escapes nothing.
std::optional<std::string> unescaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

bool is_safe_segment(std::string_view segment) noexcept {
  return segment != "." && segment != ".." && segment.find('\0') == std::string_view::npos &&
         segment.find('/') == std::string_view::npos &&
         segment.find('\\') == std::string_view::npos;
}

std::optional<std::string> read_segment(std::string_view text) {
  auto value = unescaped(text);
  if (!value || value->empty() || !is_safe_segment(*value)) return std::nullopt;
  return value;
}

// Each segment is unescaped by itself: an escaped `/` is none of the path's.
std::optional<std::string> read_path(std::string_view text) {
  std::string result;
  while (true) {
    const std::size_t end = std::min(text.find('/'), text.size());
    const auto segment = unescaped(text.substr(0, end));
    if (!segment || !is_safe_segment(*segment)) return std::nullopt;
    result += *segment;
    if (end == text.size()) return result;
    result += '/';
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool is_resource_uri(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  const std::string_view scheme = text.substr(0, colon);
  return is_letter(scheme.front()) && is_uri_text(text) && std::ranges::all_of(scheme, [](char c) {
           return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

uri_template::uri_template(std::string_view text) {
  if (!is_uri_text(text)) refuse_template(text, "white space has to be escaped");
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    if (rest.substr(0, open).find('}') != std::string_view::npos) {
      refuse_template(text, "a } without a {");
    }
    if (open != 0) parts_.push_back({kind::literal, std::string(rest.substr(0, open))});
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find('}', open);
    if (close == std::string_view::npos) refuse_template(text, "a { without a }");
    try {
      add_expression(rest.substr(open + 1, close - open - 1));
    } catch (const std::invalid_argument& e) {
      refuse_template(text, e.what());
    }
    rest.remove_prefix(close + 1);
  }
  if (parts_.empty() || parts_.front().how != kind::literal ||
      parts_.front().text.find(':') == std::string::npos) {
    refuse_template(text, "it begins with a scheme, as in notes://{id}");
  }
  if (names_.size() > base::tunables::template_variables) {
    refuse_template(text, "it has more than " + std::to_string(base::tunables::template_variables) +
                              " variables");
  }
}

void uri_template::add_expression(std::string_view expression) {
  kind how = kind::segment;
  if (expression.starts_with('+')) how = kind::path;
  if (expression.starts_with('#')) how = kind::fragment;
  const std::string_view name = expression.substr(how == kind::segment ? 0 : 1);
  if (!is_variable_name(name)) {
    throw std::invalid_argument("{" + std::string(expression) +
                                "}: an expression is {name}, {+name} or {#name}");
  }
  if (std::ranges::find(names_, name) != names_.end()) {
    throw std::invalid_argument("{" + std::string(expression) + "} comes twice");
  }
  if (!parts_.empty() && parts_.back().how != kind::literal && how != kind::fragment) {
    throw std::invalid_argument("{" + std::string(expression) +
                                "}: between two variables stands some text");
  }
  names_.emplace_back(name);
  parts_.push_back({how, std::string(name)});
}

struct uri_template::attempt {
  std::map<std::string, std::string> values;
  std::size_t steps = 0;
};

std::optional<std::map<std::string, std::string>> uri_template::match(std::string_view uri) const {
  if (uri.size() > base::tunables::longest_address || !is_uri_text(uri)) return std::nullopt;
  attempt tried;
  if (!match_from(tried, 0, uri)) return std::nullopt;
  return std::move(tried.values);
}

// Tries ends of a variable where the next literal stands, the nearest first. Few variables and a
// bound on steps keep a hostile address from costing more than its length.
bool uri_template::match_from(attempt& tried, std::size_t index, std::string_view rest) const {
  if (++tried.steps > base::tunables::template_steps) return false;
  if (index == parts_.size()) return rest.empty();
  const part& now = parts_[index];
  if (now.how == kind::literal) {
    return rest.starts_with(now.text) && match_from(tried, index + 1, rest.substr(now.text.size()));
  }
  if (now.how == kind::fragment) {
    if (rest.empty()) {
      if (!match_from(tried, index + 1, rest)) return false;
      tried.values.insert_or_assign(now.text, std::string());
      return true;
    }
    if (!rest.starts_with('#')) return false;
    rest.remove_prefix(1);
  }
  const bool last = index + 1 == parts_.size();
  const std::string_view next =
      last || parts_[index + 1].how != kind::literal ? std::string_view() : parts_[index + 1].text;
  std::size_t end = next.empty() ? rest.find('#') : rest.find(next);
  if (next.empty() && (end == std::string_view::npos || now.how == kind::fragment))
    end = rest.size();
  for (; end != std::string_view::npos; end = next.empty() ? next.npos : rest.find(next, end + 1)) {
    const std::string_view text = rest.substr(0, end);
    auto value = now.how == kind::segment
                     ? (text.find_first_of("/?#") == std::string_view::npos ? read_segment(text)
                                                                            : std::nullopt)
                     : read_path(text);
    if (value && match_from(tried, index + 1, rest.substr(end))) {
      tried.values.insert_or_assign(now.text, *std::move(value));
      return true;
    }
  }
  return false;
}

}  // namespace longhaul
