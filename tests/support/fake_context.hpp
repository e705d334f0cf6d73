// SPDX-License-Identifier: Apache-2.0
// The context of a task that nobody has: for one run of a handler, without an engine.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/task_context.hpp"

namespace longhaul::test {

class fake_context final : public task_context {
 public:
  explicit fake_context(std::string id) : id_(std::move(id)) {}

  std::function<void()> on_alive = [] {};
  int signs_of_life = 0;

  const std::string& id() const noexcept override { return id_; }
  const std::string& completion_token() const noexcept override { return none_; }
  caller_info caller() const override { return {"local"}; }
  std::uint32_t attempt() const noexcept override { return 1; }
  std::stop_token stop_token() const noexcept override { return {}; }
  void progress(double, std::optional<double>, std::string_view) override {}
  void status(std::string_view) override {}
  void log(log_level, std::string_view) override {}
  void alive() override {
    ++signs_of_life;
    on_alive();
  }
  void url_done(std::string_view) override {}
  bool client_can(client_capability) const override { return false; }
  raw_json saved_checkpoint() const override { return saved_; }
  void save_checkpoint_bytes(raw_json value) override { saved_ = std::move(value); }

 private:
  std::vector<question_reply> put(const named_questions&) override {
    throw question_error("nobody is there");
  }
  boost::asio::awaitable<std::vector<question_reply>> async_put(named_questions) override {
    throw question_error("nobody is there");
  }
  void pause(std::chrono::milliseconds) const override {}
  boost::asio::awaitable<void> async_pause(std::chrono::milliseconds) const override { co_return; }

  std::string id_, none_;
  raw_json saved_;
};

}  // namespace longhaul::test
