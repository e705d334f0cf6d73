// SPDX-License-Identifier: Apache-2.0
// The text of any exception reached the caller: "the tool failed: secret db password". What was not
// written for callers goes to the log, and callers get an id that finds it there.
#include <stdexcept>

#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

class exception_text : public engine_fixture {
 protected:
  template <class Handler>
  task_ptr ended(Handler handler) {
    {
      const std::lock_guard lock(mutex_);
      lines_.clear();
    }
    options.log = [this](const log_record& record) {
      const std::lock_guard lock(mutex_);
      lines_.append(record.event).append(" ").append(record.text);
      for (const log_field& field : record.fields) lines_.append(" ").append(field.text);
      lines_ += "\n";
    };
    add({.name = "work"}, std::move(handler));
    start();
    return await_end(submit(call("work")));
  }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  void expect_hidden(const task_ptr& task) {
    const json::value error(task->result.body);
    const auto id = error["data"]["errorId"].string().value_or("");
    EXPECT_EQ(task->status, task_status::failed);
    EXPECT_EQ(id.size(), 8u);
    EXPECT_EQ(error["message"].string(), "the tool failed (error id " + id + ")");
    EXPECT_EQ(task->status_message, "the tool failed (error id " + id + ")");
    EXPECT_EQ(task->result.body.view().find("password"), std::string_view::npos);
    EXPECT_NE(log().find(id), std::string::npos) << log();
    EXPECT_NE(log().find("password"), std::string::npos) << log();
    EXPECT_NE(log().find(shown_id(task->id())), std::string::npos) << log();
  }

 private:
  std::mutex mutex_;
  std::string lines_;
};

TEST_F(exception_text, of_a_blocking_handler_goes_to_the_log) {
  expect_hidden(ended([]() -> std::string { throw std::runtime_error("/etc/db: password x"); }));
}

TEST_F(exception_text, of_a_coroutine_goes_to_the_log) {
  expect_hidden(ended([](task_context&) -> boost::asio::awaitable<std::string> {
    throw std::logic_error("password y");
    co_return std::string();
  }));
}

TEST_F(exception_text, of_something_that_is_no_exception_is_not_there) {
  const auto task = ended([]() -> std::string { throw 7; });
  EXPECT_EQ(task->status, task_status::failed);
  EXPECT_NE(log().find("no std::exception"), std::string::npos);
}

TEST_F(exception_text, that_is_meant_for_callers_reaches_them) {
  const auto task = ended([]() -> std::string { throw tool_error("the disk is full"); });
  EXPECT_EQ(text_of(*task), "the disk is full");
}

TEST_F(exception_text, of_arguments_and_protocol_errors_reaches_callers) {
  const auto task = ended([]() -> std::string { throw protocol_error(31999, "not today"); });
  EXPECT_EQ(error_code_of(*task), 31999);
  EXPECT_EQ(task->status_message, "not today");
}

}  // namespace
}  // namespace longhaul::test
