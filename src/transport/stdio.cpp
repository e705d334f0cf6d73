// SPDX-License-Identifier: Apache-2.0
#include "transport/stdio.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <deque>
#include <exception>
#include <thread>
#include <utility>

#include "base/mutex.hpp"
#include "base/wake_event.hpp"
#include "transport/line_reader.hpp"

namespace longhaul::transport {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds no_time{0};

constexpr std::string_view too_long =
    R"({"jsonrpc":"2.0","error":{"code":-32600,"message":"this line is too long for a message"}})";

// False: `wake` was set, or nobody reads `output` any more, which shows although nothing is
// written.
bool wait_for_input(int input, int output, const wake_event& wake) {
  std::array<pollfd, 3> fds = {pollfd{input, POLLIN, 0}, pollfd{wake.fd(), POLLIN, 0},
                               pollfd{output, 0, 0}};
  while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
  if (fds[1].revents != 0) return false;
  return fds[0].revents != 0 || (fds[2].revents & (POLLERR | POLLHUP)) == 0;
}

}  // namespace

struct stdio_server::state final : wire::outlet, std::enable_shared_from_this<state> {
  explicit state(stdio_options o) : options(std::move(o)) {}

  // --- outlet: any thread
  bool send(std::string message) override { return queue(std::move(message), false); }
  void send_reply(std::string message) override { queue(std::move(message), true); }
  bool crowded() const override;
  void expect_wait() override {}                   // a pipe has no reply to keep alive
  void on_gone(std::function<void()>) override {}  // who leaves a pipe ends it

  bool queue(std::string message, bool must);
  void read();
  bool admit(std::size_t line);
  bool is_full() const LONGHAUL_REQUIRES(mutex) {
    return in_flight >= options.max_in_flight || in_flight_bytes > 2 * options.max_in_flight_bytes;
  }
  bool is_stopping() const {
    const guard lock(mutex);
    return stopping || broken;
  }
  void take_line(std::string line);
  void write();
  bool wait_for_output();
  bool write_batch(std::string_view rest);
  void break_off();
  template <class Step>
  void attempt(Step step) const;
  void end_of_input();
  void leave_all();
  void end_writing();
  void stop_now();

  const stdio_options options;
  std::unique_ptr<wire::pipe_endpoint> endpoint;
  asio::io_context context{1};
  wake_event stop_reading, stop_writing;
  bool ended = false, over = false;  // the context's thread only
  std::size_t exchanges = 0;         // the context's thread only
  std::unique_ptr<asio::steady_timer> timer;
  std::unique_ptr<asio::executor_work_guard<asio::io_context::executor_type>> work;

  mutable guarded_mutex mutex;
  condition room, output;
  std::size_t in_flight LONGHAUL_GUARDED_BY(mutex) = 0;
  std::size_t in_flight_bytes LONGHAUL_GUARDED_BY(mutex) = 0;
  std::size_t buffered LONGHAUL_GUARDED_BY(mutex) = 0;
  std::size_t overrun LONGHAUL_GUARDED_BY(mutex) = 0;
  std::deque<std::string> lines LONGHAUL_GUARDED_BY(mutex);
  bool stopping LONGHAUL_GUARDED_BY(mutex) = false;
  bool closing LONGHAUL_GUARDED_BY(mutex) = false;
  bool broken LONGHAUL_GUARDED_BY(mutex) = false;
  bool read_over LONGHAUL_GUARDED_BY(mutex) = false;
};

bool stdio_server::state::queue(std::string message, bool must) {
  const guard lock(mutex);
  if (broken || closing) return false;
  if (!must && buffered + message.size() > options.max_buffered) return false;
  message.push_back('\n');
  buffered += message.size();
  lines.push_back(std::move(message));
  output.notify_one();
  return true;
}

bool stdio_server::state::crowded() const {
  const guard lock(mutex);
  return buffered > options.max_buffered || in_flight_bytes > options.max_in_flight_bytes;
}

// The reader's thread. False: nothing more is taken.
bool stdio_server::state::admit(std::size_t line) {
  guard lock(mutex);
  if (buffered > options.max_buffered) {
    overrun += line + tunables::pipe_answer;
    if (overrun > options.max_overrun && !broken) {
      options.log.warning("pipe.overrun", "the host sends more and more and reads nothing: ending");
      broken = true;
    }
  } else {
    overrun = 0;
  }
  while (!stopping && !broken && !read_over && is_full()) room.wait(lock);
  if (stopping || broken || read_over) return false;
  ++in_flight;
  in_flight_bytes += line;
  return true;
}

void stdio_server::state::read() {
  line_reader cut(options.max_message);
  bool admitted = true;
  const auto on_line = [&](std::string line) {
    admitted = admitted && admit(line.size());
    if (!admitted) return;
    asio::post(context, [self = shared_from_this(), text = std::move(line)]() mutable {
      self->take_line(std::move(text));
    });
  };
  const auto on_too_long = [&] {
    std::string refusal = endpoint->refuse_long(cut.beginning());
    send_reply(refusal.empty() ? std::string(too_long) : std::move(refusal));
  };
  std::string buffer(tunables::pipe_chunk, '\0');
  while (admitted && wait_for_input(options.input, options.output, stop_reading)) {
    const ssize_t got = ::read(options.input, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    cut.put(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)), on_line,
            on_too_long);
  }
  cut.end(on_line);
  asio::post(context, [self = shared_from_this()] { self->end_of_input(); });
}

