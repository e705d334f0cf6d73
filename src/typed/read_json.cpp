// SPDX-License-Identifier: Apache-2.0
// JSON to values, strictly: every refusal names the place, what was wanted and what was found. The
// input was validated, so its depth is bounded and its syntax is right.
#include <re2/re2.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/rules.hpp"

namespace longhaul::detail {
namespace {

using shape = type_node::shape;

constexpr std::size_t max_quoted = 60;     // bytes of the input that an error repeats
constexpr std::size_t max_names = 20;      // names that an error lists
constexpr std::size_t max_suggested = 64;  // bytes of a name that is compared with others
constexpr std::size_t max_compared = 200;  // names that it is compared with

// Where the reader stands; a chain on the stack, printed only for an error.
struct place {
  const place* outer = nullptr;
  std::string_view key = {};
  std::optional<std::size_t> index = std::nullopt;
};

std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

std::string path(const place& at) {
  if (at.outer == nullptr) return std::string(at.key);
  const std::string outer = path(*at.outer);
  if (at.index) return outer + "[" + std::to_string(*at.index) + "]";
  const bool plain = !at.key.empty() && std::ranges::all_of(at.key, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
  return plain && at.key.size() <= max_quoted ? outer + "." + std::string(at.key)
                                              : outer + "[" + in_quotes(at.key) + "]";
}

[[noreturn]] void fail(const place& at, const std::string& what) {
  throw invalid_arguments(path(at) + ": " + what);
}

std::string found(json::value v) {
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
  const std::string_view shown = cut(v.raw(), max_quoted);
  return std::string(shown) + (shown.size() < v.raw().size() ? "…" : "");
}

[[noreturn]] void refuse(const place& at, const std::string& wanted, json::value v) {
  fail(at, "expected " + wanted + ", got " + found(v));
}

// "a, b, …": the first of `all`, as `show` shows them.
template <class T, class Show>
std::string listed(const std::vector<T>& all, const Show& show) {
  std::string result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == max_names) return result + ", …";
    result += (i == 0 ? "" : ", ") + show(all[i]);
  }
  return result;
}

template <class T, class Show>
std::string one_of(const std::vector<T>& all, const Show& show) {
  return (all.size() == 1 ? "" : "one of ") + listed(all, show);
}

std::string one_of(const std::vector<std::string_view>& names) {
  return one_of(names, [](std::string_view name) { return in_quotes(name); });
}

std::string one_of(const std::vector<choice>& choices) {
  return one_of(choices, [](const choice& one) { return in_quotes(one.value); });
}

std::string as_text(long double bound) {
  std::string text;
  append_bound(text, bound);
  return text;
}

template <class T, class Print>
std::string between(const std::optional<T>& least, const std::optional<T>& greatest, Print print) {
  if (least && greatest) return " between " + print(*least) + " and " + print(*greatest);
  if (least) return " of at least " + print(*least);
  if (greatest) return " of at most " + print(*greatest);
  return "";
}

std::string wanted_number(const type_node& type, const member_rules* rules) {
  if (rules != nullptr && !rules->numbers.empty()) return one_of(rules->numbers, as_text);
  const auto [least, greatest] = bounds_of(type, rules);
  std::string what = type.kind == shape::integer ? "an integer" : "a number";
  if (type.seconds) what = type.kind == shape::integer ? "whole seconds" : "a number of seconds";
  if (type.multiple > 1) what += " in steps of " + std::to_string(type.multiple);
  return what + between(least, greatest, as_text);
}

// What fits the type, for a number that fits the rules.
std::string wanted_width(const type_node& type) {
  if (type.seconds) return "fewer seconds";
  if (type.most > std::numeric_limits<std::uint32_t>::max()) return "an integer of 64 bits";
  return "an integer between " + std::to_string(type.least) + " and " + std::to_string(type.most);
}

bool within(const type_node& type, const member_rules* rules, long double x) {
  const auto [least, greatest] = bounds_of(type, rules);
  if (x < least.value_or(x) || x > greatest.value_or(x)) return false;
  return rules == nullptr || rules->numbers.empty() || rules->has_number(x);
}

std::string counted(std::size_t least, std::size_t greatest, const std::string& unit) {
  if (greatest == unbounded) return "at least " + std::to_string(least) + " " + unit;
  if (least == greatest) return std::to_string(least) + " " + unit;
  return std::to_string(least) + " to " + std::to_string(greatest) + " " + unit;
}

std::string wanted_string(const member_rules* rules) {
  std::string result = "a string";
  if (rules == nullptr) return result;
  if (rules->min_length) {
    result += " of " + counted(*rules->min_length, *rules->max_length, "characters");
  }
  if (rules->pattern) result += " that matches " + rules->pattern_text;
  return result;
}

struct whole {
  bool negative = false;
  std::uint64_t magnitude = 0;
};

// An integer, also when written with a fraction of zero or an exponent.
std::optional<whole> whole_number(json::value v) {
  if (!v.is(json::kind::number)) return std::nullopt;
  std::string_view digits = v.raw();
  whole result;
  result.negative = digits.starts_with('-');
  if (result.negative) digits.remove_prefix(1);
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, result.magnitude);
  if (error == std::errc() && stop == end) return result;
  constexpr double exact = 9007199254740992.0;  // from here on doubles skip integers
  const double number = std::fabs(v.number().value_or(exact));
  if (number >= exact || std::trunc(number) != number) return std::nullopt;
  result.magnitude = static_cast<std::uint64_t>(number);
  return result;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Boost.JSON's own parser reads doubles less exactly.
boost::json::value to_boost(json::value v) {
  switch (v.type()) {
    case json::kind::absent:
    case json::kind::null:
      return nullptr;
    case json::kind::boolean:
      return *v.boolean();
    case json::kind::string:
      return boost::json::string(*v.string());
    case json::kind::number:
      break;
    case json::kind::array: {
      boost::json::array all;
      for (json::elements e(v); e.next();) all.push_back(to_boost(e.value()));
      return all;
    }
    case json::kind::object: {
      boost::json::object all;
      for (json::members m(v); m.next();) {
        all.insert_or_assign({m.key().data(), m.key().size()}, to_boost(m.value()));
      }
      return all;
    }
  }
  if (const auto integer = v.integer()) return *integer;
  std::uint64_t large = 0;
  const char* end = v.raw().data() + v.raw().size();
  const auto [stop, error] = std::from_chars(v.raw().data(), end, large);
  if (error == std::errc() && stop == end) return large;
  return v.number().value_or(0);
}

class reader {
 public:
  explicit reader(unknown_members unknown) : unknown_(unknown) {}

