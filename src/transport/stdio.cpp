// SPDX-License-Identifier: Apache-2.0
#include "transport/stdio.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "transport/line_reader.hpp"

namespace longhaul::transport {
namespace {

namespace asio = boost::asio;

// What POSIX promises to take in one piece once poll says a pipe is writable: such a write never
// blocks, without changing the descriptor's flags, which others may share.
constexpr std::size_t piece = 4096;
constexpr std::size_t read_size = 64 << 10;

constexpr std::string_view too_long =
    R"({"jsonrpc":"2.0","error":{"code":-32600,"message":"this line is too long for a message"}})";

// Wakes a thread that polls.
class wake_event {
 public:
  wake_event() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~wake_event() { ::close(fd_); }
  wake_event(const wake_event&) = delete;
  wake_event& operator=(const wake_event&) = delete;
  void set() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
  }
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

// True if `fd` is ready, false if `wake` was set.
bool wait_for(int fd, short events, const wake_event& wake) {
  std::array<pollfd, 2> fds = {pollfd{fd, events, 0}, pollfd{wake.fd(), POLLIN, 0}};
  while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
  return fds[1].revents == 0;
}

}  // namespace

struct stdio_server::state final : wire::outlet, std::enable_shared_from_this<state> {
  explicit state(stdio_options o) : options(std::move(o)) {}

  // --- outlet: any thread
  bool send(std::string message) override { return queue(std::move(message), false); }
  void send_reply(std::string message) override { queue(std::move(message), true); }
  void expect_wait() override {}                   // a pipe has no reply to keep alive
  void on_gone(std::function<void()>) override {}  // who leaves a pipe ends it

  bool queue(std::string message, bool must);
  void read();
  void write();
  void take_line(std::string line);
  void end_of_input();
  void end_writing();

  const stdio_options options;
  std::unique_ptr<wire::pipe_endpoint> endpoint;
  asio::io_context context{1};
  wake_event stop_reading, stop_writing;
  bool ended = false;         // the context's thread only
  std::size_t exchanges = 0;  // the context's thread only
  std::unique_ptr<asio::steady_timer> grace;
  std::unique_ptr<asio::executor_work_guard<asio::io_context::executor_type>> work;

  std::mutex mutex;  // beneath it:
  std::condition_variable room, output;
  std::size_t in_flight = 0, buffered = 0;
  std::deque<std::string> lines;
  bool stopping = false, closing = false, broken = false;
};

bool stdio_server::state::queue(std::string message, bool must) {
  const std::lock_guard lock(mutex);
  if (broken || closing) return false;
  if (!must && buffered + message.size() > options.max_buffered) return false;
  message.push_back('\n');
  buffered += message.size();
  lines.push_back(std::move(message));
  output.notify_one();
  return true;
}

// The reader's thread.
void stdio_server::state::read() {
  line_reader cut(options.max_message);
  const auto on_line = [this](std::string line) {
    {
      std::unique_lock lock(mutex);
      room.wait(lock, [&] {
        return stopping || broken ||
               (in_flight < options.max_in_flight && buffered < options.max_buffered);
      });
      if (stopping || broken) return;
      ++in_flight;
    }
    asio::post(context, [self = shared_from_this(), text = std::move(line)]() mutable {
      self->take_line(std::move(text));
    });
  };
  std::string buffer(read_size, '\0');
  while (wait_for(options.input, POLLIN, stop_reading)) {
    const ssize_t got = ::read(options.input, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    cut.put(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)), on_line,
            [this] { send_reply(std::string(too_long)); });
  }
  cut.end(on_line);
  asio::post(context, [self = shared_from_this()] { self->end_of_input(); });
}

// The writer's thread.
void stdio_server::state::write() {
  // A reader that has gone is an error of `write` here, not the end of the process.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  std::string batch;
  while (true) {
    {
      std::unique_lock lock(mutex);
      output.wait(lock, [&] { return closing || !lines.empty(); });
      if (lines.empty()) return;
      batch.clear();
      for (const std::string& line : lines) batch += line;
      lines.clear();
    }
    std::string_view rest = batch;
    while (!rest.empty()) {
      if (!wait_for(options.output, POLLOUT, stop_writing)) return;
      const ssize_t put = ::write(options.output, rest.data(), std::min(rest.size(), piece));
      if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (put < 0) {  // nobody reads any more
        {
          const std::lock_guard lock(mutex);
          broken = true;
          room.notify_all();
        }
        stop_reading.set();
        return;
      }
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
    const std::lock_guard lock(mutex);
    buffered -= batch.size();
    room.notify_all();
  }
}

void stdio_server::state::take_line(std::string line) {
  ++exchanges;
  asio::co_spawn(context, endpoint->handle(std::move(line)),
                 [self = shared_from_this()](const std::exception_ptr&) {
                   {
                     const std::lock_guard lock(self->mutex);
                     --self->in_flight;
                     self->room.notify_all();
                   }
                   if (--self->exchanges == 0 && self->ended) self->end_writing();
                 });
}

void stdio_server::state::end_of_input() {
  if (std::exchange(ended, true)) return;
  if (options.on_end) options.on_end();
  endpoint->shut_down();
  if (exchanges == 0) return end_writing();
  grace = std::make_unique<asio::steady_timer>(context, options.grace);
  grace->async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->end_writing();
  });
}

// All replies are queued: let the writer finish, then end `run`.
void stdio_server::state::end_writing() {
  if (grace) grace->cancel();
  {
    const std::lock_guard lock(mutex);
    closing = true;
    output.notify_all();
  }
  work.reset();
  context.stop();
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
  s.context.run();
  stop();
  reader.join();
  // The writer has what is left of the grace to hand the last replies over.
  std::thread hurry([self = state_] {
    std::unique_lock lock(self->mutex);
    self->room.wait_for(lock, self->options.grace,
                        [&] { return self->broken || self->buffered == 0; });
    self->stop_writing.set();
  });
  writer.join();
  {
    const std::lock_guard lock(s.mutex);
    s.broken = true;  // ends `hurry` at once
    s.room.notify_all();
  }
  hurry.join();
  let_go();
}

void stdio_server::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->room.notify_all();
  }
  state_->stop_reading.set();
}

}  // namespace longhaul::transport
