// SPDX-License-Identifier: Apache-2.0
#include "support/run.hpp"

#include "longhaul/testing/run.hpp"

namespace longhaul::test {

void detail::run_all(std::vector<boost::asio::awaitable<void>> all) {
  testkit::run_all(std::move(all));
}

void run(boost::asio::awaitable<void> work) { testkit::run(std::move(work)); }

}  // namespace longhaul::test