  /// The whole of it. Throws `invalid_arguments` for all that is wrong.
  void run(const type_node& type, const member_rules* rules, json::value v, void* to,
           const place& at) {
    read(type, rules, v, to, at);
    problems_.throw_if_any();
  }
  /// The same for an object whose members have rules of their own.
  void run_object(const type_node& type, const std::vector<member_rules>& rules, json::value v,
                  void* to, const place& at) {
    object(type, &rules, v, to, at);
    problems_.throw_if_any();
  }

 private:
  void read(const type_node& type, const member_rules* rules, json::value v, void* to,
            const place& at) {
    switch (type.kind) {
      case shape::anything:
        return anything(type, v, to, at);
      case shape::raw:
        *static_cast<raw_json*>(to) = raw_json::trusted(v.raw());
        return;
      case shape::boolean:
        if (!v.boolean()) refuse(at, "true or false", v);
        return type.store(to, *v.boolean() ? 1 : 0);
      case shape::integer:
        return integer(type, rules, v, to, at);
      case shape::number:
        return number(type, rules, v, to, at);
      case shape::string:
        return string(type, rules, v, to, at);
      case shape::enumeration:
        return enumeration(type, rules, v, to, at);
      case shape::optional:
        type.reset(to);
        if (!v.is(json::kind::null)) read(type.element(), rules, v, type.emplace(to), at);
        return;
      case shape::sequence:
        return sequence(type, rules, v, to, at);
      case shape::map:
        return map(type, v, to, at);
      case shape::object:
        return object(type, nullptr, v, to, at);
    }
  }

