// SPDX-License-Identifier: Apache-2.0
#include "typed/wording.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "json/write.hpp"

namespace longhaul::detail {
namespace {

using namespace tunables;

// How a name looks to a hasty reader.
std::string blurred(std::string_view name) {
  std::string result;
  for (const char c : cut_at_character(name, compared_bytes)) {
    if (c == '_' || c == '-' || c == ' ') continue;
    result += to_lower(c);
  }
  return result;
}

// Edits (insert, remove, replace, swap neighbours) that make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({now[j - 1] + 1, last[j] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

// Empty: none of them is near enough to be meant.
std::string_view nearest(const std::vector<std::string_view>& known, std::string_view name) {
  if (known.size() > compared_names) return {};
  const std::string wanted = blurred(name);
  std::string_view result;
  std::size_t fewest = wanted.size() / 3 + 2;  // so many edits are another word
  for (const std::string_view one : known) {
    const std::size_t edits = distance(wanted, blurred(one));
    if (edits < fewest) {
      fewest = edits;
      result = one;
    }
  }
  return result;
}

}  // namespace

std::string in_quotes(std::string_view text) {
  const std::string_view repeated = cut_at_character(text, quoted_bytes);
  std::string result;
  json::append_string(result, repeated);
  if (repeated.size() < text.size()) result.insert(result.size() - 1, "…");
  return result;
}

std::string shown(json::value v) {
  switch (v.type()) {
    case json::kind::absent:
      return "nothing";
    case json::kind::object:
      return "an object";
    case json::kind::array:
      return "an array";
    case json::kind::string:
      return in_quotes(*v.string());
    default:
      break;
  }
  const std::string_view repeated = cut_at_character(v.raw(), quoted_bytes);
  return std::string(repeated) + (repeated.size() < v.raw().size() ? "…" : "");
}

std::string member_place(const std::string& place, std::string_view name) {
  const bool plain =
      !name.empty() && name.size() <= quoted_bytes && std::ranges::all_of(name, [](char c) {
        return is_letter(c) || is_digit(c) || c == '_' || c == '-';
      });
  return plain ? place + "." + std::string(name) : place + "[" + in_quotes(name) + "]";
}

std::string between(const std::string& least, const std::string& greatest) {
  if (!least.empty() && !greatest.empty()) return " between " + least + " and " + greatest;
  if (!least.empty()) return " of at least " + least;
  if (!greatest.empty()) return " of at most " + greatest;
  return "";
}

std::string counted(std::optional<std::size_t> least, std::optional<std::size_t> greatest,
                    std::string_view unit) {
  if (greatest == unbounded) greatest.reset();
  if (!least && !greatest) return "";
  std::string result;
  if (!greatest) {
    result = "at least " + std::to_string(*least);
  } else if (!least) {
    result = "at most " + std::to_string(*greatest);
  } else {
    result = *least == *greatest ? std::to_string(*least)
                                 : std::to_string(*least) + " to " + std::to_string(*greatest);
  }
  return result.append(" ").append(unit);
}

std::string one_of(const std::vector<std::string_view>& names) { return one_of(names, in_quotes); }

std::string missing_members(const std::vector<std::string_view>& names) {
  return (names.size() == 1 ? "missing member " : "missing members ") + listed(names, in_quotes);
}

std::string unknown_name(const std::vector<std::string_view>& known, std::string_view name) {
  const std::string result = " " + in_quotes(name);
  const std::string_view meant = nearest(known, name);
  if (!meant.empty()) return result + "; did you mean " + in_quotes(meant) + "?";
  return result + (known.empty() ? "; there are none" : "; there is " + one_of(known));
}

std::string name_warning(std::string_view name) {
  if (name.size() > long_tool_name) {
    return "has " + std::to_string(name.size()) + " characters: many hosts refuse more than " +
           std::to_string(long_tool_name) + "; shorten it";
  }
  if (name.find('.') == std::string_view::npos) return {};
  return "has a dot, which many hosts refuse: write '_' or '-' in its place";
}

void problem_list::add(std::string problem) {
  if (!full()) problems_.push_back(std::move(problem));
}

void problem_list::throw_if_any() const {
  if (problems_.empty()) return;
  std::string all;
  for (const std::string& one : problems_) all += (all.empty() ? "" : "\n") + one;
  if (full()) all += "\n… and maybe more";
  throw invalid_arguments(all);
}

}  // namespace longhaul::detail
