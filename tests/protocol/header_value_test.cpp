// SPDX-License-Identifier: Apache-2.0
#include "protocol/header_value.hpp"

#include <gtest/gtest.h>

#include "protocol/base64.hpp"

namespace longhaul::protocol {
namespace {

TEST(headers, values_are_decoded_strictly) {
  EXPECT_EQ(decode_header_value("us-west1"), "us-west1");
  EXPECT_EQ(decode_header_value(" \tpadded\t "), "padded");
  EXPECT_EQ(decode_header_value("=?base64?SGVsbG8=?="), "Hello");
  EXPECT_EQ(decode_header_value("=?base64?IHBhZGRlZCA=?="), " padded ");
  EXPECT_EQ(decode_header_value("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="), "=?base64?literal?=");
  EXPECT_EQ(decode_header_value("=?base64?"
                                "?="),
            "");
  for (const char* literal :
       {"=?base64?SGVsbG8=", "SGVsbG8=?=", "=?BASE64?SGVsbG8=?=", "=?base64?="}) {
    EXPECT_EQ(decode_header_value(literal), literal);
  }
  for (const char* broken : {"=?base64?SGVsbG8?=", "=?base64?SGVs!!!bG8=?=", "=?base64?SGVsbG8 =?=",
                             "=?base64?=?=", "=?base64?SGVsbG9=?=", "caf\xC3\xA9", "a\x01"}) {
    EXPECT_EQ(decode_header_value(broken), std::nullopt) << broken;
  }
}

TEST(headers, values_are_compared_by_the_type_of_the_body) {
  const auto same = [](std::string_view h, std::string_view body) {
    return same_value(h, json::value(body));
  };
  EXPECT_TRUE(same("42", "42"));
  EXPECT_TRUE(same("42.0", "42"));
  EXPECT_TRUE(same("42", "4.2e1"));
  EXPECT_FALSE(same("43", "42"));
  EXPECT_FALSE(same("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(same("42x", "42"));
  EXPECT_TRUE(same("true", "true"));
  EXPECT_FALSE(same("True", "true"));
  EXPECT_TRUE(same("a\"b", R"("a\"b")"));
  EXPECT_FALSE(same("A", R"("a")"));
  EXPECT_FALSE(same("{}", "{}"));
}

TEST(base64, url_alphabet_round_trips_every_length) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    const auto text = base64url_encode(bytes);
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    EXPECT_EQ(base64url_decode(text), bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
}

}  // namespace
}  // namespace longhaul::protocol
