// SPDX-License-Identifier: Apache-2.0
#include "protocol/find_id.hpp"

#include <gtest/gtest.h>

#include <string>

#include "protocol/jsonrpc.hpp"

namespace longhaul::protocol {
namespace {

std::string id_in(const std::string& text) { return std::string(glimpse_of(text).id.raw()); }

TEST(find_id, is_found_before_and_behind_what_is_wrong) {
  for (const std::string damage : {R"(NaN)",
                                   R"(-Infinity)",
                                   R"(01)",
                                   R"(+1)",
                                   R"(.5)",
                                   R"(1e)",
                                   R"(0x1F)",
                                   R"(True)",
                                   R"(None)",
                                   R"(undefined)",
                                   R"("\x41")",
                                   R"("\u12")",
                                   R"("\ud83d")",
                                   "\"\x01\"",
                                   "\"a\tb\"",
                                   "\"\xFF\"",
                                   R"(18446744073709551616)",
                                   R"([1,2,,3])",
                                   R"([1,2,])",
                                   R"({"a":1,})",
                                   R"({"a" 1})",
                                   R"({"a":})",
                                   R"({a:1})",
                                   R"({'a':1})",
                                   R"('a')",
                                   R"([1 2])",
                                   R"({"id":9,"x":NaN})",
                                   R"([{"id":9}, 'it'])",
                                   R"(/* c */ 1)",
                                   R"([1,2})"}) {
    for (const std::string id : {"7", "-0", R"("x")", R"("\"}")", R"("\ud83d")"}) {
      EXPECT_EQ(id_in(R"({"jsonrpc":"2.0","id":)" + id + R"(,"params":)" + damage + "}"), id)
          << damage;
      EXPECT_EQ(id_in(R"({"jsonrpc":"2.0","params":)" + damage + R"(,"id":)" + id + "}"), id)
          << damage;
    }
  }
}

TEST(find_id, is_found_in_a_text_that_is_cut_off_or_goes_on) {
  const std::string text = R"({"jsonrpc":"2.0","id":"x","method":"m","params":{"a":["b\"",1]}})";
  for (std::size_t size = text.find(R"("method")"); size <= text.size(); ++size) {
    EXPECT_EQ(id_in(text.substr(0, size)), R"("x")") << size;
  }
  for (const std::string more : {"}", "]", " x", "\0", "{}", R"({"id":2})", ",", R"(,"id":)"}) {
    EXPECT_EQ(id_in(text + more), R"("x")") << more;
  }
  EXPECT_EQ(id_in(R"({"params":{}},"id":7})"), "7") << "one bracket too many";
  EXPECT_EQ(id_in("\xEF\xBB\xBF" + text), R"("x")");
  EXPECT_EQ(id_in(" \r\n\t" + text), R"("x")");
  EXPECT_EQ(id_in(R"({"id":1)" + std::string(100'000, '[')), "");
  EXPECT_EQ(id_in(R"({"id":1,"a":)" + std::string(100'000, '[')), "1");
  EXPECT_EQ(id_in(R"({"a":)" + std::string(600, '[') + std::string(600, ']') + R"(,"id":1})"), "1");
}

TEST(find_id, is_the_member_of_the_outermost_object_however_it_is_written) {
  EXPECT_EQ(id_in(R"({"i\u0064":3,"x":NaN})"), "3");
  EXPECT_EQ(id_in(R"({"id" : 3 ,"x":NaN})"), "3");
  EXPECT_EQ(id_in(R"({"id":1,"id":2,"x":NaN})"), "2") << "the last one, as most readers have it";
  EXPECT_EQ(id_in(R"({"id":7 /* of mine */, "x":1})"), "7");
  EXPECT_EQ(id_in(R"({"id":7, /* "id":9 */ "x":1})"), "7");
  EXPECT_EQ(id_in(R"({"id":7 /* "id":9 */, "x":1})"), "") << "either";
  EXPECT_EQ(id_in(R"({"params":{"id":9},"x":NaN})"), "");
  EXPECT_EQ(id_in(R"({"x":NaN,"params":[{"id":9}])"), "");
}

TEST(find_id, is_not_invented) {
  for (const std::string text : {"",
                                 " ",
                                 "7",
                                 R"("id")",
                                 "nonsense",
                                 "{",
                                 R"({"id")",
                                 R"({"id":)",
                                 R"({"id":7)",
                                 R"({"id":-)",
                                 R"({"id":"x)",
                                 R"({"id":"x\")",
                                 R"({"id":null,"x":NaN})",
                                 R"({"id":1.5,"x":NaN})",
                                 R"({"id":1e3,"x":NaN})",
                                 R"({"id":01,"x":1})",
                                 R"({"id":"\x","x":1})",
                                 R"({"id":NaN})",
                                 R"({"id":{},"x":NaN})",
                                 R"({"id":7up,"x":1})",
                                 R"({"id":"a"b","x":1})",
                                 "{\"id\":\"\xFF\",\"x\":NaN}",
                                 R"({'id':7})",
                                 R"({id:7})",
                                 R"({"ID":7,"x":NaN})",
                                 R"({"params":{"a":'"'},"x":"},\"id\":9,\"b\":\"}"})",
                                 R"({"params":{"a":[1,2,"id":9})"}) {
    EXPECT_EQ(id_in(text), "") << text;
  }
}

TEST(find_id, who_waits_for_no_answer_is_seen_too) {
  EXPECT_TRUE(glimpse_of(R"({"jsonrpc":"2.0","method":"m","params":{"a":NaN}})").unanswerable);
  EXPECT_TRUE(glimpse_of(R"({"jsonrpc":"2.0","id":1,"result":{"a":01}})").unanswerable);
  EXPECT_FALSE(glimpse_of(R"({"jsonrpc":"2.0","method":"m","params":{"a":NaN)").unanswerable)
      << "the id may have been cut off";
  EXPECT_FALSE(glimpse_of(R"({"jsonrpc":"2.0","id":[],"method":"m","x":NaN})").unanswerable);
  EXPECT_FALSE(glimpse_of("nonsense").unanswerable);
}

TEST(find_id, of_every_element_of_an_array) {
  const std::string text =
      R"([{"id":1,"x":NaN},7,{"id":"b","y":[{"id":3}]},{"method":"m","x":NaN},{"id":4,"z":"\x"},{)";
  const auto all = glimpses_of(text, 100);
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].id.raw(), "1");
  EXPECT_FALSE(all[1].id);
  EXPECT_EQ(all[2].id.raw(), R"("b")");
  EXPECT_TRUE(all[3].unanswerable);
  EXPECT_EQ(all[4].id.raw(), "4");
  EXPECT_TRUE(glimpses_of(text, 5).empty());
  EXPECT_TRUE(glimpses_of(R"({"id":1})", 5).empty());
  EXPECT_TRUE(glimpses_of("[]", 5).empty());
  EXPECT_EQ(refusal_reply(refuse_text(R"([{"id":1},{"id":2},3,{"method":"n"})", -1, "no"), true),
            R"([{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}},)"
            R"({"jsonrpc":"2.0","id":2,"error":{"code":-1,"message":"no"}}])");
}

}  // namespace
}  // namespace longhaul::protocol
