// SPDX-License-Identifier: Apache-2.0
#include "postgres/reader.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <map>
#include <utility>

#include "postgres/patience.hpp"
#include "postgres/reads.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {

awaitable<task_ptr> reader::find(std::string_view id) {
  look_up mine{id};
  auto waiting = sleep_until_resumed([this, &mine](sleeper caller) {
    mine.caller = std::move(caller);
    submit(mine);
  });
  co_await std::move(waiting);
  if (mine.error) std::rethrow_exception(mine.error);
  co_return std::move(mine.found);
}

void reader::submit(look_up& mine) {
  bool start = false, refused = false;
  {
    const guard lock(mutex_);
    refused = closed_;
    if (!refused) {
      queue_.push_back(&mine);
      start = running_ < tunables::reads_under_way;
      if (start) ++running_;
    }
  }
  if (refused) {
    mine.error = std::make_exception_ptr(stores::store_error("the store is closed", false));
    std::vector<sleeper> one;
    one.push_back(std::move(mine.caller));
    wake(std::move(one));
  } else if (start) {
    boost::asio::co_spawn(home_.context, run(), boost::asio::detached);
  }
}

void reader::close() {
  const guard lock(mutex_);
  closed_ = true;
}

bool reader::idle() const {
  const guard lock(mutex_);
  return running_ == 0;
}

awaitable<void> reader::run() {
  for (;;) {
    batch work;
    {
      const guard lock(mutex_);
      const std::size_t count = std::min(queue_.size(), tunables::reads_at_once);
      if (count == 0) {
        --running_;
        co_return;
      }
      const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
      work.assign(queue_.begin(), end);
      queue_.erase(queue_.begin(), end);
    }
    try {
      co_await carry_out(work);
    } catch (...) {
      for (look_up* each : work) each->error = std::current_exception();
    }
    std::vector<sleeper> done;
    for (look_up* each : work) done.push_back(std::move(each->caller));
    wake(std::move(done));
  }
}

awaitable<void> reader::carry_out(const batch& work) {
  std::vector<std::string> ids;
  for (const look_up* each : work) ids.emplace_back(each->id);
  const auto read = [&](connection& link) { return rows_of(home_, link, ids, wanted_); };
  std::map<std::string, task_ptr, std::less<>> found;
  for (task_row& row : co_await with_connection(home_, purpose::reads, read)) {
    const std::string id = row.record->id();
    found.emplace(id, std::move(row.record));
  }
  for (look_up* each : work) {
    const auto at = found.find(each->id);
    if (at != found.end()) each->found = at->second;
  }
}

}  // namespace longhaul::postgres
