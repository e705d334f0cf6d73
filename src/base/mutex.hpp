// SPDX-License-Identifier: Apache-2.0
// A mutex that clang's thread-safety analysis understands: what stands beneath
// `LONGHAUL_GUARDED_BY` cannot be touched without it, checked at compile time. Other compilers see
// a plain mutex. A `guard` holds it for a scope, and a `condition` waits with a guard.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define LONGHAUL_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define LONGHAUL_THREAD_ATTRIBUTE(x)
#endif
#define LONGHAUL_GUARDED_BY(m) LONGHAUL_THREAD_ATTRIBUTE(guarded_by(m))
#define LONGHAUL_REQUIRES(m) LONGHAUL_THREAD_ATTRIBUTE(requires_capability(m))
#define LONGHAUL_EXCLUDES(m) LONGHAUL_THREAD_ATTRIBUTE(locks_excluded(m))

namespace longhaul {

class LONGHAUL_THREAD_ATTRIBUTE(capability("mutex")) guarded_mutex {
 public:
  void lock() LONGHAUL_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() LONGHAUL_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  bool try_lock() LONGHAUL_THREAD_ATTRIBUTE(try_acquire_capability(true)) {
    return mutex_.try_lock();
  }

 private:
  friend class guard;
  std::mutex mutex_;
};

/// Holds a `guarded_mutex` for a scope, which may give it up for a while in between.
class LONGHAUL_THREAD_ATTRIBUTE(scoped_lockable) guard {
 public:
  explicit guard(guarded_mutex& mutex) LONGHAUL_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : held_(mutex.mutex_) {}
  /// Takes over one that `try_lock` has taken.
  guard(guarded_mutex& mutex, std::adopt_lock_t adopted)
      LONGHAUL_THREAD_ATTRIBUTE(requires_capability(mutex))
      : held_(mutex.mutex_, adopted) {}
  ~guard() LONGHAUL_THREAD_ATTRIBUTE(release_capability()) = default;
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;

  void unlock() LONGHAUL_THREAD_ATTRIBUTE(release_capability()) { held_.unlock(); }
  void lock() LONGHAUL_THREAD_ATTRIBUTE(acquire_capability()) { held_.lock(); }

 private:
  friend class condition;
  std::unique_lock<std::mutex> held_;
};

/// A condition variable for guards. There is no form that takes a predicate: clang cannot see that
/// a closure runs under the lock, so a wait is a loop: `while (!ready_) changed_.wait(lock);`.
class condition {
 public:
  void notify_one() noexcept { signal_.notify_one(); }
  void notify_all() noexcept { signal_.notify_all(); }
  void wait(guard& lock) { signal_.wait(lock.held_); }
  /// False: the time is over.
  template <class Clock, class Duration>
  bool wait_until(guard& lock, std::chrono::time_point<Clock, Duration> deadline) {
    return signal_.wait_until(lock.held_, deadline) == std::cv_status::no_timeout;
  }
  template <class Rep, class Period>
  bool wait_for(guard& lock, std::chrono::duration<Rep, Period> at_most) {
    return signal_.wait_for(lock.held_, at_most) == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable signal_;
};

}  // namespace longhaul
