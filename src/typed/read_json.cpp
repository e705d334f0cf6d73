// SPDX-License-Identifier: Apache-2.0
// JSON to values, strictly: every refusal names the place, what was wanted and what was found. The
// input was validated, so its depth is bounded and its syntax is right.
#include <algorithm>
#include <cmath>

#include "json/view.hpp"
#include "typed/boost_value.hpp"
#include "typed/expectations.hpp"
#include "typed/numbers.hpp"
#include "typed/rules.hpp"
#include "typed/wording.hpp"

namespace longhaul::detail {
namespace {

using shape = type_node::shape;

// Where the reader stands; a chain on the stack, printed only for an error.
struct place {
  const place* outer = nullptr;
  std::string_view key = {};
  std::optional<std::size_t> index = std::nullopt;
};

std::string path(const place& at) {
  if (at.outer == nullptr) return std::string(at.key);
  const std::string outer = path(*at.outer);
  if (at.index) return outer + "[" + std::to_string(*at.index) + "]";
  return member_place(outer, at.key);
}

[[noreturn]] void fail(const place& at, const std::string& problem) {
  throw invalid_arguments(path(at) + ": " + problem);
}

[[noreturn]] void refuse(const place& at, const std::string& wanted, json::value v) {
  fail(at, "expected " + wanted + ", got " + shown(v));
}

class reader {
 public:
  explicit reader(unknown_members unknown) : unknown_(unknown) {}

  /// The whole of it. Throws `invalid_arguments` for all that is wrong.
  void run(const type_node& type, const member_rules* rules, json::value v, void* target,
           const place& at) {
    read(type, rules, v, target, at);
    problems_.throw_if_any();
  }
  /// The same for an object whose members have rules of their own.
  void run_object(const type_node& type, const std::vector<member_rules>& rules, json::value v,
                  void* target, const place& at) {
    object(type, &rules, v, target, at);
    problems_.throw_if_any();
  }

 private:
  void read(const type_node& type, const member_rules* rules, json::value v, void* target,
            const place& at) {
    switch (type.kind) {
      case shape::anything:
        return anything(type, v, target, at);
      case shape::raw:
        *static_cast<raw_json*>(target) = raw_json::trusted(v.raw());
        return;
      case shape::boolean:
        if (!v.boolean()) refuse(at, "true or false", v);
        return type.store(target, *v.boolean() ? 1 : 0);
      case shape::integer:
        return integer(type, rules, v, target, at);
      case shape::number:
        return number(type, rules, v, target, at);
      case shape::string:
        return string(type, rules, v, target, at);
      case shape::enumeration:
        return enumeration(type, rules, v, target, at);
      case shape::optional:
        type.reset(target);
        if (!v.is(json::kind::null)) read(type.element(), rules, v, type.emplace(target), at);
        return;
      case shape::sequence:
        return sequence(type, rules, v, target, at);
      case shape::map:
        return map(type, v, target, at);
      case shape::object:
        return object(type, nullptr, v, target, at);
    }
  }

  // `rules`: of the members, or null.
  void object(const type_node& type, const std::vector<member_rules>* rules, json::value v,
              void* target, const place& at) {
    if (!v.is(json::kind::object)) refuse(at, "an object", v);
    type.reset(target);
    std::vector<bool> seen(type.members.size());
    for (json::members m(v); !problems_.full() && m.next();) {
      const auto index = find_member(type, m.key());
      if (!index) {
        if (unknown_ == unknown_members::ignore) continue;
        note(at, "unknown member" + unknown_member(type, m.key()));
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
             member.at(target), inner);
      });
    }
    if (!problems_.full()) require(type, rules, seen, at);
  }

  void note(const place& at, const std::string& problem) {
    problems_.add(path(at) + ": " + problem);
  }

