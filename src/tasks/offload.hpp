// SPDX-License-Identifier: Apache-2.0
// Work that may block, off the thread of a coroutine.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "tasks/blocking_pool.hpp"

namespace longhaul::tasks {

/// Runs `work` on a thread of the pool and comes back; passes its exception on.
boost::asio::awaitable<void> offload(blocking_pool& pool, std::function<void()> work);

}  // namespace longhaul::tasks