void stdio_server::state::take_line(std::string line) {
  ++exchanges;
  const std::size_t size = line.size();
  asio::co_spawn(context, endpoint->handle(std::move(line)),
                 [self = shared_from_this(), size](const std::exception_ptr&) {
                   {
                     const guard lock(self->mutex);
                     --self->in_flight;
                     self->in_flight_bytes -= size;
                     self->room.notify_all();
                   }
                   if (--self->exchanges == 0 && self->ended) self->end_writing();
                 });
}

// The writer's thread.
void stdio_server::state::write() {
  block_broken_pipe();
  std::string batch;
  while (true) {
    {
      guard lock(mutex);
      while (!closing && lines.empty()) output.wait(lock);
      if (lines.empty()) return;
      batch.clear();
      for (const std::string& line : lines) batch += line;
      lines.clear();
    }
    if (!write_batch(batch)) return break_off();
  }
}

// While the pipe goes on its reader may take its time; once it ends, something must be taken soon.
bool stdio_server::state::wait_for_output() {
  const auto ready = wait_for(options.output, POLLOUT, stop_writing);
  if (ready != readiness::woken) return ready == readiness::ready;
  const bool hurried = is_stopping();
  const std::chrono::milliseconds hurry = tunables::pipe_hurry_time;
  return wait_for(options.output, POLLOUT,
                  hurried ? std::min(hurry, options.grace) : options.grace) == readiness::ready;
}

bool stdio_server::state::write_batch(std::string_view rest) {
  while (!rest.empty()) {
    if (!wait_for_output()) return false;
    const ssize_t put = ::write(options.output, rest.data(), std::min(rest.size(), pipe_piece));
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (put < 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(put));
    const guard lock(mutex);
    buffered -= static_cast<std::size_t>(put);
  }
  return true;
}

// Nobody reads any more. The writer's thread.
void stdio_server::state::break_off() {
  {
    const guard lock(mutex);
    broken = true;
    lines.clear();
    room.notify_all();
  }
  stop_reading.set();
  asio::post(context, [self = shared_from_this()] { self->leave_all(); });
}

// A step towards the end: what throws does not put that off.
template <class Step>
void stdio_server::state::attempt(Step step) const {
  try {
    step();
  } catch (const std::exception& e) {
    options.log.error("callback.failed", e.what());
  }
}

void stdio_server::state::end_of_input() {
  if (std::exchange(ended, true)) return;
  timer = std::make_unique<asio::steady_timer>(context);
  attempt([this] {
    if (options.on_end) options.on_end();
  });
  attempt([this] { endpoint->shut_down(); });
  if (is_stopping()) return leave_all();
  attempt([this] { endpoint->leave(options.answer_time); });
  if (exchanges == 0) return end_writing();
  timer->expires_after(options.answer_time);
  timer->async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->leave_all();
  });
}

// The context's thread. Before the end of input it is for that to do.
void stdio_server::state::leave_all() {
  if (!ended || over) return;
  attempt([this] { endpoint->leave(no_time); });
  if (exchanges == 0) return end_writing();
  timer->expires_after(options.grace);
  timer->async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->end_writing();
  });
}

// All replies are queued: let the writer finish, then end `run`.
void stdio_server::state::end_writing() {
  over = true;
  if (timer) timer->cancel();
  {
    const guard lock(mutex);
    closing = true;
    output.notify_all();
  }
  stop_writing.set();
  work.reset();
  context.stop();
}

// Any thread.
void stdio_server::state::stop_now() {
  {
    const guard lock(mutex);
    stopping = true;
    room.notify_all();
  }
  stop_reading.set();
  asio::post(context, [self = shared_from_this()] { self->leave_all(); });
}

stdio_server::stdio_server(stdio_options options, const factory& make_endpoint)
    : state_(std::make_shared<state>(std::move(options))) {
  state_->endpoint = make_endpoint(state_);
}

stdio_server::~stdio_server() {
  let_go();
  // Exchanges that outlived the grace hold the state; what they hold must go before the context.
  state_->endpoint.reset();
}

// What is still in the context's queue holds the state, which holds the context.
void stdio_server::let_go() {
  state_->context.restart();
  state_->context.poll();
}

void stdio_server::run() {
  state& s = *state_;
  s.work = std::make_unique<asio::executor_work_guard<asio::io_context::executor_type>>(
      s.context.get_executor());
  std::thread reader([self = state_] { self->read(); });
  std::thread writer([self = state_] { self->write(); });
  // What throws (there is no memory, for instance) ends its own message, not the process.
  for (bool over = false; !over;) {
    try {
      s.context.run();
      over = true;
    } catch (const std::exception& e) {
      s.options.log.error("callback.failed", e.what());
    }
  }
  s.stop_reading.set();
  {
    const guard lock(s.mutex);
    s.read_over = true;
    s.room.notify_all();
  }
  reader.join();
  writer.join();
  {
    const guard lock(s.mutex);
    s.broken = true;
  }
  let_go();
}

void stdio_server::stop() { state_->stop_now(); }

}  // namespace longhaul::transport
