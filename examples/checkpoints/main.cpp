// SPDX-License-Identifier: Apache-2.0
// Work that survives a crash: the tool saves how far it came, and a task whose process died is run
// again from there. Try it: begin a task, kill the server with SIGKILL, start it again, and ask for
// the task.
//   longhaul-checkpoints --http 127.0.0.1:8080 --store sqlite:/tmp/checkpoints.db
#include <boost/describe.hpp>
#include <chrono>
#include <cstdint>
#include <longhaul/longhaul.hpp>
#include <string>

using namespace std::chrono_literals;

struct sum_args {
  int count = 60;
  int step_ms = 1000;
};
BOOST_DESCRIBE_STRUCT(sum_args, (), (count, step_ms))

// What a re-run needs to go on. Small, because it is written again and again.
struct saved_state {
  int done = 0;
  std::int64_t sum = 0;
};
BOOST_DESCRIBE_STRUCT(saved_state, (), (done, sum))

struct squares {
  std::int64_t sum = 0;
  int attempt = 0;     ///< 1: nothing happened on the way
  int began_at = 0;    ///< where this attempt went on
  int steps_here = 0;  ///< what it had to do itself
};
BOOST_DESCRIBE_STRUCT(squares, (), (sum, attempt, began_at, steps_here))

squares sum_squares(longhaul::task_context& task, const sum_args& args) {
  auto state = task.checkpoint<saved_state>().value_or(saved_state());
  squares result{.attempt = static_cast<int>(task.attempt()), .began_at = state.done};
  while (state.done < args.count) {
    task.sleep_for(std::chrono::milliseconds(args.step_ms));  // … the hard part …
    ++state.done;
    ++result.steps_here;
    state.sum += std::int64_t{state.done} * state.done;
    // The state travels to the store with the next report. A crash in between costs the steps since
    // the last one that was written, so a step must be something that may be done twice.
    task.save_checkpoint(state);
    task.progress(state.done, args.count, "added " + std::to_string(state.done) + " squared");
  }
  result.sum = state.sum;
  return result;
}

int main(int argc, char** argv) {
  longhaul::server server{{.name = "checkpoints", .version = "0.1.0"}};
  server.add_tool(
      {.name = "sum_squares",
       .description = "Adds up the squares from 1 to a number, slowly; goes on after a crash.",
       .on_crash = longhaul::on_crash::rerun,  // otherwise such a task ends as failed
       .max_attempts = 5,
       .retry_backoff = 100ms,
       .fields = {longhaul::field(&sum_args::count, "How many squares").range(1, 100'000),
                  longhaul::field(&sum_args::step_ms, "Milliseconds a square").range(0, 60'000)}},
      sum_squares);
  return longhaul::run(server, argc, argv);
}
