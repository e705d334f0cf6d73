// SPDX-License-Identifier: Apache-2.0
#include "server/refusals.hpp"

#include <algorithm>

#include "base/names.hpp"
#include "longhaul/stores/bounds.hpp"
#include "tasks/tunables.hpp"
#include "typed/rules.hpp"

namespace longhaul::serving {

refused refuse(refusal why, std::string message) {
  refused result;
  result.why = why;
  result.message = std::move(message);
  return result;
}

refused unknown_task() { return refuse(refusal::unknown_task, "there is no such task"); }

refused unknown_resource() {
  return refuse(refusal::unknown_resource, "there is no such resource");
}

refused busy(std::string message) {
  refused result = refuse(refusal::busy, std::move(message));
  result.retry_after = tasks::tunables::busy_retry_after;
  return result;
}

refused busy_at(std::string_view bound) {
  const bool arguments = bound == stores::bound_names::arguments;
  const bool bytes =
      bound.find("bytes") != std::string_view::npos || bound == stores::bound_names::memory;
  std::string words = arguments ? "the arguments are too large ("
                      : bytes   ? "tasks take up too much ("
                                : "too many tasks (";
  words.append(bound).append(arguments ? ")" : "): try again later");
  refused result = busy(std::move(words));
  if (arguments) result.retry_after = {};  // they will be as large the next time
  result.bound = bound;
  return result;
}

refused refuse_answer(const tasks::unfit_answer& why) {
  const std::string& key = why.key();
  const bool plain = !key.empty() && std::ranges::all_of(key, [](char c) {
    return is_name_character(c) && c != '.';
  });
  const std::string place = plain ? "." + key : "[" + detail::in_quotes(key) + "]";
  return refuse(refusal::bad_answer, "inputResponses" + place + "." + why.what());
}

std::optional<refused> refusal_of(const stores::create_result& created) {
  switch (created.code) {
    case stores::create_code::created:
    case stores::create_code::existing:
      return std::nullopt;
    case stores::create_code::key_conflict:
      return refuse(refusal::idempotency_conflict,
                    "this idempotency key was used with other arguments");
    case stores::create_code::busy:
      break;
  }
  if (created.bound == stores::bound_names::known_only) {
    return refuse(refusal::not_repeatable,
                  "this call was sent before, and is not known here any more: whether it was "
                  "carried out cannot be told");
  }
  return busy_at(created.bound);
}

}  // namespace longhaul::serving
