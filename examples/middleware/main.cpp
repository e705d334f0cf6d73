// SPDX-License-Identifier: Apache-2.0
// Middleware: hooks of one's own around every call, which measure it and stamp its result, behind
// two that come with the library: a bound for how often callers call, and an audit log.
//   longhaul-middleware --stdio
//   longhaul-middleware --http 127.0.0.1:8080
#include <algorithm>
#include <atomic>
#include <boost/describe.hpp>
#include <cstdint>
#include <longhaul/longhaul.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

struct usage {
  int calls = 0;
  int failed = 0;  ///< with an error, or refused
  std::int64_t longest_ms = 0;
};
BOOST_DESCRIBE_STRUCT(usage, (), (calls, failed, longest_ms))

// Hooks are called on many threads at once, so what they keep is guarded.
class meter : public longhaul::middleware {
 public:
  // A call came, and may be refused by throwing. What is set here is kept with the call: the
  // handler reads it, and in a task it is still there after a crash.
  void on_call(longhaul::arriving_call& call) override {
    const std::uint64_t number = ++numbers_;
    call.set_meta(number_key, longhaul::to_json(number));
    if (const longhaul::raw_json given = call.meta("com.example/dry-run");
        given && given.view() == "true") {
      throw longhaul::tool_error("a dry run: nothing was done");
    }
  }

  // The handler has returned, or thrown; nobody has been told yet.
  void on_result(const longhaul::answered_call& call, longhaul::outcome& result) override {
    const auto kept = longhaul::from_json<std::map<std::string, longhaul::raw_json>>(
        longhaul::or_empty_object(call.context.request_meta()));
    if (const auto number = kept.find(number_key); number != kept.end()) {
      longhaul::set_result_meta(result, number_key, number->second);
    }
  }

  // A call is over, however it ended.
  void on_end(const longhaul::ended_call& call) override {
    const std::lock_guard lock(mutex_);
    usage& one = by_name_[std::string(call.name)];
    ++one.calls;
    if (call.end != longhaul::call_end::completed) ++one.failed;
    one.longest_ms = std::max(one.longest_ms, std::int64_t{call.took.count()});
  }

  std::map<std::string, usage> all() const {
    const std::lock_guard lock(mutex_);
    return by_name_;
  }

 private:
  static constexpr const char* number_key = "com.example/call-number";

  std::atomic<std::uint64_t> numbers_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, usage> by_name_;
};

struct work_args {
  int ms = 10;
};
BOOST_DESCRIBE_STRUCT(work_args, (), (ms))

int main(int argc, char** argv) {
  // The audit log is written at level `notice`, which is seen with `info`.
  longhaul::server server{
      {.name = "measured", .version = "0.1.0", .log = longhaul::log_detail::info}};
  const auto measured = std::make_shared<meter>();

  // In this order: what the second refuses, the first has written down; the third never sees it.
  server.use(longhaul::audit_log({.arguments = true}));
  server.use(longhaul::limit_rates({.calls_per_caller = longhaul::rate{100, 1min},
                                    .tools = {{"expensive", {.count = 2, .per = 1h}}}}));
  server.use(measured);

  server.add_tool({.name = "work",
                   .description = "Takes as long as it is told to",
                   .fields = {longhaul::field(&work_args::ms, "Milliseconds").range(0, 60'000)}},
                  [](longhaul::task_context& task, const work_args& args) {
                    task.sleep_for(std::chrono::milliseconds(args.ms));
                    return "done";
                  });
  server.add_tool({.name = "expensive",
                   .description = "May be called twice an hour, by all callers together",
                   .policy = longhaul::task_policy::never},
                  [] { return "worth it"; });
  server.add_tool({.name = "usage",
                   .description = "What was called so far, and how that went",
                   .policy = longhaul::task_policy::never},
                  [measured] { return measured->all(); });
  return longhaul::run(server, argc, argv);
}
