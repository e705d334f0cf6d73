// SPDX-License-Identifier: Apache-2.0
#include "config/table_reader.hpp"

#include <algorithm>
#include <tuple>

#include "config/tunables.hpp"
#include "config/units.hpp"

namespace longhaul::config {
namespace {

std::vector<fault> first_of(std::vector<fault> all) {
  std::sort(all.begin(), all.end(), [](const fault& a, const fault& b) {
    return std::tie(a.line, a.column, a.message) < std::tie(b.line, b.column, b.message);
  });
  if (all.size() > tunables::max_faults) all.resize(tunables::max_faults);
  return all;
}

}  // namespace

void fault_list::add(const toml::source_position& at, std::string message) {
  // Tables that a dotted key or a header implies have no place of their own.
  faults_.push_back(
      {std::max<std::size_t>(at.line, 1), std::max<std::size_t>(at.column, 1), std::move(message)});
}

void fault_list::warn(const toml::node& at, std::string message) {
  const toml::source_position& begin = at.source().begin;
  warnings_.push_back({begin.line, begin.column, std::move(message)});
}

std::vector<fault> fault_list::take() { return first_of(std::move(faults_)); }

std::vector<fault> fault_list::take_warnings() { return first_of(std::move(warnings_)); }

std::string kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

table_reader::table_reader(const toml::table& table, std::string name, fault_list& faults)
    : table_(table), name_(std::move(name)), faults_(faults) {}

void table_reader::fail(const toml::node& at, const std::string& problem) {
  faults_.add(at, name_ + ": " + problem);
}

void table_reader::fail_at(std::string_view key, const std::string& problem) {
  const toml::node* node = at(key);
  fail(node != nullptr ? *node : table_, problem);
}

void table_reader::warn(const toml::node& at, const std::string& problem) {
  faults_.warn(at, name_ + ": " + problem);
}

void table_reader::know(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
}

const toml::node* table_reader::find(std::string_view key) {
  know(key);
  return at(key);
}

const toml::node* table_reader::at(std::string_view key) const {
  if (const toml::node* node = table_.get(key)) return node;
  const auto old = std::ranges::find(old_names_, key, [](const auto& both) { return both.first; });
  return old != old_names_.end() ? table_.get(old->second) : nullptr;
}

void table_reader::renamed(std::string_view old, std::string_view key) {
  const toml::node* node = table_.get(old);
  if (node == nullptr) return;
  know(old);
  if (table_.contains(key)) {
    return fail(*node, std::string(old) + " is the old name of " + std::string(key) +
                           ", which is also there: leave it out");
  }
  old_names_.emplace_back(key, old);
  warn(*node, std::string(old) + " is now called " + std::string(key) +
                  "; the old name goes with version 1.0");
}

void table_reader::wrong_type(std::string_view key, const toml::node& found,
                              std::string_view wanted) {
  fail(found, std::string(key) + " must be " + std::string(wanted) + ", not " + kind_of(found));
}

std::optional<std::string> table_reader::text(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_string();
  if (value == nullptr) {
    wrong_type(key, *node, "a string");
    return std::nullopt;
  }
  if (!check_text(*this, *node, key, value->get())) return std::nullopt;
  return value->get();
}

std::optional<bool> table_reader::boolean(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_boolean();
  if (value == nullptr) wrong_type(key, *node, "true or false");
  return value != nullptr ? std::optional(value->get()) : std::nullopt;
}

std::optional<std::int64_t> table_reader::integer(std::string_view key, std::int64_t least,
                                                  std::int64_t greatest) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_integer();
  if (value == nullptr) {
    wrong_type(key, *node, "an integer");
    return std::nullopt;
  }
  if (value->get() < least || value->get() > greatest) {
    fail(*node, std::string(key) + " must be between " + std::to_string(least) + " and " +
                    std::to_string(greatest) + ", not " + std::to_string(value->get()));
    return std::nullopt;
  }
  return value->get();
}

std::optional<long double> table_reader::number(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* whole = node->as_integer()) return static_cast<long double>(whole->get());
  if (const auto* real = node->as_floating_point()) return static_cast<long double>(real->get());
  wrong_type(key, *node, "a number");
  return std::nullopt;
}

std::optional<milliseconds> table_reader::duration(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_string();
  if (value == nullptr) {
    std::string hint = R"(a duration with its unit, as "90s", "15m" or "1h30m")";
    wrong_type(key, *node, hint);
    return std::nullopt;
  }
  const auto parsed = parse_duration(value->get());
  if (!parsed) {
    fail(*node, std::string(key) +
                    R"( must be a duration as "250ms", "90s", "15m", "1h30m" or "7d", not )" +
                    in_quotes(value->get()));
  }
  return parsed;
}

std::optional<milliseconds> table_reader::limit(std::string_view key) {
  const auto given = duration(key);
  if (!given || given->count() > 0) return given;
  fail_at(key, std::string(key) + " must be more than nothing; leave it out for no limit");
  return std::nullopt;
}

std::optional<std::optional<milliseconds>> table_reader::duration_or_unlimited(
    std::string_view key) {
  const toml::node* node = find(key);
  if (node != nullptr && node->is_string() && node->as_string()->get() == "unlimited") {
    return std::optional<milliseconds>();
  }
  const auto given = duration(key);
  if (!given) return std::nullopt;
  return given;
}

