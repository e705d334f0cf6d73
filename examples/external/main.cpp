// SPDX-License-Identifier: Apache-2.0
// A server whose work is done elsewhere: the tool hands a job to a render farm, here a thread, and
// the farm reports on it and finishes it. Stop the server while jobs wait and start it again: they
// are taken up where they were, because the tasks are in the store and each knows its job.
//   longhaul-external --http 127.0.0.1:8080
#include <condition_variable>
#include <deque>
#include <iostream>
#include <longhaul/longhaul.hpp>
#include <mutex>
#include <stop_token>
#include <thread>

using namespace std::chrono_literals;

struct render_args {
  std::string scene;
  int frames = 24;
};
BOOST_DESCRIBE_STRUCT(render_args, (), (scene, frames))

struct video {
  std::string scene;
  int frames = 0;
};
BOOST_DESCRIBE_STRUCT(video, (), (scene, frames))

// What the farm needs to tell of a job: where it belongs, and the word that proves it.
struct job {
  std::string task;
  std::string token;
  render_args what;
};

// Any queue, cluster or person in the world; it works on one job after the other.
class render_farm {
 public:
  explicit render_farm(longhaul::task_access tasks) : tasks_(std::move(tasks)) {}

  void take(job one) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(one));
    news_.notify_one();
  }

 private:
  void work(const std::stop_token& over) {
    while (true) {
      std::unique_lock lock(mutex_);
      if (!news_.wait(lock, over, [&] { return !jobs_.empty(); })) return;
      const job next = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      try {
        render(next, over);
      } catch (const longhaul::not_running&) {
        return;  // the next process takes the job up
      } catch (const std::exception& e) {
        std::cerr << "task " << next.task << ": " << e.what() << '\n';
      }
    }
  }

  void render(const job& one, const std::stop_token& over) {
    for (int frame = 1; frame <= one.what.frames; ++frame) {
      std::unique_lock lock(mutex_);
      news_.wait_for(lock, over, 500ms, [] { return false; });  // … one frame …
      lock.unlock();
      if (over.stop_requested()) return;
      const auto said = tasks_.report(
          one.task, one.token, {static_cast<double>(frame), static_cast<double>(one.what.frames)});
      if (said.code == longhaul::change::already_terminal) return;  // cancelled meanwhile
    }
    tasks_.complete(one.task, one.token, video{one.what.scene, one.what.frames});
  }

  longhaul::task_access tasks_;
  std::mutex mutex_;
  std::condition_variable_any news_;
  std::deque<job> jobs_;
  std::jthread worker_{[this](const std::stop_token& over) { work(over); }};
};

int main(int argc, char** argv) {
  longhaul::server server{{.name = "render-farm", .version = "1.0"}};
  render_farm farm(server.tasks());
  server.add_tool({.name = "render",
                   .description = "Render a scene to a video; takes half a second a frame",
                   .fields = {longhaul::field(&render_args::frames, "Frames").range(1, 10'000)},
                   .output_schema = longhaul::output_schema_of<video>()},
                  [&farm](longhaul::task_context& task, const render_args& args) {
                    farm.take({task.id(), task.completion_token(), args});
                    return longhaul::external{};
                  });
  server.on_start([&] {
    longhaul::task_access tasks = server.tasks();
    std::string cursor;
    do {
      const auto page = tasks.external("render", cursor);
      for (const longhaul::task_ptr& task : page.tasks) {
        const auto args = longhaul::from_json<render_args>(task->origin->arguments);
        farm.take({task->id(), task->origin->token, args});
      }
      cursor = page.next_cursor.value_or("");
    } while (!cursor.empty());
  });
  return longhaul::run(server, argc, argv);
}
