// SPDX-License-Identifier: Apache-2.0
// Work that may block, off the thread of a coroutine.
//
// Threads: any.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>

#include "tasks/blocking_pool.hpp"

namespace longhaul::tasks {

/// Runs `work` on a thread of the pool and comes back; passes its exception on. Meanwhile it is one
/// more that is `under_way`. Both references must outlive it.
boost::asio::awaitable<void> offload(blocking_pool& pool, std::atomic<std::size_t>& under_way,
                                     std::function<void()> work);

}  // namespace longhaul::tasks
