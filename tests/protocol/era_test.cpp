// SPDX-License-Identifier: Apache-2.0
// Every combination of header and `_meta`, against the table of docs/wire.md written out again.
#include "protocol/era.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace longhaul::protocol {
namespace {

json::indexed indexed_of(std::string_view object) { return json::indexed(json::value(object)); }

using header = std::optional<std::string_view>;

const std::vector<header> headers = {std::nullopt, "2025-03-26", "2025-06-18",
                                     "2025-11-25", "2026-07-28", "2027-01-01",
                                     "1999-01-01", "v999.0.0",   ""};
// Empty: absent. "7": not a string.
const std::vector<std::string> versions = {"",           "7",          "2025-11-25", "2026-07-28",
                                           "2027-01-01", "1999-01-01", "v999.0.0"};

bool legacy(std::string_view v) {
  return v == "2025-03-26" || v == "2025-06-18" || v == "2025-11-25";
}

era expected(header h, const std::string& version, bool capabilities) {
  const bool is_string = !version.empty() && version != "7";
  const bool modern_header = h && (*h == "2026-07-28" || *h == "2027-01-01");
  const bool modern_meta = is_string && !legacy(version);
  if (!modern_header && !modern_meta) {
    return !h || legacy(*h) ? era::legacy : era::unknown_legacy_header;
  }
  if (!is_string || !capabilities) return era::missing_meta;
  if (!h || *h != version) return era::version_mismatch;
  return version == "2026-07-28" ? era::modern : era::unsupported;
}

std::string params_of(const std::string& version, const std::string& capabilities) {
  std::string meta;
  if (!version.empty()) {
    meta = R"("io.modelcontextprotocol/protocolVersion":)";
    meta += version == "7" ? "7" : '"' + version + '"';
  }
  if (!capabilities.empty()) {
    if (!meta.empty()) meta += ',';
    meta += R"("io.modelcontextprotocol/clientCapabilities":)" + capabilities;
  }
  return R"({"_meta":{)" + meta + "}}";
}

TEST(era, of_http_requests_is_decided_by_header_and_meta_alone) {
  for (const auto& h : headers) {
    for (const auto& version : versions) {
      for (const std::string capabilities : {"", "{}", "5"}) {
        const std::string params = params_of(version, capabilities);
        const auto meta = read_meta(indexed_of(std::string_view(params)));
        EXPECT_EQ(era_of_http_request(h, meta), expected(h, version, capabilities == "{}"))
            << h.value_or("(none)") << " " << params;
      }
    }
  }
}

TEST(era, of_requests_without_params_is_decided_by_the_header) {
  EXPECT_EQ(era_of_http_request(std::nullopt, read_meta({})), era::legacy);
  EXPECT_EQ(era_of_http_request("2026-07-28", read_meta({})), era::missing_meta);
  EXPECT_EQ(
      era_of_http_request("2026-07-28", read_meta(indexed_of(std::string_view(R"({"_meta":[]})")))),
      era::missing_meta);
}

TEST(era, of_pipe_messages_is_decided_by_meta_alone) {
  for (const auto& version : versions) {
    for (const std::string capabilities : {"", "{}"}) {
      const std::string params = params_of(version, capabilities);
      const auto meta = read_meta(indexed_of(std::string_view(params)));
      const bool modern = !version.empty() && version != "7" && !legacy(version);
      era wanted = era::legacy;
      if (modern) wanted = version == "2026-07-28" ? era::modern : era::unsupported;
      if (modern && capabilities.empty()) wanted = era::missing_meta;
      EXPECT_EQ(era_of_pipe_message(meta), wanted) << params;
    }
  }
}

TEST(era, notifications_need_no_meta) {
  EXPECT_EQ(era_of_http_notification("2026-07-28", read_meta({})), era::modern);
  EXPECT_EQ(era_of_http_notification(std::nullopt, read_meta({})), era::legacy);
  EXPECT_EQ(era_of_http_notification("2025-06-18", read_meta({})), era::legacy);
  EXPECT_EQ(era_of_http_notification("x", read_meta({})), era::unknown_legacy_header);
}

TEST(era, initialize_gets_what_it_asks_for_or_the_newest_of_its_era) {
  EXPECT_EQ(negotiate("2025-03-26"), revision::v2025_03_26);
  EXPECT_EQ(negotiate("2025-06-18"), revision::v2025_06_18);
  EXPECT_EQ(negotiate("2025-11-25"), revision::v2025_11_25);
  for (const char* other : {"2026-07-28", "2024-11-05", "9999-01-01", "", "x"}) {
    EXPECT_EQ(negotiate(other), revision::v2025_11_25) << other;
  }
}

TEST(era, meta_of_odd_types_counts_as_absent) {
  const auto meta = read_meta(indexed_of(std::string_view(
      R"({"_meta":{"progressToken":1.5,"io.modelcontextprotocol/logLevel":3,"bad key":{}}})")));
  EXPECT_FALSE(meta.progress_token);
  EXPECT_FALSE(meta.log_level);
}

}  // namespace
}  // namespace longhaul::protocol
