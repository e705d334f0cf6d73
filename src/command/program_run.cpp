// SPDX-License-Identifier: Apache-2.0
#include "command/program_run.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "command/output_file.hpp"
#include "command/output_folder.hpp"
#include "command/process.hpp"
#include "command/program_channel.hpp"
#include "command/task_mark.hpp"
#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// A coroutine beside the handler's own, ended before the handler returns.
class companion {
 public:
  explicit companion(const asio::any_io_executor& executor) : ended_(executor) {
    ended_.expires_at(asio::steady_timer::time_point::max());
  }

  void start(asio::awaitable<void> work) {
    running_ = true;
    asio::co_spawn(ended_.get_executor(), std::move(work),
                   asio::bind_cancellation_slot(stop_.slot(), [this](const std::exception_ptr&) {
                     running_ = false;  // what it threw, the handler finds out by itself
                     ended_.cancel();
                   }));
  }

  asio::awaitable<void> end() {
    if (running_) stop_.emit(asio::cancellation_type::terminal);
    while (running_) {
      boost::system::error_code ignored;
      co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

 private:
  asio::cancellation_signal stop_;
  asio::steady_timer ended_;
  bool running_ = false;
};

// As long as it lives, a program prints.
class printing {
 public:
  printing(serving::output_listener* listener, std::string task)
      : listener_(listener), task_(std::move(task)) {
    if (listener_ != nullptr) listener_->on_begun(task_);
  }
  printing(const printing&) = delete;
  printing& operator=(const printing&) = delete;
  ~printing() {
    if (listener_ != nullptr) listener_->on_ended(task_);
  }

 private:
  serving::output_listener* const listener_;
  const std::string task_;
};

/// One run of a program.
class program_run {
 public:
  program_run(const runnable& program, task_context& task, std::string key)
      : program_(program), task_(task), key_(std::move(key)) {}

  // A server that was killed leaves programs that are still being ended: the next attempt does not
  // run beside them, nor does what may not run beside them.
  asio::awaitable<void> wait_for_former_programs() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    output_folder& output = *program_.host->output;
    while (output.in_use(task_.id()) || (!key_.empty() && output.left_running(key_))) {
      task_.throw_if_cancelled();
      task_.alive();
      timer.expires_after(tunables::look_at_output_every);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  asio::awaitable<program_outcome> run(parameter_values values) {
    co_await wait_for_former_programs();
    // From here on a stop is told to the program, and its end is awaited.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    std::optional<process> child;
    std::string failure;
    try {
      folder_ = program_.host->output->prepare(task_.id(), key_);
      printing_.emplace(program_.host->listener, task_.id());
      child.emplace(options_for(values));
    } catch (const fs::filesystem_error& e) {  // whose text holds the server's own paths
      failure = "its output cannot be kept: " + e.code().message();
      tell_detail(e.what());
    } catch (const std::system_error& e) {
      failure = e.what();
    } catch (const std::invalid_argument& e) {
      failure = e.what();
    }
    if (!child) {
      program_end none = program_end::not_started(failure);
      program_.host->meters->ended(none, 0, 0);
      co_return outcome_of(std::move(none));
    }

    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    program_channel channel(task_, executor, descriptor(child->release_channel()));
    companion talking(executor), looking(executor);
    talking.start(channel.run());
    if (watches() || program_.stall_limit) looking.start(look_again_and_again());
    exit_status status;
    std::exception_ptr broken;
    try {
      const std::stop_token stop = task_.stop_token(), leaving = program_.host->leaving;
      const auto heed = [&] {
        if (!stop.stop_requested()) return;
        leaving.stop_requested() && may_be_left() ? child->leave() : child->stop();
      };
      const std::stop_callback on_stop(stop, heed);
      const std::stop_callback on_leaving(leaving, heed);
      status = co_await child->wait();
    } catch (...) {
      broken = std::current_exception();
    }
    // Both use what is ours: they end before anything else happens.
    co_await talking.end();
    co_await looking.end();
    if (broken) std::rethrow_exception(broken);
    program_end ended = end_of(status);
    program_.host->meters->ended(ended, printed_to(stream::out), printed_to(stream::err));
    task_.throw_if_cancelled();
    channel.drain();
    look(true);
    if (!status.detail.empty()) tell_detail(status.detail);
    co_return outcome_of(std::move(ended), status.output_error);
  }

 private:
  bool may_be_left() const { return key_.empty() || !program_.host->keys_are_shared; }

  process_options options_for(const parameter_values& values) const {
    const program_spec& spec = program_.spec;
    process_options options;
    options.helper = program_.host->helper;
    options.folder = folder_.string();
    options.program = spec.program;
    options.argv = program_.arguments.expand(values);
    options.environment = environment();
    options.mark = task_mark(task_.id());
    options.directory = spec.directory;
    options.stdin_file = write_stdin(values);
    options.output_limit = spec.output_limit;
    options.stop_grace = spec.stop_grace;
    options.channel = true;
    return options;
  }

  void tell_detail(std::string_view detail) const {
    program_.host->log.warning("program.trouble", detail,
                               {task_field(task_.id()), {"tool", program_.called}});
  }

  std::vector<std::string> environment() const {
    std::vector<std::string> result;
    for (const std::string& name : program_.spec.pass_environment) {
      const auto is_it = [&](const std::string& entry) {
        return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
      };
      const auto& all = program_.host->environment;
      const auto found = std::find_if(all.begin(), all.end(), is_it);
      const auto is_set = [&](const auto& own) { return own.first == name; };
      const auto& own = program_.spec.environment;
      if (found != all.end() && std::none_of(own.begin(), own.end(), is_set)) {
        result.push_back(*found);
      }
    }
    for (const auto& [name, value] : program_.spec.environment) {
      result.emplace_back(name).append("=").append(value);
    }
    result.push_back(task_mark(task_.id()));
    result.push_back("LONGHAUL_ATTEMPT=" + std::to_string(task_.attempt()));
    append_trace(result);
    return result;
  }

  // As OpenTelemetry has it for processes. What the file sets goes first.
  void append_trace(std::vector<std::string>& variables) const {
    const trace_context trace = task_.trace();
    const auto add = [&](std::string_view name, const std::string& value) {
      const auto is_set = [&](const std::string& one) { return one.starts_with(name); };
      if (value.empty() || std::ranges::any_of(variables, is_set)) return;
      variables.push_back(std::string(name).append(value));
    };
    add("TRACEPARENT=", trace.traceparent);
    add("TRACESTATE=", trace.tracestate);
    add("BAGGAGE=", trace.baggage);
  }

  // Empty: nothing is written, and the program gets /dev/null.
  std::string write_stdin(const parameter_values& values) const {
    const auto& parameters = program_.spec.parameters;
    const auto is_it = [&](const parameter& p) { return p.name == program_.spec.stdin_parameter; };
    const auto found = std::find_if(parameters.begin(), parameters.end(), is_it);
    if (found == parameters.end()) return {};
    const auto& value = values[static_cast<std::size_t>(found - parameters.begin())];
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return {};
    const std::string path = (folder_ / "stdin").string();
    const descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    std::string_view left = *text;
    while (file && !left.empty()) {
      const ssize_t wrote = ::write(file.get(), left.data(), left.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) break;
      left.remove_prefix(static_cast<std::size_t>(wrote));
    }
    if (!file || !left.empty()) {
      throw std::system_error(errno, std::generic_category(), "standard input cannot be written");
    }
    return path;
  }

  asio::awaitable<void> look_again_and_again() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (true) {
      timer.expires_after(pause());
      co_await timer.async_wait(asio::use_awaitable);
      if (program_.stall_limit) look_for_life();
      look(false);
    }
  }

  bool watches() const {
    return program_.patterns.watches(stream::out) || program_.patterns.watches(stream::err);
  }

  // Between two looks.
  std::chrono::milliseconds pause() const {
    constexpr std::chrono::milliseconds least = tunables::look_at_output_every;
    if (watches() || !program_.stall_limit) return least;
    return std::clamp(*program_.stall_limit / tunables::looks_for_life, least,
                      tunables::look_for_life_every);
  }

  void look_for_life() {
    std::uint64_t total = 0;
    try {
      for (const stream from : {stream::out, stream::err}) {
        if (const auto reader = reader_of(from)) total += reader->total();
      }
    } catch (const std::runtime_error&) {
      return;  // shown by the result, which reads it too
    }
    if (std::exchange(printed_, total) < total) task_.alive();
  }

  /// Looks for progress in what was printed since the last look.
  void look(bool last) {
    for (const stream from : {stream::out, stream::err}) {
      if (!program_.patterns.watches(from)) continue;
      const auto found = [this](const progress_found& progress) { tell(progress); };
      if (const auto part = read_new(from)) progress_.feed(from, *part, found);
      if (last) progress_.finish(from, found);
    }
  }

  void tell(const progress_found& progress) {
    if (progress.done) {
      task_.progress(*progress.done, progress.total, progress.message);
    } else if (!progress.message.empty()) {
      task_.status(progress.message);
    }
  }

  std::optional<std::string> read_new(stream from) {
    std::uint64_t& seen = seen_[from == stream::out ? 0 : 1];
    try {
      const auto reader = reader_of(from);
      if (!reader) return std::nullopt;
      const std::uint64_t total = reader->extent().end;
      if (total <= seen) return std::nullopt;
      const std::uint64_t begin =
          std::max(seen, total - std::min<std::uint64_t>(total, tunables::look_at_most));
      output_bytes part = reader->read(begin, tunables::look_at_most);
      if (part.offset > seen) progress_.skip(from);
      seen = part.offset + part.bytes.size();
      return std::move(part.bytes);
    } catch (const std::runtime_error&) {
      return std::nullopt;  // shown by the result, which reads it too
    }
  }

  std::optional<output_reader> reader_of(stream from) const {
    const fs::path file = folder_ / (from == stream::out ? "stdout" : "stderr");
    std::error_code error;
    if (!fs::exists(file, error)) return std::nullopt;
    return output_reader(file.string());
  }

  // Bytes, as far as that is known.
  std::uint64_t printed_to(stream to) const {
    try {
      const auto reader = reader_of(to);
      return reader ? reader->total() : 0;
    } catch (const std::runtime_error&) {
      return 0;  // shown by the result, which reads it too
    }
  }

  captured_output captured(stream from, const std::string& lost) const {
    captured_output result;
    try {
      const auto reader = reader_of(from);
      if (!reader) return result;
      // A line or a character cut at the front is the result's business.
      output_bytes tail = reader->tail(program_.spec.result_limit + 1);
      result.end = tail.offset + tail.bytes.size();
      result.bytes = std::move(tail.bytes);
      result.total = tail.extent.total;
      if (result.end < result.total) result.lost = lost.empty() ? "the reason is not known" : lost;
    } catch (const std::runtime_error&) {  // the program may have written in its own folder
      result.unreadable = true;
    }
    return result;
  }

  program_outcome outcome_of(program_end ended, const std::string& lost = {}) const {
    return {std::move(ended), captured(stream::out, lost), captured(stream::err, lost), lost};
  }

  static program_end end_of(const exit_status& status) {
    if (status.code) return program_end::exited(*status.code);
    if (status.signal) return program_end::killed(*status.signal);
    if (!status.lost.empty()) return program_end::lost(status.lost);
    return program_end::not_started(status.error);
  }

  const runnable& program_;
  task_context& task_;
  const std::string key_;
  fs::path folder_;
  std::optional<printing> printing_;
  line_progress progress_{program_.patterns};
  std::array<std::uint64_t, 2> seen_{};
  std::uint64_t printed_ = 0;  // when it was last looked for a sign of life
};

}  // namespace

runnable::runnable(program_spec given, std::string name, std::shared_ptr<const program_host> shared,
                   const std::vector<progress_pattern>& progress)
    : spec(std::move(given)),
      called(std::move(name)),
      host(std::move(shared)),
      parameters(spec.parameters, spec.stdin_parameter),
      arguments(spec.command, spec.parameters, spec.stdin_parameter),
      patterns(progress) {
  if (arguments.faults().empty()) return;
  throw std::invalid_argument(called + ": " + arguments.faults().front().message);
}

asio::awaitable<program_outcome> run_program(const runnable& program, task_context& task,
                                             parameter_values values, std::string key) {
  program_run run(program, task, std::move(key));
  co_return co_await run.run(std::move(values));
}

output_removal::~output_removal() {
  if (!host_.leaving.stop_requested()) host_.output->remove({task_});
}

}  // namespace longhaul::command
