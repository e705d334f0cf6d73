// SPDX-License-Identifier: Apache-2.0
#include "operator/kept_numbers.hpp"

#include "operator/tunables.hpp"

namespace longhaul::operating {

// Where only this process changes anything, the numbers cost next to nothing, and are always new.
boost::asio::awaitable<kept_numbers::all> kept_numbers::read(stores::store& store) {
  {
    const guard lock(mutex_);
    const bool fresh = read_at_ && clock::now() < *read_at_ + tunables::counts_age;
    if (fresh && !store.exclusive()) co_return last_;
    if (read_at_) read_at_ = clock::now();  // the others have the last ones meanwhile
  }
  all now;
  bool known = false;
  try {
    now.counts = co_await store.counts();
    const stores::store_stats stats = co_await store.stats();
    now.bytes = stats.bytes;
    known = true;
  } catch (const stores::store_error&) {  // /status says why
  }
  const guard lock(mutex_);
  if (known) {
    last_ = now;
    read_at_ = clock::now();
  }
  co_return last_;
}

}  // namespace longhaul::operating