  // `rules`: of the members, or null.
  void object(const type_node& type, const std::vector<member_rules>* rules, json::value v,
              void* to, const place& at) {
    if (!v.is(json::kind::object)) refuse(at, "an object", v);
    type.reset(to);
    std::vector<bool> seen(type.members.size());
    for (json::members m(v); !problems_.full() && m.next();) {
      const auto index = find_member(type, m.key());
      if (!index) {
        if (unknown_ == unknown_members::ignore) continue;
        note(at, "unknown member" + unknown_name(type, m.key()));
        continue;
      }
      if (seen[*index]) {
        note(at, "member " + in_quotes(m.key()) + " is there twice");
        continue;
      }
      seen[*index] = true;
      const member_node& member = type.members[*index];
      const place inner{&at, member.name};
      problems_.attempt([&] {
        read(member.type(), rules != nullptr ? &(*rules)[*index] : nullptr, m.value(),
             member.at(to), inner);
      });
    }
    if (!problems_.full()) require(type, rules, seen, at);
  }

  void note(const place& at, const std::string& what) { problems_.add(path(at) + ": " + what); }

  void require(const type_node& type, const std::vector<member_rules>* rules,
               const std::vector<bool>& seen, const place& at) {
    std::vector<std::string_view> missing;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] || (rules != nullptr ? (*rules)[i].optional : type.members[i].optional)) continue;
      missing.push_back(type.members[i].name);
    }
    if (!missing.empty()) note(at, missing_members(missing));
  }

  static void anything(const type_node& type, json::value v, void* to, const place& at) {
    try {
      type.from_value(to, to_boost(v));
    } catch (const std::exception& error) {
      fail(at, "does not fit (" + std::string(error.what()) + "), got " + found(v));
    }
  }

  static void integer(const type_node& type, const member_rules* rules, json::value v, void* to,
                      const place& at) {
    const auto number = whole_number(v);
    if (!number) refuse(at, wanted_number(type, rules), v);
    const auto magnitude = static_cast<long double>(number->magnitude);
    const long double x = number->negative ? -magnitude : magnitude;
    if (!within(type, rules, x)) refuse(at, wanted_number(type, rules), v);
    if (x < static_cast<long double>(type.least) || x > static_cast<long double>(type.most)) {
      refuse(at, wanted_width(type), v);
    }
    if (number->magnitude % type.multiple != 0) refuse(at, wanted_number(type, rules), v);
    type.store(to, number->negative ? std::uint64_t{0} - number->magnitude : number->magnitude);
  }

  static void number(const type_node& type, const member_rules* rules, json::value v, void* to,
                     const place& at) {
    const auto x = v.number();
    if (!x || !within(type, rules, *x)) refuse(at, wanted_number(type, rules), v);
    if (std::fabs(*x) > type.largest) {
      refuse(at, type.seconds ? "fewer seconds" : "a number that a float holds", v);
    }
    type.store_number(to, *x);
  }

  static void string(const type_node& type, const member_rules* rules, json::value v, void* to,
                     const place& at) {
    auto text = v.string();
    if (rules != nullptr && !rules->choices.empty()) {
      if (!text || !rules->has_choice(*text)) refuse(at, one_of(rules->choices), v);
    }
    if (!text) refuse(at, wanted_string(rules), v);
    if (rules != nullptr) {
      const std::size_t length = code_points(*text);
      const bool fits = length >= rules->min_length.value_or(length) &&
                        length <= rules->max_length.value_or(length);
      if (!fits || (rules->pattern && !re2::RE2::PartialMatch(*text, *rules->pattern))) {
        refuse(at, wanted_string(rules), v);
      }
    }
    type.store_text(to, *std::move(text));
  }

  static void enumeration(const type_node& type, const member_rules* rules, json::value v, void* to,
                          const place& at) {
    const auto text = v.string();
    if (rules != nullptr && !rules->choices.empty()) {
      if (!text || !rules->has_choice(*text)) refuse(at, one_of(rules->choices), v);
    }
    const auto found = text ? std::ranges::find(type.names, *text) : type.names.end();
    if (found == type.names.end()) refuse(at, one_of(type.names), v);
    type.store(to, static_cast<std::uint64_t>(found - type.names.begin()));
  }

  void sequence(const type_node& type, const member_rules* rules, json::value v, void* to,
                const place& at) {
    const bool bounded = rules != nullptr && rules->min_items;
    const std::string wanted =
        bounded ? "an array of " + counted(*rules->min_items, *rules->max_items, "elements")
                : "an array";
    if (!v.is(json::kind::array)) refuse(at, wanted, v);
    type.reset(to);
    const member_rules* inner_rules = rules != nullptr ? rules->of_elements.get() : nullptr;
    std::size_t count = 0;
    for (json::elements e(v); !problems_.full() && e.next(); ++count) {
      if (bounded && count == *rules->max_items) fail(at, "expected " + wanted + ", got more");
      problems_.attempt([&] {
        type.add(to, {}, [&](void* one) {
          const place inner{&at, {}, count};
          read(type.element(), inner_rules, e.value(), one, inner);
        });
      });
    }
    if (problems_.full()) return;
    if (bounded && count < *rules->min_items) {
      fail(at, "expected " + wanted + ", got " + std::to_string(count));
    }
  }

  void map(const type_node& type, json::value v, void* to, const place& at) {
    if (!v.is(json::kind::object)) refuse(at, "an object", v);
    type.reset(to);
    for (json::members m(v); !problems_.full() && m.next();) {
      problems_.attempt([&] {
        const bool added = type.add(to, m.key(), [&](void* one) {
          const place inner{&at, m.key()};
          read(type.element(), nullptr, m.value(), one, inner);
        });
        if (!added) fail(at, "member " + in_quotes(m.key()) + " is there twice");
      });
    }
  }

  unknown_members unknown_;
  problem_list problems_;
};

