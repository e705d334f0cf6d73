// SPDX-License-Identifier: Apache-2.0
#include "postgres/connections.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "postgres/tunables.hpp"

namespace longhaul::postgres {

namespace asio = boost::asio;

connections::connections(asio::io_context& context, const std::string& where, std::size_t most,
                         std::function<void(const database_error*)> on_trouble)
    : context_(context), on_trouble_(std::move(on_trouble)) {
  for (std::size_t i = 0; i < most; ++i) {
    all_.push_back(std::make_unique<connection>(context, where));
    free_.push_back(all_.back().get());
  }
}

awaitable<connections::loan> connections::take() {
  connection* mine = nullptr;
  if (!free_.empty() && line_.empty() && !closed_) {
    // One that is open before one that is not.
    const auto open =
        std::ranges::find_if(free_, [this](connection* one) { return trusted(*one); });
    const auto chosen = open == free_.end() ? std::prev(free_.end()) : open;
    mine = *chosen;
    free_.erase(chosen);
  } else if (!closed_) {
    place turn{asio::steady_timer(context_, asio::steady_timer::time_point::max())};
    line_.push_back(&turn);
    boost::system::error_code woken;
    co_await turn.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    std::erase(line_, &turn);
    mine = turn.given;
  }
  if (mine == nullptr) {
    throw database_error("the store is closed", "", database_error::outcome::refused);
  }
  loan lent(*this, *mine);
  if (!lent->look() || !trusted(*lent)) co_await make_usable(*lent);
  co_return lent;
}

bool connections::trusted(const connection& one) const noexcept {
  return one.usable() && one.answered_what_was_asked_at() > silence_;
}

awaitable<void> connections::make_usable(connection& lent) {
  const auto now = std::chrono::steady_clock::now();
  if (now < not_before_ && why_not_) {
    throw database_error(why_not_->what(), why_not_->sqlstate(), database_error::outcome::refused);
  }
  try {
    co_await lent.open();
  } catch (const database_error& e) {
    why_not_ = e;
    trouble_ = true;
    pause_ = std::clamp<std::chrono::steady_clock::duration>(pause_ * 2, tunables::first_pause,
                                                             tunables::longest_pause);
    not_before_ = std::chrono::steady_clock::now() + pause_;
    const bool nobody_answers =
        std::ranges::none_of(all_, [](const auto& each) { return each->usable(); });
    if (nobody_answers) on_trouble_(&e);
    throw;
  }
  pause_ = {};
  not_before_ = {};
}

// Whoever waits longest is given it: those who come back at once would take it again.
void connections::give_back(connection& lent) noexcept {
  if (closed_ || lent.in_transaction()) lent.close();
  if (const auto since = lent.silent_since()) silence_ = std::max(silence_, *since);
  if (line_.empty()) {
    free_.push_back(&lent);
    return;
  }
  place& next = *line_.front();
  line_.pop_front();
  next.given = &lent;
  next.timer.cancel();
}

void connections::answered() {
  if (std::exchange(trouble_, false)) on_trouble_(nullptr);
}

void connections::close() {
  closed_ = true;
  for (connection* each : free_) each->close();
  for (place* each : std::exchange(line_, {})) each->timer.cancel();
}

}  // namespace longhaul::postgres
