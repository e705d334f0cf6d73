// SPDX-License-Identifier: Apache-2.0
// Some hosts throw a whole result away because it has a `resource_link`. With `links = false`, of
// the server or of a tool, the text names the address instead (and programs_first_users_test.cpp).
#include <gtest/gtest.h>

#include "server/links.hpp"

namespace longhaul::test {
namespace {

std::string without(const std::string& body, bool is_protocol_error = false) {
  outcome given;
  given.body = raw_json::parse(body);
  given.is_protocol_error = is_protocol_error;
  return std::string(serving::without_links(given).body.view());
}

TEST(results_without_links, name_the_address_in_a_text) {
  EXPECT_EQ(
      without(R"({"content":[{"type":"text","text":"a"},{"type":"resource_link","uri":"u:1",)"
              R"("name":"stdout","title":"Output"},{"type":"resource_link","uri":"u:2",)"
              R"("name":"stderr"}],"structuredContent":{"type":"resource_link"},"isError":true})"),
      R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"Output: u:1"},)"
      R"({"type":"text","text":"stderr: u:2"}],"structuredContent":{"type":"resource_link"},)"
      R"("isError":true})");
  const std::string plain = R"({"content":[{"type":"text","text":"no resource_link"}]})";
  EXPECT_EQ(without(plain), plain);
  const std::string error = R"({"code":1,"message":"resource_link"})";
  EXPECT_EQ(without(error, true), error);
}

}  // namespace
}  // namespace longhaul::test
