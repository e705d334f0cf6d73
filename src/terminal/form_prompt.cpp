// SPDX-License-Identifier: Apache-2.0
#include "terminal/form_prompt.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "terminal/dialogue.hpp"
#include "terminal/form_members.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/schema_words.hpp"
#include "terminal/secret_words.hpp"
#include "terminal/typed_word.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

using shape = form_member::shape;
using detail::in_quotes;

constexpr std::size_t most_options = 50;  // that are listed; the others are chosen by name

raw_json schema_in(const raw_json& params) {
  const json::value schema = json::value(params)["requestedSchema"];
  return schema ? raw_json::trusted(schema.raw()) : raw_json();
}

std::string refusal_of(const form& asked) {
  for (const form_member& member : asked.members()) {
    const std::string secret = secret_asked_for(member);
    if (secret.empty()) continue;
    return plain("the form asks for a secret: " + in_quotes(member.name) + " (" + secret +
                 "). What is typed into forms passes through clients and models, so MCP forbids "
                 "that; a server sends people to a page of its own instead");
  }
  return {};
}

std::string preset_words(const form_member& member) {
  if (member.how == shape::choice || member.how == shape::choices) {
    std::string result;
    json::elements e(member.preset);
    const auto add = [&](json::value v) {
      for (const schema_choice& option : member.options) {
        if (option.value.raw() != v.raw()) continue;
        result += (result.empty() ? "" : ", ") + option_words(option);
        return;
      }
      result += (result.empty() ? "" : ", ") + value_words(v);
    };
    if (member.how == shape::choice) add(member.preset);
    while (e.next()) add(e.value());
    return result;
  }
  return member.preset.string().value_or(std::string(member.preset.raw()));
}

// What may be typed, in a few words; empty: anything.
std::string wanted_words(const form& asked, const form_member& member) {
  const std::string options = "1 to " + std::to_string(member.options.size());
  switch (member.how) {
    case shape::choice:
      return has_numbered_options(member) ? options : "one of them";
    case shape::choices:
      return has_numbered_options(member) ? "several of " + options + ", with commas"
                                          : "several, with commas";
    case shape::flag:
      return "y or n";
    case shape::text: {
      const std::string words = type_words(member.schema, asked.root());
      return words == "text" ? "" : words;
    }
    default:
      return type_words(member.schema, asked.root());
  }
}

std::string prompt_of(const form& asked, const form_member& member) {
  std::string hint = wanted_words(asked, member);
  if (!member.required) hint += hint.empty() ? "optional" : "; optional";
  std::string result = plain(member.title);
  if (!hint.empty()) result += " (" + hint + ")";
  if (member.preset && member.how == shape::flag) {
    result += member.preset.boolean() == true ? " [y]" : " [n]";
  } else if (member.preset) {
    result += " [" + preset_words(member) + "]";
  }
  return result + ": ";
}

void show_options(dialogue& with, const form_member& member) {
  const bool numbered = has_numbered_options(member);
  for (std::size_t i = 0; i < member.options.size() && i < most_options; ++i) {
    const std::string mark = numbered ? std::to_string(i + 1) + ") " : "- ";
    with.say(mark + plain(option_words(member.options[i])), 2);
  }
  if (member.options.size() > most_options) {
    with.say("and " + std::to_string(member.options.size() - most_options) + " more", 2);
  }
}

enum class ending : std::uint8_t { given, skipped, declined, cancelled };

