// SPDX-License-Identifier: Apache-2.0
// Streams of events that are open: each waits between two looks, and is woken when its peer has
// left or the listener shuts down.
//
// Threads: any; a `stream_wait` belongs to its coroutine's executor.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <set>

#include "base/mutex.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::operating {

class stream_wait;

class open_streams {
 public:
  /// Those that are open end, and those that come end at once.
  void close();
  bool closed() const;

 private:
  friend class stream_wait;
  mutable guarded_mutex mutex_;
  std::set<stream_wait*> open_ LONGHAUL_GUARDED_BY(mutex_);
  bool closed_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

class stream_wait {
 public:
  /// `out`: tells when the peer has left. Both must outlive it.
  stream_wait(open_streams& all, wire::outlet& out, const boost::asio::any_io_executor& here);
  ~stream_wait();
  stream_wait(const stream_wait&) = delete;
  stream_wait& operator=(const stream_wait&) = delete;

  bool over() const noexcept { return over_; }
  /// At most so long; false: it is over.
  wire::awaitable<bool> pause(std::chrono::milliseconds length);

 private:
  friend class open_streams;
  void end();

  open_streams& all_;
  wire::outlet& out_;
  std::shared_ptr<boost::asio::steady_timer> timer_;
  bool over_ = false;  // touched on the executor only
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace longhaul::operating
