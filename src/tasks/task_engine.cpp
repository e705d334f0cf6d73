// SPDX-License-Identifier: Apache-2.0
#include "longhaul/task_engine.hpp"

#include "tasks/engine_link.hpp"
#include "tasks/sync.hpp"

namespace longhaul {
namespace {

tasks::engine_options to_engine_options(const task_engine_options& options,
                                        std::shared_ptr<const tasks::tool_source> tools) {
  tasks::engine_options result;
  result.tools = std::move(tools);
  result.store = options.store ? options.store : memory_store(*options.clock);
  result.clock = options.clock;
  result.max_running = options.max_running;
  result.bounds.open_per_quota = options.max_open_per_owner;
  result.limits = options.limits;
  result.default_retention = options.retention;
  result.max_retention = options.max_retention;
  result.manual = options.manual;
  return result;
}

}  // namespace

struct task_engine::state {
  explicit state(const task_engine_options& options)
      : manual(options.manual),
        tools(std::make_shared<tasks::tool_list>()),
        engine(std::make_shared<tasks::engine>(to_engine_options(options, tools))) {}

  const bool manual;
  const std::shared_ptr<tasks::tool_list> tools;
  const std::shared_ptr<tasks::engine> engine;
};

task_engine::task_engine(const task_engine_options& options)
    : task_access(std::make_shared<tasks::engine_link>()),
      state_(std::make_unique<state>(options)) {
  link_->open(state_->engine);
}

task_engine::~task_engine() {
  link_->close(*state_->engine);
  state_->engine->stop();
}

void task_engine::add_tool(tool_definition tool) {
  state_->tools->add(std::make_shared<const tool_definition>(std::move(tool)));
}

void task_engine::start() { state_->engine->start(); }

std::size_t task_engine::remove_expired() {
  const std::size_t removed = tasks::sync(state_->engine->remove_expired());
  if (state_->manual) state_->engine->tick();
  return removed;
}

}  // namespace longhaul