std::optional<std::uint64_t> table_reader::size(std::string_view key, std::uint64_t least) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::optional<std::uint64_t> value;
  if (const auto* whole = node->as_integer(); whole != nullptr && whole->get() >= 0) {
    value = static_cast<std::uint64_t>(whole->get());
  } else if (const auto* written = node->as_string()) {
    value = parse_size(written->get());
  }
  if (!value) {
    fail(*node,
         std::string(key) + R"( must be a number of bytes or a size as "64KiB", "16MiB" or "1GB")");
    return std::nullopt;
  }
  if (*value < least || *value > tunables::max_size) {
    fail(*node, std::string(key) + " must be between " + std::to_string(least) + " bytes and " +
                    std::to_string(tunables::max_size >> 30) + "GiB");
    return std::nullopt;
  }
  return value;
}

std::optional<std::vector<std::string>> table_reader::texts(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(key, *node, "an array of strings");
    return std::nullopt;
  }
  std::vector<std::string> result;
  for (const toml::node& member : *array) {
    const auto* value = member.as_string();
    if (value == nullptr) {
      wrong_type(key, member, "an array of strings");
    } else if (check_text(*this, member, key, value->get())) {
      result.push_back(value->get());
    }
  }
  return result;
}

const toml::table* table_reader::inner(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) wrong_type(key, *node, "a table");
  return node->as_table();
}

std::optional<std::size_t> table_reader::word(std::string_view key,
                                              const std::vector<std::string_view>& words,
                                              const std::vector<std::string_view>& other_words) {
  const auto given = text(key);
  if (!given) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *given);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const auto other = std::find(other_words.begin(), other_words.end(), *given);
  if (other != other_words.end()) {
    return words.size() + static_cast<std::size_t>(other - other_words.begin());
  }
  std::string all;
  for (const std::string_view one : words) {
    all += all.empty() ? "" : one == words.back() ? " or " : ", ";
    all += in_quotes(one);
  }
  fail_at(key, std::string(key) + " must be " + all + ", not " + in_quotes(*given));
  return std::nullopt;
}

void table_reader::set(std::string_view key, std::string& into) {
  if (auto given = text(key)) into = *std::move(given);
}

void table_reader::set(std::string_view key, bool& into) { into = boolean(key).value_or(into); }

void table_reader::set(std::string_view key, std::optional<bool>& into) {
  if (const auto given = boolean(key)) into = given;
}

void table_reader::set(std::string_view key, milliseconds& into) {
  into = duration(key).value_or(into);
}

void table_reader::set(std::string_view key, std::optional<milliseconds>& into) {
  if (const auto given = duration_or_unlimited(key)) into = *given;
}

void table_reader::set(std::string_view key, std::vector<std::string>& into) {
  if (auto given = texts(key)) into = *std::move(given);
}

void table_reader::set(std::string_view key, std::optional<rate>& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const std::string wanted = "a count of 1 to " + std::to_string(tunables::max_count) +
                             R"( in a time above 0, as "30/m" or "5/10s")";
  const auto* value = node->as_string();
  if (value == nullptr) return wrong_type(key, *node, wanted);
  const auto parsed = parse_rate(value->get());
  if (!parsed) {
    return fail(*node,
                std::string(key) + " must be " + wanted + ", not " + in_quotes(value->get()));
  }
  into = parsed;
}

void table_reader::set_count(std::string_view key, std::size_t& into, std::int64_t least,
                             std::int64_t greatest) {
  if (const auto given = integer(key, least, greatest)) into = static_cast<std::size_t>(*given);
}

void table_reader::set_bytes(std::string_view key, std::size_t& into, std::uint64_t least) {
  if (const auto given = size(key, least)) into = static_cast<std::size_t>(*given);
}

bool table_reader::require(std::string_view key, std::string_view example) {
  if (find(key) != nullptr) return true;
  fail(table_, std::string(key) + " is missing: write " + std::string(example));
  return false;
}

void table_reader::finish() {
  for (const auto& [key, value] : table_) {
    const std::string_view name = key.str();
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    faults_.add(key.source().begin, name_ + ": unknown key" + detail::unknown_name(known_, name));
  }
}

void for_each_table(table_reader& top, std::string_view key,
                    const std::function<void(const toml::table&)>& use) {
  const toml::node* node = top.find(key);
  if (node == nullptr) return;
  const std::string& above = top.name();  // "the file", "[operator]"
  const bool in_table = above.starts_with('[') && above.ends_with(']');
  const std::string prefix = in_table ? above.substr(1, above.size() - 2) + "." : std::string();
  const std::string header = "[[" + prefix + std::string(key) + "]]";
  const toml::array* all = node->as_array();
  if (all == nullptr) {
    top.faults().add(
        *node, std::string(key) + " is " + kind_of(*node) + ": begin each one with " + header);
    return;
  }
  for (const toml::node& one : *all) {
    if (const toml::table* table = one.as_table()) {
      use(*table);
    } else {
      top.faults().add(
          one, std::string(key) + " holds " + kind_of(one) + ": begin each one with " + header);
    }
  }
}

bool check_text(table_reader& from, const toml::node& at, std::string_view key,
                std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return true;
  from.fail(at, std::string(key) + " must not hold a NUL character (\\u0000)");
  return false;
}

}  // namespace longhaul::config
