// SPDX-License-Identifier: Apache-2.0
#include "operator/kept_numbers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "operator/tunables.hpp"

namespace longhaul::operating {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;
using timer_ptr = std::shared_ptr<asio::steady_timer>;

}  // namespace

struct kept_numbers::state {
  guarded_mutex mutex;
  all last LONGHAUL_GUARDED_BY(mutex);
  std::optional<clock::time_point> read_at LONGHAUL_GUARDED_BY(mutex);  // null: never
  bool looking LONGHAUL_GUARDED_BY(mutex) = false;
  std::vector<timer_ptr> waiting LONGHAUL_GUARDED_BY(mutex);  // for this look

  all known() {
    const guard lock(mutex);
    all result = last;
    result.is_new = read_at && clock::now() < *read_at + tunables::counts_wait;
    return result;
  }
  bool fresh() {
    const guard lock(mutex);
    return read_at && clock::now() < *read_at + tunables::counts_age;
  }
  /// Waits for the look that is under way; true: it has to be begun.
  bool join(const timer_ptr& waiter) {
    const guard lock(mutex);
    waiting.push_back(waiter);
    return !std::exchange(looking, true);
  }
  /// Null: the store did not say.
  void end(std::optional<all> now) {
    std::vector<timer_ptr> woken;
    {
      const guard lock(mutex);
      if (now) {
        last = *std::move(now);
        read_at = clock::now();
      }
      looking = false;
      woken.swap(waiting);
    }
    for (const timer_ptr& each : woken) {
      asio::post(each->get_executor(), [each] { each->cancel(); });
    }
  }

  static asio::awaitable<std::optional<all>> look(stores::store& store) {
    std::optional<all> now(std::in_place);
    try {
      now->counts = co_await store.counts();
      const stores::store_stats stats = co_await store.stats();
      now->bytes = stats.bytes;
      now->paused = co_await store.paused();
      now->oldest = co_await store.oldest_waiting();
      now->is_new = true;
    } catch (const stores::store_error&) {  // /status says why
      now.reset();
    }
    co_return now;
  }
  static asio::awaitable<void> look_for_all(std::shared_ptr<state> self, stores::store& store) {
    std::optional<all> now;
    try {
      now = co_await look(store);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory; the next one
    }
    self->end(std::move(now));
  }
};

kept_numbers::kept_numbers() : state_(std::make_shared<state>()) {}
kept_numbers::~kept_numbers() = default;

void kept_numbers::begin_look(const asio::any_io_executor& here, const std::shared_ptr<state>& mine,
                              stores::store& store) {
  try {
    asio::co_spawn(here, state::look_for_all(mine, store), asio::detached);
  } catch (...) {  // the next one tries again
    mine->end(std::nullopt);
    throw;
  }
}

asio::awaitable<kept_numbers::all> kept_numbers::read(stores::store& store) {
  const std::shared_ptr<state> mine = state_;
  // Where only this process changes anything, the numbers cost next to nothing, and are always new.
  if (store.exclusive()) {
    std::optional<all> now = co_await state::look(store);
    if (now) {
      mine->end(now);
      co_return *std::move(now);
    }
    co_return mine->known();
  }
  if (mine->fresh() || !store.trouble().empty()) co_return mine->known();
  const asio::any_io_executor here = co_await asio::this_coro::executor;
  const auto patience = std::make_shared<asio::steady_timer>(here, tunables::counts_wait);
  if (mine->join(patience)) begin_look(here, mine, store);
  boost::system::error_code woken;
  co_await patience->async_wait(asio::redirect_error(asio::use_awaitable, woken));
  co_return mine->known();
}

}  // namespace longhaul::operating
