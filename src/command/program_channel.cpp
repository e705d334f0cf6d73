// SPDX-License-Identifier: Apache-2.0
#include "command/program_channel.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "command/terminal_text.hpp"
#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;

std::string shown(std::string_view text) {
  std::string plain = plain_text(text);
  plain.resize(first_bytes(plain, tunables::max_status).size());
  return plain;
}

}  // namespace

program_channel::program_channel(task_context& task, const asio::any_io_executor& executor,
                                 descriptor socket)
    : task_(task), socket_(executor) {
  socket_.assign(asio::local::stream_protocol(), socket.get());
  socket.release();
}

asio::awaitable<void> program_channel::run() {
  std::array<char, tunables::channel_read> bytes{};
  const auto use = [this](auto line) { take(line); };
  while (true) {
    boost::system::error_code error;
    const std::size_t got = co_await socket_.async_read_some(
        asio::buffer(bytes), asio::redirect_error(use_awaitable, error));
    if (error) {
      // A read that was given up leaves the rest of its line to `drain`.
      if (error != asio::error::operation_aborted) splitter_.finish(use);
    } else {
      splitter_.feed({bytes.data(), got}, use);
    }
    co_await deal_with_all();
    if (error) co_return;
  }
}

void program_channel::drain() {
  std::array<char, tunables::channel_read> bytes{};
  const auto use = [this](auto line) { take(line); };
  boost::system::error_code error;
  socket_.non_blocking(true, error);
  while (!error) {
    const std::size_t got = socket_.read_some(asio::buffer(bytes), error);
    splitter_.feed({bytes.data(), got}, use);
  }
  splitter_.finish(use);
  for (const channel_message& message : messages_) reply_to(message);
  messages_.clear();
}

void program_channel::take(std::optional<std::string_view> line) {
  messages_.push_back(line ? parse_channel_line(*line) : channel_message(line_too_long()));
}

asio::awaitable<void> program_channel::deal_with_all() {
  while (!messages_.empty()) {
    channel_message next = std::move(messages_.front());
    messages_.pop_front();
    std::string reply;
    if (auto* ask = std::get_if<channel_ask>(&next)) {
      auto asking = answer_to(std::move(*ask));  // an aggregate: not inside co_await
      reply = co_await std::move(asking);
    } else {
      reply = reply_to(next);
    }
    if (reply.empty()) continue;
    boost::system::error_code ignored;  // the program has closed its end
    co_await asio::async_write(socket_, asio::buffer(reply),
                               asio::redirect_error(use_awaitable, ignored));
  }
}

std::string program_channel::reply_to(const channel_message& message) {
  if (const auto* progress = std::get_if<channel_progress>(&message)) {
    task_.progress(progress->done, progress->total, shown(progress->message));
  } else if (const auto* status = std::get_if<channel_status>(&message)) {
    task_.status(shown(status->text));
  } else if (const auto* checkpoint = std::get_if<channel_checkpoint>(&message)) {
    task_.save_checkpoint_bytes(checkpoint->value);
  } else if (std::holds_alternative<channel_restore>(message)) {
    return channel_restored(task_.saved_checkpoint());
  } else if (const auto* fault = std::get_if<channel_fault>(&message)) {
    const bool first = !std::exchange(complained_, true);
    if (first || fault->awaited) return channel_error(fault->message);
  }
  return {};
}

asio::awaitable<std::string> program_channel::answer_to(channel_ask ask) {
  std::string failure;
  try {
    const answer given = co_await task_.async_ask(ask.key, std::move(ask.question));
    co_return channel_answer(ask.key, given);
  } catch (const question_error& e) {
    failure = e.what();
  }
  co_return channel_ask_failed(ask.key, failure);
}

}  // namespace longhaul::command
