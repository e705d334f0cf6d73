// SPDX-License-Identifier: Apache-2.0
#include "server/middleware_chain.hpp"

#include <array>
#include <exception>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>

#include "json/view.hpp"
#include "json/write.hpp"
#include "server/features.hpp"
#include "server/refusals.hpp"
#include "server/tunables.hpp"
#include "tasks/failure.hpp"
#include "tasks/handler_run.hpp"

namespace longhaul::serving {
namespace {

// `object` with this member, and without what it had of this name; an absent value is no member.
raw_json with_member(const raw_json& object, std::string_view key, const raw_json& value) {
  std::string out;
  json::object o(out);
  for (json::members m{json::value(object)}; m.next();) {
    if (m.key() != key) o.raw(m.key(), m.value().raw());
  }
  if (value) o.raw(key, value);
  o.close();
  return raw_json::trusted(std::move(out));
}

// `object` with `member` set in the object that it has under `holder`.
raw_json with_inner_member(const raw_json& object, std::string_view holder, std::string_view member,
                           const raw_json& value) {
  const json::value inner = json::value(object)[holder];
  if (inner && !inner.is(json::kind::object)) {
    throw std::invalid_argument("'" + std::string(holder) + "' is there and is no object");
  }
  const raw_json before = raw_json::trusted(inner ? std::string(inner.raw()) : "{}");
  return with_member(object, holder, with_member(before, member, value));
}

class arriving final : public arriving_call {
 public:
  arriving(const auth::caller& who, const raw_json& given, call_request* call)
      : arriving_call(given), call_(call) {
    caller.owner = who.owner;
    quota = who.quota;
  }

  raw_json meta(std::string_view key) const override {
    if (call_ == nullptr) return {};
    json::value found = json::value(call_->meta)[key];
    if (!found) found = call_->whole_meta[key];
    return found ? raw_json::trusted(std::string(found.raw())) : raw_json();
  }

  void set_meta(std::string_view key, raw_json value) override {
    if (call_ == nullptr) return;
    raw_json next = with_member(or_empty_object(call_->meta), key, value);
    if (next.size() > tunables::middleware_meta) {
      throw std::length_error("the kept _meta of a call has more than " +
                              std::to_string(tunables::middleware_meta) + " bytes");
    }
    call_->meta = std::move(next);
  }