// Asks for one member until it fits; its JSON is appended to `value`.
ending ask_member(dialogue& with, const form& asked, const form_member& member,
                  std::string& value) {
  with.blank_line();
  with.say(member.description);
  show_options(with, member);
  const std::string prompt = prompt_of(asked, member);
  while (const auto typed = with.ask(prompt)) {
    const std::string_view bare = trimmed(*typed);
    if (bare == ":decline") return ending::declined;
    if (bare == ":cancel") return ending::cancelled;
    if (bare == ":skip" && !member.required) return ending::skipped;
    if (bare.empty() && member.preset) {
      value = member.preset.raw();
      return ending::given;
    }
    if (bare.empty() && !member.required) return ending::skipped;
    if (bare.empty()) {
      with.say("a value is needed", 2);
      continue;
    }
    try {
      value = read_member(asked, member, *typed);
      return ending::given;
    } catch (const unfit_word& unfit) {
      with.say(unfit.what(), 2);
    }
  }
  return ending::cancelled;
}

void introduce(dialogue& with, const raw_json& params) {
  with.say(json::value(params)["message"].string().value_or(""));
  with.say(
      "(Enter takes what stands in [brackets]; :skip leaves out what is optional, :decline "
      "refuses, :cancel dismisses. Type no secrets.)");
}

answer accepted_with(const std::string& content) {
  return {answer::action::accept, raw_json::parse(content)};
}

}  // namespace

std::string form_refusal(const raw_json& params) { return refusal_of(form(schema_in(params))); }

answer ask_form(console& at, const raw_json& params, const raw_json& given) {
  dialogue with(at);
  const form asked(schema_in(params));
  if (const std::string refusal = refusal_of(asked); !refusal.empty()) {
    with.say("Declined: " + refusal + ".");
    return {answer::action::decline, {}};
  }
  introduce(with, params);
  std::string content;
  json::object o(content);
  for (const form_member& member : asked.members()) {
    if (const json::value known = json::value(given)[member.name]) {
      o.raw(member.name, known.raw());
      continue;
    }
    std::string value;
    switch (ask_member(with, asked, member, value)) {
      case ending::declined:
        return {answer::action::decline, {}};
      case ending::cancelled:
        return {answer::action::cancel, {}};
      case ending::given:
        o.raw(member.name, value);
        break;
      case ending::skipped:
        break;
    }
  }
  o.close();
  return accepted_with(content);
}

form_words read_form_words(const raw_json& params, std::span<const std::string> words,
                           const text_source& source) {
  const raw_json schema = schema_in(params);
  const form asked(schema);
  if (const std::string refusal = refusal_of(asked); !refusal.empty()) {
    throw argument_error(refusal);
  }
  form_words result;
  std::vector<std::string> own;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view name = name_in_word(words[i]);
    if (!name.empty() && !asked.find(name)) continue;
    result.used.push_back(i);
    own.push_back(words[i]);
  }
  const read_words read = read_some_arguments(schema, own, source);
  std::string content, unfit;
  json::object o(content);
  for (json::members m{json::value(read.arguments)}; m.next();) {
    const form_member* const member = asked.find(m.key());
    if (!member) continue;
    o.raw(m.key(), m.value().raw());
    try {
      check_member(*member, m.value());
    } catch (const unfit_word& why) {
      unfit += (unfit.empty() ? "" : "\n") + plain(in_quotes(m.key()) + ": " + why.what());
    }
  }
  o.close();
  if (!unfit.empty()) throw argument_error(unfit);
  for (const std::string& name : read.missing) {
    const form_member* const member = asked.find(name);
    if (!member || !member->preset) result.missing.push_back(name);
  }
  result.content = raw_json::trusted(std::move(content));
  return result;
}

answer answer_of_words(const raw_json& params, const form_words& given) {
  if (!given.missing.empty()) {
    throw argument_error(plain(
        "no answer is given for " +
        detail::listed(given.missing, [](const std::string& name) { return in_quotes(name); })));
  }
  const form asked(schema_in(params));
  std::string content;
  json::object o(content);
  for (const form_member& member : asked.members()) {
    const json::value known = json::value(given.content)[member.name];
    if (const json::value value = known ? known : member.preset) o.raw(member.name, value.raw());
  }
  o.close();
  return accepted_with(content);
}

}  // namespace longhaul::terminal
