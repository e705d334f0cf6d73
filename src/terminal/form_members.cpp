// SPDX-License-Identifier: Apache-2.0
#include "terminal/form_members.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "json/canonical.hpp"
#include "json/write.hpp"
#include "longhaul/question_error.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/schema_words.hpp"
#include "terminal/typed_word.hpp"
#include "typed/form_answer.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

using json::kind;
using shape = form_member::shape;

bool is_option(const form_member& member, json::value v) {
  const std::string wanted = json::canonical(v);
  return std::ranges::any_of(member.options, [&](const schema_choice& option) {
    return json::canonical(option.value) == wanted;
  });
}

shape shape_of(const alternative& one, json::value root, std::vector<schema_choice>& options) {
  options = one.choices;
  if (!options.empty()) return shape::choice;
  switch (one.allowed) {
    case types::boolean:
      return shape::flag;
    case types::integer:
    case types::number:
      return shape::number;
    case types::string:
      return shape::text;
    case types::array:
      options = alternatives_of(one.schema["items"], root).front().choices;
      return options.empty() ? shape::other : shape::choices;
    default:
      return shape::other;
  }
}

// The one thing that a member may be besides null; null: it may be several.
std::optional<alternative> only_one(std::vector<alternative> several) {
  std::erase_if(several, [](alternative& one) {
    if (one.choices.empty() && one.allowed == types::null) return true;
    one.allowed = static_cast<type_set>(one.allowed & ~types::null);
    return false;
  });
  if (several.size() != 1) return std::nullopt;
  return several.front();
}

bool is_of_shape(const form_member& member, json::value v) {
  switch (member.how) {
    case shape::choice:
      return is_option(member, v);
    case shape::choices: {
      if (!v.is(kind::array)) return false;
      for (json::elements e(v); e.next();) {
        if (!is_option(member, e.value())) return false;
      }
      return true;
    }
    case shape::flag:
      return v.is(kind::boolean);
    case shape::number:
      return v.is(kind::number);
    case shape::text:
      return v.is(kind::string);
    default:
      return true;
  }
}

// What stands in brackets must be all that is sent when it is taken.
bool is_seen_whole(json::value v) {
  const auto text = v.string();
  return !text || plain(*text) == *text;
}

bool fits(const form_member& member, json::value v) {
  try {
    check_member(member, v);
    return true;
  } catch (const unfit_word&) {
    return false;
  }
}

// --- choices

const schema_choice* by_value(const form_member& member, std::string_view typed) {
  for (const schema_choice& option : member.options) {
    const auto text = option.value.string();
    if (text ? *text == typed : option.value.raw() == typed) return &option;
  }
  return nullptr;
}

const schema_choice* by_number(const form_member& member, std::string_view typed) {
  std::size_t place = 0;
  const char* const end = typed.data() + typed.size();
  const auto [stop, error] = std::from_chars(typed.data(), end, place);
  const bool number = error == std::errc() && stop == end;
  const bool there = number && place >= 1 && place <= member.options.size();
  return there && has_numbered_options(member) ? &member.options[place - 1] : nullptr;
}

// By what is shown, whatever the case; null if several are shown so.
const schema_choice* by_words(const form_member& member, std::string_view typed) {
  const schema_choice* found = nullptr;
  for (const schema_choice& option : member.options) {
    if (!same_ignoring_case(plain(option_words(option)), typed)) continue;
    if (found) return nullptr;
    found = &option;
  }
  return found;
}

const schema_choice* chosen(const form_member& member, std::string_view typed) {
  if (const auto* const option = by_value(member, typed)) return option;
  if (const auto* const option = by_number(member, typed)) return option;
  return by_words(member, typed);
}

[[noreturn]] void refuse_option(const form_member& member, std::string_view typed) {
  std::vector<std::string> names;
  names.reserve(member.options.size());
  for (const schema_choice& option : member.options) names.push_back(option_words(option));
  const std::string given = detail::unknown_name({names.begin(), names.end()}, typed);
  std::string wanted = "one of ";
  if (has_numbered_options(member)) wanted = "1 to " + std::to_string(names.size()) + ", or ";
  wanted += detail::listed(names, [](const std::string& name) { return name; });
  throw unfit_word(plain("expected " + wanted + ", got" +
                         (given.ends_with('?') ? given : " " + detail::in_quotes(typed))));
}

