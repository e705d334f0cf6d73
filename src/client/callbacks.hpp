// SPDX-License-Identifier: Apache-2.0
// The thread on which callers are called back, one after the other: they may block (a person who
// thinks), and the network goes on meanwhile.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace longhaul::remote {

class callbacks {
 public:
  /// Waits for the one that runs; the others do not run any more.
  ~callbacks();

  void post(std::function<void()> work);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> queue_;
  bool ended_ = false;
  std::thread thread_;  // begins with the first
};

}  // namespace longhaul::remote