  void require(const type_node& type, const std::vector<member_rules>* rules,
               const std::vector<bool>& seen, const place& at) {
    std::vector<std::string_view> missing;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] || (rules != nullptr ? (*rules)[i].optional : type.members[i].optional)) continue;
      missing.push_back(type.members[i].name);
    }
    if (!missing.empty()) note(at, missing_members(missing));
  }

  static void anything(const type_node& type, json::value v, void* target, const place& at) {
    try {
      type.from_value(target, to_boost(v));
    } catch (const std::exception& error) {
      fail(at, "does not fit (" + std::string(error.what()) + "), got " + shown(v));
    }
  }

  static void integer(const type_node& type, const member_rules* rules, json::value v, void* target,
                      const place& at) {
    const auto number = read_whole_number(v);
    if (!number) refuse(at, expected_number(type, rules), v);
    const long double x = number->value();
    if (!fits(type, rules, x)) refuse(at, expected_number(type, rules), v);
    if (x < static_cast<long double>(type.least) || x > static_cast<long double>(type.most)) {
      refuse(at, expected_width(type), v);
    }
    if (number->magnitude % type.multiple != 0) refuse(at, expected_number(type, rules), v);
    type.store(target, number->negative ? std::uint64_t{0} - number->magnitude : number->magnitude);
  }

  static void number(const type_node& type, const member_rules* rules, json::value v, void* target,
                     const place& at) {
    const auto x = v.number();
    if (!x || !fits(type, rules, *x)) refuse(at, expected_number(type, rules), v);
    if (std::fabs(*x) > type.largest) {
      refuse(at, type.seconds ? "fewer seconds" : "a number that a float holds", v);
    }
    type.store_number(target, *x);
  }

  static void string(const type_node& type, const member_rules* rules, json::value v, void* target,
                     const place& at) {
    auto text = v.string();
    check_choice(rules, text, v, at);
    if (!text || (rules != nullptr && !fits(*rules, *text))) refuse(at, expected_string(rules), v);
    type.store_text(target, *std::move(text));
  }

  static void check_choice(const member_rules* rules, const std::optional<std::string>& text,
                           json::value v, const place& at) {
    if (rules == nullptr || rules->choices.empty()) return;
    if (!text || !rules->has_choice(*text)) refuse(at, expected_choice(rules->choices), v);
  }

  static void enumeration(const type_node& type, const member_rules* rules, json::value v,
                          void* target, const place& at) {
    const auto text = v.string();
    check_choice(rules, text, v, at);
    const auto found = text ? std::ranges::find(type.names, *text) : type.names.end();
    if (found == type.names.end()) refuse(at, one_of(type.names), v);
    type.store(target, static_cast<std::uint64_t>(found - type.names.begin()));
  }

  void sequence(const type_node& type, const member_rules* rules, json::value v, void* target,
                const place& at) {
    const bool bounded = rules != nullptr && rules->min_items;
    if (!v.is(json::kind::array)) refuse(at, expected_array(rules), v);
    type.reset(target);
    const member_rules* inner_rules = rules != nullptr ? rules->of_elements.get() : nullptr;
    std::size_t count = 0;
    for (json::elements e(v); !problems_.full() && e.next(); ++count) {
      if (bounded && count == *rules->max_items)
        fail(at, "expected " + expected_array(rules) + ", got more");
      problems_.attempt([&] {
        type.add(target, {}, [&](void* one) {
          const place inner{&at, {}, count};
          read(type.element(), inner_rules, e.value(), one, inner);
        });
      });
    }
    if (problems_.full()) return;
    if (bounded && count < *rules->min_items) {
      fail(at, "expected " + expected_array(rules) + ", got " + std::to_string(count));
    }
  }

  void map(const type_node& type, json::value v, void* target, const place& at) {
    if (!v.is(json::kind::object)) refuse(at, "an object", v);
    type.reset(target);
    for (json::members m(v); !problems_.full() && m.next();) {
      problems_.attempt([&] {
        const bool added = type.add(target, m.key(), [&](void* one) {
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

}  // namespace

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
