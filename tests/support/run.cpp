// SPDX-License-Identifier: Apache-2.0
#include "support/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <exception>
#include <stdexcept>

namespace longhaul::test {

void detail::run_all(std::vector<boost::asio::awaitable<void>> all) {
  // One context a thread: making one costs more than most operations that tests run.
  thread_local boost::asio::io_context context(1);
  context.restart();
  std::exception_ptr first;
  std::size_t left = all.size();
  for (auto& work : all) {
    boost::asio::co_spawn(context, std::move(work), [&](const std::exception_ptr& error) {
      --left;
      if (error && !first) first = error;
    });
  }
  context.run();
  if (first) std::rethrow_exception(first);
  if (left > 0) throw std::logic_error("an awaitable never completed");
}

void run(boost::asio::awaitable<void> work) {
  std::vector<boost::asio::awaitable<void>> all;
  all.push_back(std::move(work));
  detail::run_all(std::move(all));
}

}  // namespace longhaul::test
