// SPDX-License-Identifier: Apache-2.0
// Keeps what goes through the test kit as well. Included by one file of a suite.
#pragma once

#include "support/record.hpp"
#include "testing/tap.hpp"

namespace longhaul::test {

struct kit_record final : testkit::tap {
  kit_record() { testkit::the_tap = this; }
  ~kit_record() override { testkit::the_tap = nullptr; }
  std::uint64_t new_exchange() override { return test::new_exchange(); }
  void sent(std::uint64_t exchange, std::string_view revision, std::string_view session,
            std::string_view body) override {
    record_sent(exchange, revision, session, body);
  }
  void received(std::uint64_t exchange, std::string_view session, std::string_view text) override {
    record_received(exchange, session, text);
  }
};
inline kit_record from_kit;

}  // namespace longhaul::test