 private:
  call_request* const call_;
};

call_end end_of(const task_record& task) {
  if (task.status == task_status::cancelled) return call_end::cancelled;
  if (task.result.is_error && !task.result.is_protocol_error) return call_end::tool_error;
  return task.status == task_status::completed ? call_end::completed : call_end::failed;
}

// What a failure says.
std::string words_of(const outcome& result) {
  const json::value body(result.body);
  if (result.is_protocol_error) return body["message"].string().value_or(std::string());
  if (!result.is_error) return {};
  for (json::elements e(body["content"]); e.next();) {
    if (auto text = e.value()["text"].string()) return *std::move(text);
  }
  return {};
}

}  // namespace

called_feature feature_of(std::string_view callable, const raw_json& arguments,
                          std::string& subject) {
  called_feature found;
  const std::string_view prefix = callable.substr(0, callable.find('/'));
  const auto is = [&](std::string_view of_kind, call_kind kind, std::string_view member) {
    if (prefix != of_kind || prefix.size() == callable.size()) return false;
    subject = json::value(arguments)[member].string().value_or(std::string());
    found = {kind, callable.substr(prefix.size() + 1), subject};
    return true;
  };
  if (is(callable_kinds::prompts, call_kind::prompt, {}) ||
      is(callable_kinds::extensions, call_kind::extension, {})) {
    found.subject = {};
  } else if (!is(callable_kinds::resources, call_kind::resource, "uri") &&
             !is(callable_kinds::completion, call_kind::completion, "argument")) {
    found = {call_kind::tool, callable, {}};
  } else if (found.kind == call_kind::completion && found.name.ends_with("/" + subject)) {
    found.name.remove_suffix(subject.size() + 1);
  }
  return found;
}

void middleware_chain::start(const log_sink& log) const {
  for (const auto& one : all_) one->on_start(log);
}

std::optional<refused> middleware_chain::arrive(const caller& who, call_request& call) const {
  arriving arrived(who, call.arguments, &call);
  std::string subject;
  static_cast<called_feature&>(arrived) = feature_of(call.tool, call.arguments, subject);
  return ask_all(arrived);
}

std::optional<refused> middleware_chain::arrive(const caller& who, std::string_view verb,
                                                std::string_view task) const {
  const raw_json none;
  arriving arrived(who, none, nullptr);
  static_cast<called_feature&>(arrived) = {call_kind::task, verb, task};
  return ask_all(arrived);
}

std::optional<refused> middleware_chain::ask_all(arriving_call& call) const {
  refused why = refuse(refusal::declined, {});
  try {
    for (const auto& one : all_) one->on_call(call);
    return std::nullopt;
  } catch (const busy_error& e) {
    why = busy(e.what());
    why.retry_after = e.retry_after();
  } catch (const tool_error& e) {
    why.message = e.what();
  } catch (const protocol_error& e) {
    why.message = e.what();
    why.code = e.code();
    why.data = e.data();
  } catch (const std::exception&) {
    throw;
  } catch (...) {
    throw std::runtime_error("middleware threw what is no std::exception");
  }
  return why;
}

void middleware_chain::refused_unrun(const caller& who, const call_request& call,
                                     const refused& why) const noexcept {
  // The work of a call whose caller left is cancelled, and that is told.
  const bool told_otherwise = why.begun || why.why == refusal::abandoned;
  if (!told_otherwise) tell_unrun(who, call, call_end::refused, why.message);
}

void middleware_chain::answered_unrun(const caller& who, const call_request& call) const noexcept {
  tell_unrun(who, call, call_end::completed, {});
}

void middleware_chain::tell_unrun(const caller& who, const call_request& call, call_end end,
                                  std::string_view words) const noexcept {
  try {
    std::string subject;
    ended_call over;
    static_cast<called_feature&>(over) = feature_of(call.tool, call.arguments, subject);
    over.owner = who.owner;
    over.arguments = call.arguments ? &call.arguments : nullptr;
    over.end = end;
    over.words = words;
    tell(over);
  } catch (...) {
    tell_trouble();
  }
}

void middleware_chain::tell_trouble() const noexcept {
  try {
    log_.error("middleware.failed", tasks::text_of(std::current_exception()));
  } catch (...) {  // NOLINT(bugprone-empty-catch): what cannot be told is not told
  }
}

void middleware_chain::on_result(tasks::handler_run& run, outcome& given) {
  std::string subject;
  const called_feature feature = feature_of(run.tool().options.name, run.arguments(), subject);
  const answered_call call{{feature}, run, run.arguments()};
  for (const auto& one : std::views::reverse(all_)) one->on_result(call, given);
}

void middleware_chain::on_end(const task_record& task) noexcept {
  try {
    ended_call over;
    std::string subject;
    const raw_json& arguments = task.origin->arguments;
    static_cast<called_feature&>(over) = feature_of(task.tool(), arguments, subject);
    const std::string words = words_of(task.result);
    over.owner = task.owner();
    over.task = task.id();
    over.arguments = arguments ? &arguments : nullptr;
    over.end = end_of(task);
    over.words = over.end == call_end::cancelled ? std::string_view(task.cancel_reason) : words;
    over.took = task.updated_at - task.origin->created_at;
    over.attempts = task.attempt;
    tell(over);
  } catch (...) {
    tell_trouble();
  }
}

void middleware_chain::tell(const ended_call& call) const noexcept {
  for (const auto& one : all_) {
    try {
      one->on_end(call);
    } catch (...) {
      tell_trouble();
    }
  }
}

}  // namespace longhaul::serving

namespace longhaul {

std::string_view to_string(call_kind kind) noexcept {
  constexpr std::array<std::string_view, 6> names = {"tool",       "prompt", "resource",
                                                     "completion", "task",   "extension"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(call_end end) noexcept {
  constexpr std::array<std::string_view, 5> names = {"completed", "tool_error", "failed",
                                                     "cancelled", "refused"};
  return names[static_cast<std::size_t>(end)];
}

void set_result_meta(outcome& result, std::string_view key, const raw_json& value) {
  result.body = serving::with_inner_member(result.body, result.is_protocol_error ? "data" : "_meta",
                                           key, value);
}

}  // namespace longhaul
