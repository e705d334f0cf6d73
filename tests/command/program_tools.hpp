// SPDX-License-Identifier: Apache-2.0
// Programs as tools on a real engine, store and clock, without any wire; afterwards nothing is left
// of them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "command/output_folder.hpp"
#include "command/tool.hpp"
#include "json/view.hpp"
#include "stores/memory_store.hpp"
#include "support/process_census.hpp"
#include "support/temporary_folder.hpp"
#include "tasks/engine.hpp"
#include "tasks/sync.hpp"

namespace longhaul::test {

using namespace std::chrono_literals;
using command::parameter;
using command::template_item;
using command::tool_spec;
namespace fs = std::filesystem;

class program_tools : public testing::Test {
 protected:
  program_tools() {
    output_ = std::make_shared<command::output_folder>(place_ / "output");
    host_ = std::make_shared<command::program_host>(command::program_host{
        LONGHAUL_RUN, output_, {"PATH=/usr/bin:/bin", "HOME=/nowhere", "SECRET=no"}});
  }
  ~program_tools() override {
    if (engine) engine->stop();
    engine.reset();
    EXPECT_TRUE(census_.empty_soon()) << "nothing outlives its task";
  }

  /// A tool that runs `script` with bash; its parameters are $1, $2, …
  tool_spec script(const std::string& text, std::vector<parameter> parameters = {}) {
    tool_spec spec;
    spec.options.name = "tool" + std::to_string(++count_);
    spec.options.description = "a script";
    spec.program = "/bin/bash";
    std::string literal;
    for (const char c : text) literal += c == '{' ? "{{" : c == '}' ? "}}" : std::string(1, c);
    spec.command = {"bash", "-c", literal, "script", "--"};
    for (const parameter& p : parameters) {
      if (p.name != "input") spec.command.emplace_back("{" + p.name + "}");
    }
    spec.parameters = std::move(parameters);
    spec.directory = place_.string();
    spec.stop_grace = 200ms;
    const std::string& mark = census_.variable();
    spec.environment = {{mark.substr(0, mark.find('=')), mark.substr(mark.find('=') + 1)}};
    return spec;
  }
  void add(tool_spec spec) {
    tools_.push_back(std::make_shared<const tool_definition>(
        command::make_program_tool(std::move(spec), host_)));
  }
  void start() {
    tasks::engine_options options;
    options.store =
        std::make_shared<stores::memory_store>(stores::memory_options{}, system_clock());
    options.tick_interval = 10ms;
    options.on_removed = [this](const std::vector<std::string>& ids) { output_->remove(ids); };
    const auto tools = std::make_shared<tasks::tool_list>();
    for (const auto& tool : tools_) tools->add(tool);
    options.tools = tools;
    engine = std::make_unique<tasks::engine>(options);
    engine->start();
  }
  task_ptr begin(const std::string& arguments = "{}", std::size_t tool = 0) {
    tasks::submission what;
    what.owner = "ann";
    what.tool = tools_.at(tool);
    what.meta = meta;
    what.arguments = tools_.at(tool)->accept(raw_json::parse(arguments), {});
    return tasks::sync(engine->submit(what)).task;
  }
  task_ptr now(const task_ptr& task) { return tasks::sync(engine->get("ann", task->id())); }
  task_ptr when(const task_ptr& task, const std::function<bool(const task_record&)>& enough) {
    task_ptr current;
    wait_until([&] { return !(current = now(task)) || enough(*current); });
    return current;
  }
  task_ptr end_of(const task_ptr& task) {
    return when(task, [](const task_record& t) { return t.terminal(); });
  }
  task_ptr run(const std::string& arguments = "{}", std::size_t tool = 0) {
    return end_of(begin(arguments, tool));
  }
  static std::string said(const task_ptr& task) {
    json::elements content(json::value(task->result.body)["content"]);
    return content.next() ? content.value()["text"].string().value_or("") : "";
  }
  void answer(const task_ptr& task, const std::string& key, const std::string& value) {
    const std::vector<stores::response> all = {{key, raw_json::parse(value)}};
    tasks::sync(engine->answer("ann", task->id(), all));
  }

  temporary_folder folder_;
  const fs::path place_ = folder_.path();
  census census_;
  std::shared_ptr<command::output_folder> output_;
  std::shared_ptr<command::program_host> host_;
  std::vector<tasks::tool_ptr> tools_;
  std::unique_ptr<tasks::engine> engine;
  raw_json meta;  // of calls
  int count_ = 0;
};

}  // namespace longhaul::test
