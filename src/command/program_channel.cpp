// SPDX-License-Identifier: Apache-2.0
#include "command/program_channel.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "command/terminal_text.hpp"

namespace longhaul::command {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;

constexpr std::size_t read_at_once = std::size_t{16} * 1024;

/// What a status line may hold: it is in every list and notification.
constexpr std::size_t longest_status = 1024;

std::string shown(std::string_view text) {
  std::string plain = plain_text(text);
  plain.resize(first_bytes(plain, longest_status).size());
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
  std::array<char, read_at_once> bytes{};
  const auto use = [this](auto line) { take(line); };
  while (true) {
    boost::system::error_code error;
    auto reading =
        socket_.async_read_some(asio::buffer(bytes), asio::redirect_error(use_awaitable, error));
    const std::size_t got = co_await std::move(reading);
    if (error) {
      // A read that was given up leaves the rest of its line to `drain`.
      if (error != asio::error::operation_aborted) splitter_.finish(use);
    } else {
      splitter_.feed({bytes.data(), got}, use);
    }
    auto dealing = deal_with_all();
    co_await std::move(dealing);
    if (error) co_return;
  }
}

void program_channel::drain() {
  std::array<char, read_at_once> bytes{};
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
      auto asking = answer_to(std::move(*ask));
      reply = co_await std::move(asking);
    } else {
      reply = reply_to(next);
    }
    if (reply.empty()) continue;
    boost::system::error_code ignored;  // the program has closed its end
    auto writing = asio::async_write(socket_, asio::buffer(reply),
                                     asio::redirect_error(use_awaitable, ignored));
    co_await std::move(writing);
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
    auto asking = task_.async_ask(ask.key, std::move(ask.question));
    const answer given = co_await std::move(asking);
    co_return channel_answer(ask.key, given);
  } catch (const question_error& e) {
    failure = e.what();
  }
  co_return channel_ask_failed(ask.key, failure);
}

}  // namespace longhaul::command
