// SPDX-License-Identifier: Apache-2.0
#include "command/channel.hpp"

#include <algorithm>
#include <array>
#include <boost/describe/class.hpp>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "json/validate.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/schema.hpp"
#include "typed/rules.hpp"

namespace longhaul::command {
namespace {

// The members of two verbs, as the typed layer reads them.
struct progress_members {
  double done = 0;
  std::optional<double> total;
  std::optional<std::string> message;
};
BOOST_DESCRIBE_STRUCT(progress_members, (), (done, total, message))

struct ask_members {
  std::string key;
  std::string message;
  raw_json schema;
};
BOOST_DESCRIBE_STRUCT(ask_members, (), (key, message, schema))

constexpr std::string_view free_text_schema =
    R"({"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"]})";

raw_json kept(std::string_view value) {
  return raw_json::trusted(json::without_line_breaks(value));
}

template <class T>
T read_members(const detail::typed_schema& schema, json::value from, std::string_view verb) {
  T result{};
  schema.read(raw_json::trusted(from.raw()), &result, verb);
  return result;
}

channel_message read_progress(json::value from) {
  static const detail::typed_schema schema(detail::node_of<progress_members>(),
                                           {field("done").min(0), field("total").min(0)});
  auto given = read_members<progress_members>(schema, from, "progress");
  if (!std::isfinite(given.done) || !std::isfinite(given.total.value_or(0))) {
    throw std::invalid_argument("progress: expected numbers below 1.8e308");
  }
  return channel_progress{given.done, given.total, std::move(given.message).value_or("")};
}

channel_message read_status(json::value from) {
  channel_status result;
  detail::read_member(detail::node_of<std::string>(), nullptr, from.raw(), &result.text, "status");
  return result;
}

channel_message read_ask(json::value from) {
  static const detail::typed_schema schema(
      detail::node_of<ask_members>(),
      {field("key").length(1, tunables::max_question_key), field("message").length(1, unbounded)});
  auto given = read_members<ask_members>(schema, from, "ask");
  const bool free_text = !given.schema || json::value(given.schema).is(json::kind::null);
  channel_ask result;
  result.key = std::move(given.key);
  try {
    result.question =
        elicitation::form(std::move(given.message), free_text ? raw_json::trusted(free_text_schema)
                                                              : kept(given.schema.view()));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string("ask.schema: ") + error.what());
  }
  return result;
}

channel_message read_checkpoint(json::value from) { return channel_checkpoint{kept(from.raw())}; }

channel_message read_restore(json::value from) {
  if (from.boolean() != true) throw std::invalid_argument("restore: expected true");
  return channel_restore{};
}

struct verb {
  std::string_view name;
  channel_message (*read)(json::value from);
  std::string_view form;
};
constexpr std::array<verb, 5> verbs{{
    {"progress", read_progress, R"({"progress":{"done":3,"total":10,"message":"…"}})"},
    {"status", read_status, R"({"status":"…"})"},
    {"ask", read_ask, R"({"ask":{"key":"…","message":"…","schema":{…}}})"},
    {"checkpoint", read_checkpoint, R"({"checkpoint":…})"},
    {"restore", read_restore, R"({"restore":true})"},
}};

channel_fault fault(std::string message, std::string_view form) {
  message.append("; write ").append(form);
  return {std::move(message)};
}

std::string unknown_verb(std::string_view name) {
  std::vector<std::string_view> known;
  known.reserve(verbs.size());
  for (const verb& v : verbs) known.push_back(v.name);
  return "unknown member" + detail::unknown_name(known, name);
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

void line_splitter::feed(std::string_view bytes, const sink& use) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const bool ended = end < bytes.size();
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(ended ? end + 1 : end);
    if (!skipping_ && part.size() > longest_ - begun_.size()) {
      skipping_ = true;
      begun_ = {};
      use(std::nullopt);
    }
    if (ended) {
      end_line(part, use);
    } else if (!skipping_) {
      begun_ += part;
    }
  }
}

void line_splitter::finish(const sink& use) { end_line({}, use); }

void line_splitter::end_line(std::string_view rest, const sink& use) {
  std::string whole = std::exchange(begun_, {});
  if (std::exchange(skipping_, false)) return;
  std::string_view line = rest;
  if (!whole.empty()) line = whole += rest;
  if (is_blank(line)) return;
  if (line.ends_with('\r')) line.remove_suffix(1);
  use(line);
}

channel_message parse_channel_line(std::string_view line) {
  constexpr std::string_view any_form = R"(one JSON object a line, such as {"status":"…"})";
  std::string text(line);
  try {
    json::validate_in_place(text);
  } catch (const invalid_json& error) {
    return fault(error.what(), any_form);
  }
  const json::value root{std::string_view(text)};
  if (!root.is(json::kind::object)) return fault("the line is not an object", any_form);
  json::members members(root);
  if (!members.next()) return fault("the object is empty", any_form);
  const std::string name(members.key());
  const json::value value = members.value();
  if (members.next()) return fault("more than one member in a line", any_form);
  const auto found = std::ranges::find(verbs, name, &verb::name);
  if (found == verbs.end()) return {channel_fault{unknown_verb(name)}};
  try {
    return found->read(value);
  } catch (const std::invalid_argument& error) {
    channel_fault wrong = fault(error.what(), found->form);
    wrong.awaited = name == "ask" || name == "restore";
    return wrong;
  }
}

channel_fault line_too_long() {
  return {"a line of more than " + std::to_string(tunables::max_channel_line) +
          " bytes was skipped; write shorter ones"};
}

std::string channel_answer(std::string_view key, const answer& given) {
  std::string out;
  json::object o(out);
  o.string("key", key);
  switch (given.chosen) {
    case answer::action::accept:
      o.string("action", "accept");
      o.raw("content", or_empty_object(given.content).view());
      break;
    case answer::action::decline:
      o.string("action", "decline");
      break;
    case answer::action::cancel:
      o.string("action", "cancel");
      break;
  }
  o.close();
  return out + '\n';
}

std::string channel_restored(const raw_json& checkpoint) {
  std::string out;
  json::object(out).raw("checkpoint", checkpoint ? checkpoint.view() : "null").close();
  return out + '\n';
}

std::string channel_error(std::string_view message) {
  std::string out;
  json::object(out).string("error", message).close();
  return out + '\n';
}

std::string channel_ask_failed(std::string_view key, std::string_view message) {
  std::string out;
  json::object(out).string("key", key).string("error", message).close();
  return out + '\n';
}

}  // namespace longhaul::command
