// SPDX-License-Identifier: Apache-2.0
#include "client/pipe_link.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <exception>
#include <utility>

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
  bool sent = false;  // some of it, perhaps
};

// One life of the program.
struct pipe_link::running {
  running(asio::io_context& context, const server_place& place, bool own_stderr)
      : program(place, own_stderr),
        input(context, program.take_input()),
        output(context, program.take_output()),
        error(context),
        ended(context),
        more(context),
        gone(context, asio::steady_timer::time_point::max()),
        silent(context, asio::steady_timer::time_point::max()),
        heard(!own_stderr) {
    if (own_stderr) error.assign(program.take_error());
    ended.assign(::dup(program.ended_fd()));
  }

  struct line {
    std::string text, id;
  };

  child program;
  descriptor input, output, error, ended;
  asio::steady_timer more;    // wakes who writes
  asio::steady_timer gone;    // wakes who waits for its end
  asio::steady_timer silent;  // wakes who waits for its last words
  std::deque<line> lines;
  std::deque<std::string> last_words;  // of its standard error
  bool heard;                          // all of them
  bool over = false;                   // nothing is read or written any more
  bool dead = false;                   // the program itself; what it started may live
};

pipe_link::pipe_link(asio::io_context& context, server_place place, const client_options& options,
                     listener hear)
    : context_(context),
      place_(std::move(place)),
      options_(options),
      hear_(std::move(hear)),
      free_(context, asio::steady_timer::time_point::max()) {}

pipe_link::~pipe_link() = default;

std::string pipe_link::name() const {
  std::string text;
  for (const std::string& word : place_.command) text += (text.empty() ? "" : " ") + word;
  return text;
}

void pipe_link::start() {
  if (closed_) throw client_error(kind::left, "the client is closed");
  if (now_) return;
  try {
    now_ = std::make_shared<running>(context_, place_, options_.on_stderr != nullptr);
  } catch (const client_error&) {
    throw;
  } catch (const std::exception& e) {  // no descriptors left, or such
    throw client_error(kind::unreachable, "cannot start " + name() + ": " + e.what());
  }
  const auto self = shared_from_this();
  const auto one = now_;
  const auto run = [&](auto part) {
    asio::co_spawn(context_, [self, one, part]() { return ((*self).*part)(one); }, asio::detached);
  };
  run(&pipe_link::write_all);
  run(&pipe_link::read_all);
  run(&pipe_link::watch);
  if (options_.on_stderr) run(&pipe_link::read_errors);
}

void pipe_link::put(const std::string& body, const std::string& id) {
  start();
  now_->lines.push_back({body + "\n", id});
  now_->more.cancel();
}

awaitable<void> pipe_link::write_all(std::shared_ptr<running> to) {
  const auto self = shared_from_this();
  error_code error;
  while (!to->over && !error) {
    error_code woken;
    if (to->lines.empty()) {
      to->more.expires_at(asio::steady_timer::time_point::max());
      co_await to->more.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      continue;
    }
    const running::line next = std::move(to->lines.front());
    to->lines.pop_front();
    const auto found = open_.find(next.id);
    if (found != open_.end()) found->second->sent = true;
    co_await asio::async_write(to->input, asio::buffer(next.text),
                               asio::redirect_error(asio::use_awaitable, error));
  }
  if (to->over) co_return;
  // It reads no more. What it has still to say is heard, but not for ever.
  to->gone.expires_after(tunables::end_grace);
  co_await to->gone.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (!to->over && !to->dead) to->output.cancel(error);
}

