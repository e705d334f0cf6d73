// SPDX-License-Identifier: Apache-2.0
// Addresses of captured output, and what is sent of it.
#include "server/outputs.hpp"

#include <gtest/gtest.h>

namespace longhaul::serving {
namespace {

output_source::part part(std::string bytes, std::uint64_t offset = 0) {
  const std::uint64_t total = offset + bytes.size();
  return {std::move(bytes), offset, total};
}

TEST(outputs, addresses_that_are_some) {
  const auto whole = parse_output_address("longhaul://tasks/abc/stdout");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->task, "abc");
  EXPECT_EQ(whole->stream, "stdout");
  EXPECT_FALSE(whole->offset || whole->tail);
  EXPECT_EQ(parse_output_address("longhaul://tasks/abc/stderr?offset=12")->offset, 12U);
  EXPECT_EQ(parse_output_address("longhaul://tasks/abc/stderr?tail=0")->tail, 0U);
}

TEST(outputs, addresses_that_are_none) {
  for (const char* other :
       {"", "longhaul://", "longhaul://tasks/", "longhaul://tasks/abc", "longhaul://tasks//stdout",
        "longhaul://tasks/abc/status", "longhaul://tasks/abc/stdout/x", "file:///etc/passwd",
        "LONGHAUL://tasks/abc/stdout", "longhaul://tasks/abc/stdout#x"}) {
    EXPECT_FALSE(parse_output_address(other)) << other;
  }
  for (const char* wrong : {"?", "?offset", "?offset=", "?offset=-1", "?tail=1x", "?tail=1&tail=2",
                            "?offset=99999999999999999999", "?head=1"}) {
    EXPECT_THROW(parse_output_address(std::string("longhaul://tasks/abc/stdout") + wrong),
                 std::invalid_argument)
        << wrong;
  }
}

TEST(outputs, a_character_that_is_cut_waits_for_the_next_read) {
  const std::string euro = "\xE2\x82\xAC";
  const auto cut = contents_of(part("1" + euro + "2" + euro.substr(0, 2)), false);
  EXPECT_TRUE(cut.is_text);
  EXPECT_EQ(cut.bytes, "1" + euro + "2");
  EXPECT_EQ(cut.next_offset, 5U);
  EXPECT_EQ(cut.total, 7U);
  const auto later = contents_of(part(euro.substr(1) + "x", 100), true);
  EXPECT_TRUE(later.is_text);
  EXPECT_EQ(later.bytes, "x");
  EXPECT_EQ(later.offset, 102U);
}

// Once, such a byte was held back for ever, and readers asked for it again and again.
TEST(outputs, a_character_that_will_never_be_whole_is_sent) {
  const auto end = contents_of(part("x\xE2\x82"), true);
  EXPECT_FALSE(end.is_text);
  EXPECT_EQ(end.next_offset, 3U);
  EXPECT_EQ(contents_of(part("x\xE2\x82"), false).next_offset, 1U) << "it may still become one";
}

TEST(outputs, what_is_no_text_is_a_blob_with_every_byte) {
  for (const std::string& bytes :
       {std::string("\xFF\xFEx"), std::string("a\x80z"), std::string("\x80\x80", 2)}) {
    const auto blob = contents_of(part(bytes), false);
    EXPECT_FALSE(blob.is_text);
    EXPECT_EQ(blob.bytes, bytes);
    EXPECT_EQ(blob.next_offset, bytes.size());
  }
  EXPECT_TRUE(contents_of(part(""), true).is_text);
  EXPECT_TRUE(contents_of(part(std::string("a\0b", 3)), true).is_text) << "NUL is a character";
}

}  // namespace
}  // namespace longhaul::serving
