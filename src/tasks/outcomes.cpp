// SPDX-License-Identifier: Apache-2.0
#include "tasks/outcomes.hpp"

#include <algorithm>
#include <utility>

#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/error_codes.hpp"
#include "longhaul/stores/transitions.hpp"
#include "tasks/failure.hpp"
#include "tasks/handler_run.hpp"

namespace longhaul::tasks {
namespace {

constexpr int internal_error = -32603;

}  // namespace

handler_result outcome_of_exception(handler_run& run, const logger& log) {
  try {
    throw;
  } catch (const task_stopped&) {
    return std::nullopt;
  } catch (const retry_later& e) {
    run.wish_retry({e.what(), e.after()});
    return e.otherwise() ? *e.otherwise() : outcome::tool_error(e.what());
  } catch (const tool_error& e) {
    return outcome::tool_error(e.what());
  } catch (const invalid_arguments& e) {
    return outcome::tool_error(e.what());
  } catch (const question_error& e) {  // our own words about the question
    return outcome::protocol_error(internal_error, std::string("the tool failed: ") + e.what());
  } catch (const protocol_error& e) {
    return outcome::protocol_error(e.code(), e.what(), e.data());
  } catch (...) {
    if (run.stop_requested()) {  // what it awaited failed because of that; its end is written
      log.debug("task.stopped", text_of(std::current_exception()), {task_field(run.id())});
      return std::nullopt;
    }
    return hidden_failure(run, "the tool failed", std::current_exception(), log);
  }
}

// The text of any other exception was not written for callers: it may say paths, hosts, secrets.
outcome hidden_failure(const handler_run& run, std::string_view sentence,
                       const std::exception_ptr& failure, const logger& log) {
  const std::string error_id = new_error_id();
  log.error("task.exception", text_of(failure),
            {task_field(run.id()), {"tool", run.tool().options.name}, {"error_id", error_id}});
  return outcome::protocol_error(internal_error, with_error_id(sentence, error_id),
                                 error_id_data(error_id));
}

outcome no_result() {
  return outcome::protocol_error(internal_error, "the tool gave up without a result");
}

outcome lost(std::string_view message) {
  return outcome::protocol_error(error_codes::executor_lost, message);
}

outcome bounded(outcome result, std::size_t most) {
  const std::size_t bytes = result.body.size();
  if (most == 0 || bytes <= most) return result;
  std::string data;
  json::object(data).integer("bytes", bytes).integer("max_result", most).close();
  return outcome::protocol_error(
      error_codes::result_too_large,
      "the result has " + std::to_string(bytes) +
          " bytes, more than this server keeps (max_result: " + std::to_string(most) + ")",
      raw_json::trusted(std::move(data)));
}

std::string why_failed(const outcome& failure) {
  std::string why = message_of(failure);
  if (!failure.is_protocol_error) {
    for (json::elements content(json::value(failure.body)["content"]); content.next();) {
      why = content.value()["text"].string().value_or(std::string());
      if (!why.empty()) break;
    }
  }
  why.resize(std::min(why.find('\n'), why.size()));
  return why.empty() ? "the tool reported an error" : std::string(stores::clipped(why));
}

std::string message_of(const outcome& result) {
  if (!result.is_protocol_error) return {};
  return json::value(result.body)["message"].string().value_or(std::string());
}

}  // namespace longhaul::tasks
