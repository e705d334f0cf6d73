// SPDX-License-Identifier: Apache-2.0
#include "client/pipe_link.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <utility>

#include "client/back_off.hpp"
#include "client/tunables.hpp"
#include "json/view.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
using kind = client_error::kind;
using boost::system::error_code;

// Who waits for a reply.
struct pipe_link::waiting {
  explicit waiting(asio::io_context& context)
      : timer(context, asio::steady_timer::time_point::max()) {}
  asio::steady_timer timer;
  std::optional<raw_json> answer = std::nullopt;
  std::optional<client_error> failed = std::nullopt;
};

// One life of the program.
struct pipe_link::running {
  running(asio::io_context& context, const server_place& place, bool own_stderr)
      : program(place, own_stderr),
        input(context, program.take_input()),
        output(context, program.take_output()),
        error(context),
        ended(context),
        more(context) {
    if (own_stderr) error.assign(program.take_error());
    ended.assign(::dup(program.ended_fd()));
  }

  child program;
  descriptor input, output, error, ended;
  asio::steady_timer more;  // wakes who writes
  std::deque<std::string> lines;
  bool over = false;
};

pipe_link::pipe_link(asio::io_context& context, server_place place, const client_options& options,
                     listener hear)
    : context_(context), place_(std::move(place)), options_(options), hear_(std::move(hear)) {}

pipe_link::~pipe_link() = default;

std::string pipe_link::name() const {
  std::string text;
  for (const std::string& word : place_.command) text += (text.empty() ? "" : " ") + word;
  return text;
}

void pipe_link::start() {
  if (closed_) throw client_error(kind::left, "the client is closed");
  if (now_) return;
  now_ = std::make_shared<running>(context_, place_, options_.on_stderr != nullptr);
  const auto self = shared_from_this();
  const auto one = now_;
  const auto run = [&](auto part) {
    asio::co_spawn(context_, [self, one, part]() { return ((*self).*part)(one); }, asio::detached);
  };
  run(&pipe_link::write_all);
  run(&pipe_link::read_all);
  if (options_.on_stderr) run(&pipe_link::read_errors);
}

void pipe_link::put(const std::string& body) {
  start();
  now_->lines.push_back(body + "\n");
  now_->more.cancel();
}

awaitable<void> pipe_link::write_all(std::shared_ptr<running> to) {
  const auto self = shared_from_this();
  while (!to->over) {
    error_code error;
    if (to->lines.empty()) {
      to->more.expires_at(asio::steady_timer::time_point::max());
      co_await to->more.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    const std::string line = std::move(to->lines.front());
    to->lines.pop_front();
    co_await asio::async_write(to->input, asio::buffer(line),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) break;  // who reads it hears of the end
  }
}

awaitable<void> pipe_link::read_all(std::shared_ptr<running> from) {
  const auto self = shared_from_this();
  std::string rest;
  std::string why;
  std::array<char, tunables::read_size> room;
  while (why.empty()) {
    error_code error;
    const std::size_t came = co_await from->output.async_read_some(
        asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    const std::string_view bytes(room.data(), came);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
      rest += bytes.substr(at, end - at);
      at = end + 1;
      if (end == bytes.size()) break;
      take(std::exchange(rest, {}));
    }
    if (rest.size() > options_.reply_limit) {
      why = name() + " sent a line of more than " + std::to_string(options_.reply_limit) + " bytes";
    }
  }
  if (from->over) co_return;
  const bool broken = !why.empty();
  co_await end(from);
  const std::string how = from->program.collect();
  if (!broken) why = name() + " has ended (" + how + ")";
  stopped(from, why);
}

// A line that is no message is nobody's reply: programs print there by mistake.
void pipe_link::take(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  raw_json message;
  try {
    message = read_message(line, name());
  } catch (const client_error& e) {
    if (options_.on_stderr) options_.on_stderr(e.what());
    return;
  }
  const json::value view(message);
  if (view["method"]) return hear_(std::move(message), {});
  const auto found = open_.find(std::string(view["id"].raw()));
  if (found == open_.end()) return;  // it was given up
  found->second->answer = std::move(message);
  found->second->timer.cancel();
}

awaitable<void> pipe_link::read_errors(std::shared_ptr<running> from) {
  const auto self = shared_from_this();
  std::string rest;
  std::array<char, tunables::error_line> room;
  for (;;) {
    error_code error;
    const std::size_t came = co_await from->error.async_read_some(
        asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
    for (const char c : std::string_view(room.data(), came)) {
      if (c != '\n') rest += c;
      if (c == '\n' || rest.size() >= tunables::error_line) {
        options_.on_stderr(std::exchange(rest, {}));
      }
    }
    if (error) break;
  }
  if (!rest.empty()) options_.on_stderr(rest);
}

// Its output has ended, or we end: the rest of it too.
awaitable<void> pipe_link::end(std::shared_ptr<running> one) {
  const auto self = shared_from_this();
  one->over = true;
  one->more.cancel();
  error_code ignored;
  one->input.close(ignored);
  asio::steady_timer grace(context_);
  bool ended = false;
  for (const int number : {0, SIGTERM, SIGKILL}) {
    if (number != 0) one->program.signal(number);
    if (number == SIGKILL) break;
    interruption over;
    error_code error;
    one->ended.async_wait(descriptor::wait_read, [&ended, &over](error_code failed) {
      if (failed) return;
      ended = true;
      over.fire();
    });
    co_await pause_for(grace, tunables::end_grace, over);
    if (ended) break;
    one->ended.cancel(error);
    // The handler that was cancelled runs before what it refers to is gone.
    co_await asio::post(context_, asio::use_awaitable);
  }
}

void pipe_link::stopped(const std::shared_ptr<running>& one, const std::string& why) {
  if (now_ == one) now_ = nullptr;
  ++generation_;
  error_code ignored;
  one->output.close(ignored);
  for (const auto& [id, who] : open_) {
    who->failed.emplace(kind::lost, why);
    who->timer.cancel();
  }
}

awaitable<raw_json> pipe_link::request(outgoing message, interruption& ended) {
  const auto self = shared_from_this();
  waiting mine(context_);
  put(message.body);
  open_[message.id] = &mine;
  bool left = false;
  ended.set([&] {
    left = true;
    mine.timer.cancel();
  });
  if (message.reply_time) mine.timer.expires_after(*message.reply_time);
  error_code woken;
  co_await mine.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  ended.clear();
  open_.erase(message.id);
  if (mine.answer) co_return *std::move(mine.answer);
  if (mine.failed) throw client_error(*mine.failed);
  if (left) throw client_error(kind::left, "the request was given up");
  throw client_error(kind::time_limit, name() + " does not answer " + message.method);
}

awaitable<void> pipe_link::send(outgoing message) {
  put(message.body);
  co_return;
}

awaitable<void> pipe_link::close() {
  const auto self = shared_from_this();
  closed_ = true;
  const auto one = now_;
  if (!one || one->over) co_return;
  co_await end(one);
  one->program.collect();
  stopped(one, "the client is closed");
}

}  // namespace longhaul::remote