// What it has started may hold its output open, and nobody answers there.
awaitable<void> pipe_link::watch(std::shared_ptr<running> one) {
  const auto self = shared_from_this();
  error_code error;
  co_await one->ended.async_wait(descriptor::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  one->dead = true;
  one->gone.cancel();
  one->output.cancel(error);
}

// Empty: it is over.
awaitable<std::string> pipe_link::read_some(std::shared_ptr<running> from, std::size_t& left) {
  std::array<char, tunables::read_size> room;
  error_code error;
  std::size_t came = 0;
  if (!from->dead) {
    came = co_await from->output.async_read_some(asio::buffer(room),
                                                 asio::redirect_error(asio::use_awaitable, error));
  }
  if (from->dead && came == 0 && left > 0) {  // what was in the pipe when it ended
    from->output.non_blocking(true, error);
    came = from->output.read_some(asio::buffer(room), error);
    left -= std::min(left, came);
  }
  co_return std::string(room.data(), came);
}

awaitable<void> pipe_link::read_all(std::shared_ptr<running> from) {
  const auto self = shared_from_this();
  std::string rest;
  std::string why;
  std::size_t left = tunables::left_in_pipe;
  while (why.empty()) {
    const std::string bytes = co_await read_some(from, left);
    if (bytes.empty()) break;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
      rest.append(bytes, at, end - at);
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
  co_await hear_out(from);
  if (!from->last_words.empty()) why += "; it said last:";
  for (const std::string& line : from->last_words) why += "\n  " + shown(line);
  stopped(from, broken ? kind::broken : kind::lost, why);
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
  const json::value id = view["id"];
  auto found = open_.find(std::string(id.raw()));
  // An error that could not say whose it is belongs to the one that waits, if there is but one.
  const bool nobodys = bool(view["error"]) && (!id || id.is(json::kind::null));
  if (nobodys && open_.size() == 1) found = open_.begin();
  if (found == open_.end()) return hear_(std::move(message), {});  // it was given up
  found->second->answer = std::move(message);
  found->second->timer.cancel();
}

// Why it has ended is mostly what it said last.
awaitable<void> pipe_link::hear_out(std::shared_ptr<running> one) {
  error_code ignored;
  if (!one->heard) {
    one->silent.expires_after(tunables::end_grace);
    co_await one->silent.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

awaitable<void> pipe_link::read_errors(std::shared_ptr<running> from) {
  const auto self = shared_from_this();
  std::string rest;
  const auto tell = [&] {
    from->last_words.push_back(rest);
    if (from->last_words.size() > tunables::last_words) from->last_words.pop_front();
    options_.on_stderr(std::exchange(rest, {}));
  };
  std::array<char, tunables::error_line> room;
  for (;;) {
    error_code error;
    const std::size_t came = co_await from->error.async_read_some(
        asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
    for (const char c : std::string_view(room.data(), came)) {
      if (c != '\n') rest += c;
      if (c == '\n' || rest.size() >= tunables::error_line) tell();
    }
    if (error) break;
  }
  if (!rest.empty()) tell();
  from->heard = true;
  from->silent.cancel();
}

// Its output has ended, or we end: the rest of it too.
awaitable<void> pipe_link::end(std::shared_ptr<running> one) {
  const auto self = shared_from_this();
  one->over = true;
  one->more.cancel();
  error_code ignored;
  one->input.close(ignored);
  for (const int number : {0, SIGTERM}) {
    if (number != 0) one->program.signal(number);
    if (one->dead) break;
    one->gone.expires_after(tunables::end_grace);
    co_await one->gone.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (one->dead) break;
  }
  one->program.signal(SIGKILL);  // what it has left in its group, or itself
}

void pipe_link::stopped(const std::shared_ptr<running>& one, kind broken, const std::string& why) {
  if (now_ == one) now_ = nullptr;
  ++generation_;
  error_code ignored;
  one->output.close(ignored);
  one->ended.close(ignored);
  for (const auto& [id, who] : open_) {
    const bool undone = broken == kind::lost && !who->sent;
    who->failed.emplace(undone ? kind::unreachable : broken, why);
    who->timer.cancel();
  }
  free_.cancel();
}

// The last life of it may not be over yet.
awaitable<void> pipe_link::until_free(interruption& ended) {
  bool left = false;
  ended.set([&] {
    left = true;
    free_.cancel();
  });
  error_code woken;
  while (!left && now_ && now_->over) {
    co_await free_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  ended.clear();
  if (left) throw client_error(kind::left, "the request was given up");
}

awaitable<raw_json> pipe_link::request(outgoing message, interruption& ended) {
  const auto self = shared_from_this();
  co_await until_free(ended);
  waiting mine(context_);
  put(message.body, message.id);
  open_[message.id] = &mine;
  bool left = false;
  ended.set([&] {
    left = true;
    mine.timer.cancel();
  });
  error_code woken;
  while (!left && !mine.answer && !mine.failed) {
    co_await mine.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  ended.clear();
  open_.erase(message.id);
  if (mine.answer) co_return *std::move(mine.answer);
  if (mine.failed) throw client_error(*mine.failed);
  throw client_error(kind::left, "the request was given up");
}

awaitable<void> pipe_link::send(outgoing message) {
  const auto self = shared_from_this();
  interruption nobody;
  co_await until_free(nobody);
  put(message.body, {});
}

awaitable<void> pipe_link::restart() {
  const auto self = shared_from_this();
  interruption nobody;
  co_await until_free(nobody);
  co_await end_now(kind::lost, name() + " was started again");
}

awaitable<void> pipe_link::close() {
  const auto self = shared_from_this();
  closed_ = true;
  interruption nobody;
  co_await until_free(nobody);
  co_await end_now(kind::left, "the client is closed");
}

awaitable<void> pipe_link::end_now(kind said, std::string why) {
  const auto self = shared_from_this();
  const auto one = now_;
  if (!one) co_return;
  co_await end(one);
  one->program.collect();
  stopped(one, said, why);
}

}  // namespace longhaul::remote
