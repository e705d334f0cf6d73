// SPDX-License-Identifier: Apache-2.0
// A mutex that clang's thread-safety analysis understands: what stands beneath
// `LONGHAUL_GUARDED_BY` cannot be touched without it, checked at compile time. Other compilers see
// a plain mutex.
#pragma once

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

 private:
  std::mutex mutex_;
};

/// Holds a `guarded_mutex` for a scope.
class LONGHAUL_THREAD_ATTRIBUTE(scoped_lockable) guard {
 public:
  explicit guard(guarded_mutex& mutex) LONGHAUL_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~guard() LONGHAUL_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;

 private:
  guarded_mutex& mutex_;
};

}  // namespace longhaul
