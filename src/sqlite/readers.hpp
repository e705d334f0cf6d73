// SPDX-License-Identifier: Apache-2.0
// Threads that read the file for coroutines: tasks that ended long ago, and lists. Each has a
// connection of its own, which sees what is committed and hinders nobody.
//
// Threads: `perform` and `close` any.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "base/sleeper.hpp"
#include "longhaul/stores/store.hpp"
#include "sqlite/commit_gate.hpp"
#include "sqlite/task_reader.hpp"

namespace longhaul::sqlite {

class readers {
 public:
  /// `gate` must outlive them.
  readers(std::string path, std::string vfs, std::size_t threads, const commit_gate& gate);
  ~readers() { close(); }
  readers(const readers&) = delete;
  readers& operator=(const readers&) = delete;

  /// The result of `read(task_reader&)`. Throws `stores::store_error`.
  template <class Read>
  boost::asio::awaitable<std::invoke_result_t<Read&, task_reader&>> perform(Read read);
  /// Runs `work` while none of them reads: waits for those that do, and holds the next ones up.
  void without_readers(const std::function<void()>& work);
  /// `work` is the first that writes the file, if it returns true: as long as nobody did, reading
  /// needs no room. None of them reads meanwhile, and each opens the file anew afterwards.
  void begin_to_write(const std::function<bool()>& work);
  /// Finishes what is queued and refuses all that comes later. Idempotent.
  void close() noexcept;

 private:
  struct job {
    std::function<void(task_reader&)> read;
    std::exception_ptr error = nullptr;
    sleeper caller;
  };

  void submit(job& work, sleeper caller);
  void run();

  const std::string path_, vfs_;
  const commit_gate& gate_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> written_{false};
  guarded_mutex mutex_;
  condition news_, quiet_;
  std::deque<job*> queue_ LONGHAUL_GUARDED_BY(mutex_);
  std::size_t reading_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  bool held_up_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool closing_ LONGHAUL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

template <class Read>
boost::asio::awaitable<std::invoke_result_t<Read&, task_reader&>> readers::perform(Read read) {
  std::optional<std::invoke_result_t<Read&, task_reader&>> result;
  job mine;
  mine.read = [&](task_reader& rows) { result.emplace(read(rows)); };
  auto waiting =
      sleep_until_resumed([this, &mine](sleeper caller) { submit(mine, std::move(caller)); });
  co_await std::move(waiting);
  if (mine.error) std::rethrow_exception(mine.error);
  co_return std::move(*result);
}

}  // namespace longhaul::sqlite
