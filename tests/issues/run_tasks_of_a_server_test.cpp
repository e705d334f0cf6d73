// SPDX-License-Identifier: Apache-2.0
// A server had no way to finish an external task that it had handed out, short of a second engine
// on its own store; and a tool that was wrong ended `main` with a core. `server::tasks` is the
// server's own engine while it runs, and `run` says what is wrong with tools and returns 2.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "longhaul/run.hpp"
#include "run/process_log.hpp"
#include "run/service.hpp"
#include "server/catalog.hpp"
#include "support/temporary_folder.hpp"
#include "tasks/sync.hpp"

namespace longhaul::test {
namespace {

struct render_args {
  std::string scene;
};
BOOST_DESCRIBE_STRUCT(render_args, (), (scene))

server farm() {
  server result{{.name = "farm"}};
  result.add_tool({.name = "render"}, [](task_context& task, const render_args& args) {
    task.save_checkpoint("job of " + args.scene);
    return external{};
  });
  return result;
}

task_request render(const std::string& scene) {
  task_request request;
  request.tool = "render";
  request.arguments = to_json(render_args{scene});
  return request;
}

// As a server ends: `stop` alone would end the process while a handler is about to return.
void end(service& running) {
  running.engine().drain(std::chrono::seconds(60), std::chrono::seconds(60));
  running.stop();
}

TEST(tasks_of_a_server, are_there_while_it_runs_and_only_then) {
  server farm_server = farm();
  const task_access tasks = farm_server.tasks();
  task_access early = tasks;
  EXPECT_THROW(static_cast<void>(early.external()), not_running);
  bool told = false;
  farm_server.on_start([&] {
    told = true;
    EXPECT_TRUE(early.external().tasks.empty());
  });
  std::future<task_ptr> waits;
  {
    process_log log({}, false);
    service running(farm_server, {.store = memory_store()}, log);
    EXPECT_FALSE(told);
    running.start();
    EXPECT_TRUE(told);
    EXPECT_THROW(farm_server.add_tool({.name = "late"}, [] {}), std::logic_error);
    const task_ptr task = early.submit(render("cat"));
    const auto open = early.external("render").tasks;
    ASSERT_EQ(open.size(), 1u);
    std::thread elsewhere([&] {
      task_access mine = farm_server.tasks();
      EXPECT_EQ(mine.report(task->id(), open.at(0)->origin->token, {1, 2}, "halfway").code,
                change::applied);
      EXPECT_EQ(mine.complete(task->id(), open.at(0)->origin->token, "rendered").code,
                change::applied);
    });
    EXPECT_EQ(early.wait("local", task->id())->status, task_status::completed);
    elsewhere.join();
    const task_ptr second = early.submit(render("dog"));
    waits = std::async(std::launch::async,
                       [&, id = second->id()] { return farm_server.tasks().wait("local", id); });
    end(running);
  }
  EXPECT_THROW(waits.get(), not_running) << "a wait ends with the server";
  EXPECT_THROW(static_cast<void>(early.external()), not_running);
}

TEST(tasks_of_a_server, external_ones_are_found_again_after_a_restart) {
  const temporary_folder folder;
  const std::string file = folder.file("tasks.db");
  std::string id;
  {
    server first = farm();
    process_log log({}, false);
    service running(first, {.store = sqlite_store(file)}, log);
    running.start();
    id = first.tasks().submit(render("cat"))->id();
    const auto saved = [&] { return bool(first.tasks().get("local", id)->checkpoint); };
    std::promise<void> written;
    std::once_flag once;
    const auto watching = first.tasks().watch(id, [&](const task_ptr& task) {
      if (task->checkpoint) std::call_once(once, [&] { written.set_value(); });
    });
    if (!saved()) written.get_future().wait();
    end(running);
  }
  server second = farm();
  std::string job;
  second.on_start([&] {
    for (const task_ptr& task : second.tasks().external("render").tasks) {
      job = from_json<std::string>(task->checkpoint);
      second.tasks().complete(task->id(), task->origin->token, "rendered by " + job);
    }
  });
  process_log log({}, false);
  service running(second, {.store = sqlite_store(file)}, log);
  running.start();
  EXPECT_EQ(job, "job of cat");
  EXPECT_EQ(second.tasks().get("local", id)->status, task_status::completed);
  end(running);
}

int run_with(server& wrong, std::vector<std::string> arguments = {"--store", "memory:"}) {
  arguments.insert(arguments.begin(), "farm");
  std::vector<char*> argv;
  for (std::string& one : arguments) argv.push_back(one.data());
  return run(wrong, static_cast<int>(argv.size()), argv.data());
}

TEST(faults_of_a_server, run_tells_all_of_them_and_returns_2) {
  server wrong{{.name = "farm"}};
  wrong.add_tool({.name = "no good"}, [] {});
  wrong.add_tool({.name = "render", .fields = {field("scne")}}, [](const render_args&) {});
  wrong.add_tool({.name = "twice"}, [] {});
  wrong.add_tool({.name = "twice"}, [] {});
  ASSERT_EQ(wrong.faults().size(), 3u);
  EXPECT_EQ(wrong.faults().at(1),
            R"(tool "render": field: no member "scne"; did you mean "scene"?)");
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_with(wrong), 2);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find(R"(tool "no good": a name has)"), std::string::npos) << said;
  EXPECT_NE(said.find(R"(did you mean "scene"?)"), std::string::npos) << said;
  EXPECT_NE(said.find(R"(tool "twice": there is a tool of this name already)"), std::string::npos)
      << said;
  EXPECT_EQ(wrong.features().entries().size(), 1u);
}

TEST(faults_of_a_server, what_on_start_throws_ends_the_run) {
  server refuses{{.name = "farm"}};
  refuses.on_start([] { throw std::runtime_error("the farm is closed"); });
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_with(refuses), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("the farm is closed"), std::string::npos);
}

}  // namespace
}  // namespace longhaul::test
