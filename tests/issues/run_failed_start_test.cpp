// SPDX-License-Identifier: Apache-2.0
// `on_start` threw while a task of the last run ran again, in a handler that looks at no stop
// token: the error was told, and the process stayed until the handler returned. A failed server
// ends with its exit code, as one that was told to stop ends with 0.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <future>
#include <optional>
#include <stdexcept>
#include <utility>

#include "longhaul/longhaul.hpp"
#include "support/process_census.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

/// `run` in a process of its own, of a server whose tool never returns.
class stubborn_server {
 public:
  stubborn_server(const std::string& file, bool fails) {
    if (::pipe(begun_.data()) != 0) throw std::runtime_error("pipe");
    child_ = ::fork();
    if (child_ == 0) std::_Exit(serve("sqlite:" + file, fails));
    ::close(begun_[1]);
  }
  ~stubborn_server() {
    if (child_ > 0) kill();
    ::close(begun_[0]);
  }
  stubborn_server(const stubborn_server&) = delete;
  stubborn_server& operator=(const stubborn_server&) = delete;

  bool handler_began() const {
    char byte = 0;
    return ::read(begun_[0], &byte, 1) == 1;
  }
  void kill() {
    ::kill(child_, SIGKILL);
    ::waitpid(std::exchange(child_, -1), nullptr, 0);
  }
  /// Its exit code; null: it does not end.
  std::optional<int> end() {
    int status = 0;
    if (!wait_until([&] { return ::waitpid(child_, &status, WNOHANG) == child_; })) return {};
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int serve(std::string store, bool fails) {
    std::promise<void> runs;
    server made{{.name = "stubborn", .log = log_detail::off}};
    tool_options options;
    options.name = "work";
    options.on_crash = on_crash::rerun;
    options.retry_backoff = std::chrono::milliseconds(0);
    made.add_tool(options, [&] {
      [[maybe_unused]] const ssize_t told = ::write(begun_[1], "x", 1);
      runs.set_value();
      while (true) ::pause();
    });
    made.on_start([&] {
      if (!fails) {
        task_request request;
        request.tool = "work";
        made.tasks().submit(request);
        return;
      }
      runs.get_future().wait();
      throw std::runtime_error("the office is closed");
    });
    std::string program = "stubborn", http = "--http", port = "127.0.0.1:0", where = "--store";
    std::array<char*, 6> argv = {program.data(), http.data(),  port.data(),
                                 where.data(),   store.data(), nullptr};
    return run(made, 5, argv.data());
  }

  std::array<int, 2> begun_{};
  pid_t child_ = -1;
};

TEST(failed_start, ends_the_run_although_a_handler_does_not_end) {
  const temporary_folder folder;
  {
    stubborn_server crashes(folder.file("tasks.db"), false);
    ASSERT_TRUE(crashes.handler_began());
    crashes.kill();
  }
  stubborn_server fails(folder.file("tasks.db"), true);
  ASSERT_TRUE(fails.handler_began());
  EXPECT_EQ(fails.end(), 1);
}

}  // namespace
}  // namespace longhaul::test
