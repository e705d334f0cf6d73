// SPDX-License-Identifier: Apache-2.0
#include "longhaul/testing/test_server.hpp"

#include <utility>

#include "testing/bench.hpp"

namespace longhaul::testkit {

test_server::test_server(server& definition, test_options options)
    : bench_(std::make_shared<bench>(definition, std::move(options))) {}
test_server::~test_server() = default;
test_server::test_server(test_server&&) noexcept = default;
test_server& test_server::operator=(test_server&&) noexcept = default;

manual_clock& test_server::clock() noexcept { return bench_->clock(); }
void test_server::advance(std::chrono::milliseconds length) { bench_->advance(length); }
void test_server::run_for(std::chrono::milliseconds length) { bench_->run_for(length); }

void test_server::run_until_idle() {
  if (!bench_->settle()) {
    throw waited_in_vain("a handler does not come to rest; " + bench_->state());
  }
}

void test_server::stop(std::chrono::milliseconds grace) { bench_->stop(grace); }

}  // namespace longhaul::testkit
