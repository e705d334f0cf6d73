// SPDX-License-Identifier: Apache-2.0
#include "parity.hpp"

#include "base/digest.hpp"

namespace longhaul::test {

stores::question ask_for(const std::string& key, const std::string& message) {
  stores::question asked;
  asked.key = key;
  asked.request = raw_json::trusted(R"({"method":"elicitation/create","params":{"message":")" +
                                    message + R"("}})");
  asked.request_hash = sha256(asked.request.view());
  return asked;
}

stores::response reply(const std::string& key, const std::string& value) {
  return {key, raw_json::trusted(R"({"action":"accept","content":{"v":")" + value + R"("}})")};
}

store_parity::store_parity() : fixture_(GetParam().make()), store_(fixture_->tested()) {
  store_.watch([into = observations_](const task_ptr& task) {
    const std::lock_guard lock(into->mutex);
    into->all.push_back(task);
  });
  EXPECT_TRUE(run(store_.renew(process_, 1h)).alive);
}

std::shared_ptr<task_origin> store_parity::origin(const std::string& owner,
                                                  const std::string& tool) const {
  auto made = std::make_shared<task_origin>();
  made->created_at = fixture_->now();
  made->id = new_task_id(made->created_at);
  made->owner = owner;
  made->quota = owner;
  made->tool = tool;
  made->arguments = raw_json::trusted(R"({"n":1})");
  made->arguments_hash = sha256(made->arguments.view());
  return made;
}

task_ptr store_parity::create(std::shared_ptr<task_origin> what, std::optional<process_id> process,
                              std::optional<milliseconds> retention) {
  stores::new_task task;
  task.origin = std::move(what);
  task.claim_for = process;
  task.retention = retention;
  const auto made = run(store_.create(task));
  EXPECT_EQ(made.code, create_code::created);
  return made.task;
}

std::vector<task_ptr> store_parity::claim(process_id process, std::size_t count,
                                          std::set<std::string, std::less<>> tools,
                                          std::set<std::string, std::less<>> saturated) {
  stores::claim_request request;
  request.process = process;
  request.count = count;
  for (const std::string& tool : tools) request.tools.emplace(tool, count);
  request.saturated = std::move(saturated);
  return run(store_.claim(request));
}

stores::change_result store_parity::ask(const task_ptr& task, std::uint64_t by,
                                        const std::vector<stores::question>& questions) {
  return run(store_.ask(task->id(), epoch(by), questions));
}

stores::change_result store_parity::answer(const task_ptr& task,
                                           const std::vector<stores::response>& given) {
  return run(store_.answer(task->owner(), task->id(), given));
}

stores::change_result store_parity::finish(const task_ptr& task, std::uint64_t by,
                                           const std::string& text) {
  const outcome result = text_result(text);
  return run(store_.finish(task->id(), epoch(by), result, "done"));
}

stores::change_result store_parity::report(const task_ptr& task, std::uint64_t by, double done,
                                           std::optional<std::string> message) {
  stores::report_change change;
  change.progress = progress_state{done, 100.0};
  change.status_message = std::move(message);
  return run(store_.report(task->id(), epoch(by), change));
}

std::vector<task_ptr> store_parity::observed() const {
  const std::lock_guard lock(observations_->mutex);
  return observations_->all;
}

std::size_t store_parity::stored() {
  const auto now = run(store_.stats());
  return now.working + now.input_required + now.completed + now.failed + now.cancelled;
}

testing::AssertionResult store_parity::applied(const stores::change_result& result) const {
  if (result.code == change_code::applied) return testing::AssertionSuccess();
  if (GetParam().repeats) {
    if (result.code == change_code::unchanged) return testing::AssertionSuccess();
    if (result.code == change_code::already_terminal &&
        result.task->status == task_status::cancelled) {
      return testing::AssertionSuccess();
    }
  }
  return testing::AssertionFailure() << "code " << static_cast<int>(result.code);
}

std::string describe(const task_record& task) {
  return final_part(task) + " rev=" + std::to_string(task.rev) +
         " retention=" + (task.retention ? std::to_string(task.retention->count()) : "null");
}

std::string final_part(const task_record& task) {
  std::string text =
      task.id() + " " + std::string(to_string(task.status)) + " '" + task.status_message +
      "' epoch=" + std::to_string(task.epoch) + " attempt=" + std::to_string(task.attempt) +
      " at=" + iso8601(task.updated_at) + " result=" + std::string(task.result.body.view()) +
      (task.result.is_error ? " is_error" : "") +
      (task.result.is_protocol_error ? " protocol" : "") + " reason=" + task.cancel_reason +
      (task.process ? " claimed" : "");
  if (task.progress) text += " done=" + std::to_string(task.progress->done);
  if (task.inputs) {
    for (const auto& input : *task.inputs) {
      text += " " + input.key + "=" + std::string(input.response.view());
    }
  }
  return text;
}

}  // namespace longhaul::test
