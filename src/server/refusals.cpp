// SPDX-License-Identifier: Apache-2.0
#include "server/refusals.hpp"

#include <algorithm>

#include "stores/bounds.hpp"
#include "tasks/tunables.hpp"
#include "typed/rules.hpp"

namespace longhaul::serving {

refused refuse(refusal why, std::string message) {
  refused r;
  r.why = why;
  r.message = std::move(message);
  return r;
}

refused busy(std::string message) {
  refused r = refuse(refusal::busy, std::move(message));
  r.retry_after = tasks::tunables::busy_retry_after;
  return r;
}

refused busy_at(std::string_view bound) {
  const bool arguments = bound == stores::bound_names::arguments;
  const bool bytes =
      bound.find("bytes") != std::string_view::npos || bound == stores::bound_names::memory;
  std::string words = arguments ? "the arguments are too large ("
                      : bytes   ? "tasks take up too much ("
                                : "too many tasks (";
  words.append(bound).append(arguments ? ")" : "): try again later");
  refused r = busy(std::move(words));
  if (arguments) r.retry_after = {};  // they will be as large the next time
  r.bound = bound;
  return r;
}

refused refuse_answer(const tasks::unfit_answer& why) {
  const std::string& key = why.key();
  const bool plain = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
  const std::string place = plain ? "." + key : "[" + detail::in_quotes(key) + "]";
  return refuse(refusal::bad_answer, "inputResponses" + place + "." + why.what());
}

}  // namespace longhaul::serving
