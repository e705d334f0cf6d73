// SPDX-License-Identifier: Apache-2.0
#include "client/loop.hpp"

#include <pthread.h>
#include <signal.h>

namespace longhaul::remote {

loop::loop() : work_(context_.get_executor()) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // the thread inherits it
  thread_ = std::thread([this] { context_.run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

loop::~loop() { end(); }

void loop::end() noexcept {
  if (!thread_.joinable()) return;
  callbacks_.end();
  work_.reset();
  context_.stop();
  thread_.join();
  context_.drop_all();
}

}  // namespace longhaul::remote