std::string read_option(const form_member& member, std::string_view typed) {
  const schema_choice* const option = chosen(member, trimmed(typed));
  if (!option) refuse_option(member, trimmed(typed));
  return std::string(option->value.raw());
}

std::string read_options(const form& asked, const form_member& member, std::string_view typed) {
  if (trimmed(typed).starts_with('[')) return typed_word(typed, member.schema, asked.root());
  if (chosen(member, trimmed(typed))) return "[" + read_option(member, typed) + "]";
  std::vector<std::string> taken;
  for (std::size_t at = 0; at <= typed.size();) {
    const std::size_t end = std::min(typed.find(',', at), typed.size());
    std::string one = read_option(member, typed.substr(at, end - at));
    if (std::ranges::find(taken, one) == taken.end()) taken.push_back(std::move(one));
    at = end + 1;
  }
  std::string result;
  for (const std::string& one : taken) result += (result.empty() ? "[" : ",") + one;
  return result + "]";
}

std::string read_flag(std::string_view typed) {
  for (const std::string_view yes : {"y", "yes", "true"}) {
    if (same_ignoring_case(typed, yes)) return "true";
  }
  for (const std::string_view no_word : {"n", "no", "false"}) {
    if (same_ignoring_case(typed, no_word)) return "false";
  }
  throw unfit_word(plain("expected y or n, got " + detail::in_quotes(typed)));
}

std::string read_shape(const form& asked, const form_member& member, std::string_view typed) {
  switch (member.how) {
    case shape::choice:
      return read_option(member, typed);
    case shape::choices:
      return read_options(asked, member, typed);
    case shape::flag:
      return read_flag(trimmed(typed));
    default:
      return typed_word(typed, member.schema, asked.root());
  }
}

}  // namespace

form::form(const raw_json& requested_schema) : parameters_(requested_schema) {
  for (const parameter& one : parameters_.all()) members_.push_back(member_of(one));
}

const form_member* form::find(std::string_view name) const {
  const auto found = std::ranges::find(members_, name, &form_member::name);
  return found == members_.end() ? nullptr : &*found;
}

form_member form::member_of(const parameter& one) const {
  form_member result;
  result.name = one.name;
  result.title = keyword_text(one.schema, "title", root());
  if (plain(result.title).empty()) result.title = one.name;
  result.description = keyword_text(one.schema, "description", root());
  result.required = one.required;
  result.schema = resolved(one.schema, root());
  if (const auto only = only_one(alternatives_of(one.schema, root()))) {
    result.how = shape_of(*only, root(), result.options);
  }
  std::erase_if(result.options, [](const schema_choice& o) { return o.value.is(kind::null); });
  const json::value preset = keyword(one.schema, "default", root());
  if (preset && !preset.is(kind::null) && is_seen_whole(preset) && fits(result, preset)) {
    result.preset = preset;
  }
  return result;
}

bool has_numbered_options(const form_member& member) {
  const auto looks_like_one = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_digit);
  };
  return std::ranges::none_of(member.options, [&](const schema_choice& option) {
    return option.value.is(kind::number) || looks_like_one(option.title) ||
           looks_like_one(option.value.string().value_or(""));
  });
}

std::string option_words(const schema_choice& option) {
  if (!plain(option.title).empty()) return option.title;
  return option.value.string().value_or(std::string(option.value.raw()));
}

std::string read_member(const form& asked, const form_member& member, std::string_view typed) {
  if (!is_utf8(typed)) throw unfit_word("this is not UTF-8");
  std::string result = read_shape(asked, member, typed);
  check_member(member, json::value(result));
  return result;
}

void check_member(const form_member& member, json::value v) {
  if (!is_of_shape(member, v)) {
    throw unfit_word(plain("expected " + type_words(member.schema, member.schema) + ", got " +
                           detail::shown(v)));
  }
  const json::value items = member.schema["items"];
  const bool list_of_others =
      member.schema["type"].equals("array") && !items["enum"] && !items["oneOf"] && !items["anyOf"];
  if (list_of_others) return;
  try {
    detail::check_form_value(member.schema, v, "");
  } catch (const question_error& unfit) {
    std::string reason = unfit.what();  // ": expected …", "[0]: …"
    if (reason.starts_with(": ")) reason.erase(0, 2);
    throw unfit_word(plain(reason));
  }
}

}  // namespace longhaul::terminal
