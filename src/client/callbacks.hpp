// SPDX-License-Identifier: Apache-2.0
// The thread on which callers are called back, one after the other: they may block (a person who
// thinks), and the network goes on meanwhile.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace longhaul::remote {

class callbacks {
 public:
  callbacks();
  ~callbacks() { end(); }
  callbacks(const callbacks&) = delete;
  callbacks& operator=(const callbacks&) = delete;

  /// What it throws is dropped: there is nobody to tell.
  void post(std::function<void()> work);
  /// Behind so many that wait already it is dropped.
  void post_or_drop(std::function<void()> work, std::size_t most);
  /// Waits for the one that runs, unless this is called by it; the others do not run any more.
  void end() noexcept;

 private:
  struct state;
  static void run(const std::shared_ptr<state>& all);

  const std::shared_ptr<state> state_;  // outlives us where a callback ends us
};

}  // namespace longhaul::remote