// How a name looks to a hasty reader.
std::string blurred(std::string_view name) {
  std::string result;
  for (const char c : cut(name, max_suggested)) {
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

}  // namespace

std::string missing_members(const std::vector<std::string_view>& names) {
  return (names.size() == 1 ? "missing member " : "missing members ") +
         listed(names, [](std::string_view name) { return in_quotes(name); });
}

bool is_whole_number(std::string_view json) { return whole_number(json::value(json)).has_value(); }

std::string in_quotes(std::string_view text) {
  const std::string_view shown = cut(text, max_quoted);
  std::string result;
  json::append_string(result, shown);
  if (shown.size() < text.size()) result.insert(result.size() - 1, "…");
  return result;
}

std::string unknown_name(const type_node& type, std::string_view name) {
  std::string result = " " + in_quotes(name);
  const std::string wanted = blurred(name);
  std::string_view nearest;
  std::size_t best = wanted.size() / 3 + 2;  // so many edits are another word
  std::vector<std::string_view> names;
  const bool few = type.members.size() <= max_compared;
  for (const member_node& member : type.members) {
    names.push_back(member.name);
    if (!few) continue;
    const std::size_t edits = distance(wanted, blurred(member.name));
    if (edits < best) {
      best = edits;
      nearest = member.name;
    }
  }
  if (!nearest.empty()) return result + "; did you mean " + in_quotes(nearest) + "?";
  return result + (names.empty() ? "; there are none" : "; there is " + one_of(names));
}

void typed_schema::read(const raw_json& json, void* object, std::string_view root,
                        unknown_members unknown) const {
  const json::value v(json);
  const place at{nullptr, root};
  reader from(unknown);
  if (!v) refuse(at, "a value", v);
  if (compiled_->type.kind == shape::object) {
    from.run_object(compiled_->type, compiled_->rules, v, object, at);
  } else {
    from.run(compiled_->type, nullptr, v, object, at);
  }
}

void read_json(const type_node& type, const raw_json& json, void* object, std::string_view root) {
  const json::value v(json);
  const place at{nullptr, root};
  if (!v) refuse(at, "a value", v);
  reader(unknown_members::refuse).run(type, nullptr, v, object, at);
}

void read_member(const type_node& type, const member_rules* rules, std::string_view json,
                 void* object, std::string_view root) {
  const place at{nullptr, root};
  reader(unknown_members::refuse).run(type, rules, json::value(json), object, at);
}

}  // namespace longhaul::detail
