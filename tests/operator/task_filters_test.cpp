// SPDX-License-Identifier: Apache-2.0
#include "operator/task_filters.hpp"

#include <gtest/gtest.h>

#include "operator/api_error.hpp"

namespace longhaul::operating {
namespace {

using namespace std::chrono_literals;
using stores::phase;

const timestamp now = *parse_time("2026-11-28T16:00:00Z");

stores::task_filter of(const std::string& query) {
  return filter_of(read_target("/?" + query), now);
}

TEST(task_filters, are_read_from_parameters_and_objects_alike) {
  stores::task_filter wanted;
  wanted.phases = {phase::running, phase::waiting};
  wanted.tool = "render";
  wanted.owner = "key:a";
  wanted.since = now - 2h;
  wanted.text = "the mill";
  EXPECT_EQ(of("status=running,%20waiting&tool=render&owner=key:a&since=2h&q=the+mill"), wanted);
  EXPECT_EQ(filter_of(json::value(std::string_view(
                          R"({"status":"waiting,running","tool":"render","owner":"key:a",)"
                          R"("since":"2026-11-28T14:00:00Z","q":"the mill"})")),
                      now),
            wanted);
  wanted = {};
  wanted.until = now - 1h;
  wanted.phases = {stores::phase::failed, stores::phase::error};
  wanted.id_prefix = "01m8";
  EXPECT_EQ(of("until=2026-11-28T15:00:00Z&status=failed,error&id=01m8"), wanted);
  EXPECT_EQ(of(""), stores::task_filter());
  EXPECT_EQ(filter_of(json::value(std::string_view(R"({"tool":null,"status":""})")), now),
            stores::task_filter());
}

TEST(task_filters, what_is_no_filter_is_refused) {
  for (const char* bad : {"status=run", "status=running,x", "since=soon", "until=later",
                          "since=2026-13-01T00:00:00Z"}) {
    EXPECT_THROW(of(bad), api_error) << bad;
  }
  for (const char* bad : {"[]", "1", R"({"state":"running"})", R"({"tool":1})"}) {
    EXPECT_THROW(filter_of(json::value(std::string_view(bad)), now), api_error) << bad;
  }
}

TEST(task_filters, times_are_those_of_rfc_3339) {
  EXPECT_EQ(parse_time("2026-11-28T16:00:00.250Z"), now + 250ms);
  EXPECT_EQ(parse_time("2026-11-28t16:00:00.2509z"), now + 250ms);
  EXPECT_EQ(parse_time("2026-11-28T17:30:00+01:30"), now);
  EXPECT_EQ(parse_time("2026-11-28T15:00:00-01:00"), now);
  EXPECT_EQ(parse_time(iso8601(now)), now);
  for (const char* bad :
       {"", "2026-11-28", "2026-11-28T16:00:00", "2026-02-30T00:00:00Z", "2026-11-28T24:00:00Z",
        "2026-11-28T16:00:00.Z", "2026-11-28T16:00:00+0100", "2026-11-28 16:00:00Z", "x"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
}

}  // namespace
}  // namespace longhaul::operating
