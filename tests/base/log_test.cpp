// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/tunables.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul {
namespace {

struct kept {
  std::vector<std::string> lines;
  log_sink sink() {
    return [this](const log_record& what) {
      std::string line(what.event);
      for (const log_field& field : what.fields) {
        line += " " + std::string(field.name) + "=";
        line += field.type == log_field::kind::text ? std::string(field.text)
                                                    : std::to_string(field.number);
      }
      lines.push_back(line);
    };
  }
};

TEST(log, one_without_a_sink_says_nothing) {
  const logger none;
  EXPECT_FALSE(none.takes(log_level::emergency));
  none.error("event", "text");
  none.stranger(log_level::error, "event", "text");
}

TEST(log, what_is_below_the_least_level_is_dropped_and_off_drops_all) {
  kept seen;
  const logger log(seen.sink(), log_level::warning);
  log.debug("a", {});
  log.info("b", {});
  log.warning("c", {});
  log.error("d", {}, {{"n", 7}});
  EXPECT_EQ(seen.lines, (std::vector<std::string>{"c", "d n=7"}));
  const logger off(seen.sink(), std::nullopt);
  off.error("e", {});
  EXPECT_EQ(seen.lines.size(), 2U);
}

TEST(log, a_sink_that_throws_harms_nobody) {
  const logger log([](const log_record&) { throw std::runtime_error("full"); });
  log.error("event", "text");
  log.stranger(log_level::error, "event", "text");
}

TEST(log, strangers_fill_no_disk_and_what_they_did_is_counted) {
  test::virtual_clock clock;
  kept seen;
  const logger log(seen.sink(), log_level::info, clock);
  for (int i = 0; i < base::tunables::stranger_lines + 100; ++i) {
    log.stranger(log_level::info, "http.refused", {}, {{"status", 401}});
  }
  EXPECT_EQ(seen.lines.size(), static_cast<std::size_t>(base::tunables::stranger_lines));
  log.stranger(log_level::info, "another", {});
  EXPECT_EQ(seen.lines.back(), "another") << "each event has its own share";
  log.info("http.refused", {});
  EXPECT_EQ(seen.lines.back(), "http.refused") << "others are not held back";
  clock.advance(base::tunables::stranger_window);
  log.stranger(log_level::info, "http.refused", {}, {{"status", 401}});
  EXPECT_EQ(seen.lines.back(), "http.refused status=401 unsaid=100");
  log.stranger(log_level::info, "http.refused", {}, {{"status", 401}});
  EXPECT_EQ(seen.lines.back(), "http.refused status=401");
}

}  // namespace
}  // namespace longhaul
