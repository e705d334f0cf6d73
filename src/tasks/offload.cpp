// SPDX-License-Identifier: Apache-2.0
#include "tasks/offload.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <utility>

namespace longhaul::tasks {
namespace {

class counted {
 public:
  explicit counted(std::atomic<std::size_t>& count) : count_(count) { ++count_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --count_; }

 private:
  std::atomic<std::size_t>& count_;
};

}  // namespace

boost::asio::awaitable<void> offload(blocking_pool& pool, std::atomic<std::size_t>& under_way,
                                     std::function<void()> work) {
  const counted one(under_way);
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const auto failure = std::make_shared<std::exception_ptr>();
  auto waiting = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      [&pool, executor, failure, &work](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto keep_alive = boost::asio::make_work_guard(executor);
        pool.submit([&work, failure, shared, executor, keep_alive = std::move(keep_alive)] {
          try {
            work();
          } catch (...) {
            *failure = std::current_exception();
          }
          boost::asio::post(executor, [shared] { std::move (*shared)(); });
        });
      },
      boost::asio::use_awaitable);
  co_await std::move(waiting);
  if (*failure) std::rethrow_exception(*failure);
}

}  // namespace longhaul::tasks
