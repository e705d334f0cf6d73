// SPDX-License-Identifier: Apache-2.0
#include "typed/question_answer.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "base/text.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/form_answer.hpp"
#include "typed/sampling_checks.hpp"
#include "typed/wording.hpp"

namespace longhaul::detail {
namespace {

// A scheme, a colon, and something behind it without control characters. What a path of it is,
// `root::path` says.
bool is_like_a_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto in_scheme = [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() &&
         is_letter(text.front()) && std::ranges::all_of(text.substr(0, colon), in_scheme) &&
         std::ranges::none_of(text, is_control);
}

raw_json fitting_roots(const raw_json&, const raw_json& given) {
  const json::value list = json::value(given)["roots"];
  if (!list.is(json::kind::array)) {
    throw question_error("roots: expected a list, got " + shown(list));
  }
  std::string out = R"({"roots":[)";
  std::size_t count = 0;
  for (json::elements e(list); e.next(); ++count) {
    const std::string at = "roots[" + std::to_string(count) + "]";
    const json::value uri = e.value()["uri"], name = e.value()["name"];
    if (const auto text = uri.string(); !text || !is_like_a_uri(*text)) {
      throw question_error(at + ".uri: expected a URI, got " + shown(uri));
    }
    if (name && !name.is(json::kind::null) && !name.is(json::kind::string)) {
      throw question_error(at + ".name: expected a string, got " + shown(name));
    }
    if (count > 0) out += ',';
    json::object one(out);
    one.raw("uri", uri.raw());
    if (name.is(json::kind::string)) one.raw("name", name.raw());
    one.close();
  }
  out += "]}";
  return raw_json::trusted(std::move(out));
}

raw_json dismissal(int, std::string_view) { return raw_json::trusted(R"({"action":"cancel"})"); }

raw_json error_instead(int code, std::string_view message) {
  std::string out = R"({"error":)";
  json::object o(out);
  o.integer("code", code).string("message", message).close();
  out += '}';
  return raw_json::trusted(std::move(out));
}

question_reply read_answer(const raw_json& stored) { return answer::parse(stored); }
question_reply read_sampling(const raw_json& stored) { return sampling_response::parse(stored); }
question_reply read_roots(const raw_json& stored) { return parse_roots(stored); }

struct kind_of_answer {
  std::string_view method;
  raw_json (*fitting)(const raw_json& request, const raw_json& given);
  raw_json (*none)(int code, std::string_view message);
  question_reply (*read)(const raw_json& stored);
};
constexpr std::array<kind_of_answer, 3> kinds_of_answers{{
    {"elicitation/create", fitting_form, dismissal, read_answer},
    {"sampling/createMessage", fitting_sampling, error_instead, read_sampling},
    {"roots/list", fitting_roots, error_instead, read_roots},
}};

const kind_of_answer& kind_for(const raw_json& request) {
  const json::value method = json::value(request)["method"];
  const auto* const found = std::ranges::find_if(
      kinds_of_answers, [&](const kind_of_answer& kind) { return method.equals(kind.method); });
  if (found == kinds_of_answers.end()) throw question_error("a question of an unknown kind");
  return *found;
}

}  // namespace

raw_json request_of(const question& asked) {
  return std::visit([](const auto& one) { return one.request(); }, asked);
}

raw_json fitting_answer(const raw_json& request, const raw_json& given) {
  return kind_for(request).fitting(request, given);
}

raw_json no_answer(const raw_json& request, int code, std::string_view message) {
  return kind_for(request).none(code, message);
}

question_reply read_reply(const raw_json& request, const raw_json& stored) {
  const kind_of_answer& kind = kind_for(request);
  if (kind.none == error_instead) {
    if (const json::value error = json::value(stored)["error"]) {
      return question_reply::refusal{static_cast<int>(error["code"].integer().value_or(0)),
                                     error["message"].string().value_or("")};
    }
  }
  try {
    return kind.read(kind.fitting(request, stored));
  } catch (const question_error& e) {
    if (kind.none == dismissal) return answer();
    return question_reply::refusal{question_refused::unfit_code, e.what()};
  }
}

}  // namespace longhaul::detail
