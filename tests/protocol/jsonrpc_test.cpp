// SPDX-License-Identifier: Apache-2.0
#include "protocol/jsonrpc.hpp"

#include <gtest/gtest.h>

namespace longhaul::protocol {
namespace {

std::variant<message, malformed> read(const char* text) {
  return read_message(json::value(std::string_view(text)));
}
message good(const char* text) { return std::get<message>(read(text)); }
malformed bad(const char* text) { return std::get<malformed>(read(text)); }

TEST(jsonrpc, tells_requests_notifications_and_responses) {
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"method":"a"})").kind, message_kind::request);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","method":"a","params":{}})").kind, message_kind::notification);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"result":{}})").kind, message_kind::response);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"error":{}})").kind, message_kind::response);
}

TEST(jsonrpc, keeps_the_id_as_it_was_written) {
  for (const char* id : {"0", "-7", "9223372036854775807", "18446744073709551615", R"("")",
                         R"("a\u0062\"")", R"("1")"}) {
    const std::string text = std::string(R"({"jsonrpc":"2.0","method":"m","id":)") + id + "}";
    const auto what = good(text.c_str());
    EXPECT_EQ(what.id.raw(), id);
    EXPECT_EQ(result_reply(what.id, "{}"),
              std::string(R"({"jsonrpc":"2.0","id":)") + id + R"(,"result":{}})");
  }
}

TEST(jsonrpc, refuses_ids_of_other_types_without_inventing_one) {
  for (const char* id : {"null", "1.0", "1e3", "true", "{}", "[]"}) {
    const std::string text = std::string(R"({"jsonrpc":"2.0","method":"m","id":)") + id + "}";
    const auto fault = bad(text.c_str());
    EXPECT_EQ(fault.code, code::invalid_request) << id;
    EXPECT_FALSE(fault.id) << id;
  }
}

TEST(jsonrpc, refuses_members_that_come_twice) {
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":1,"id":1,"method":"m"})").id.raw(), "1");
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":1,"id":2,"method":"m"})").id.raw(), "2")
      << "the last one, as most readers have it";
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":1,"method":"m","method":"m"})").id.raw(), "1");
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{},"p\u0061rams":{}})").id.raw(),
            "1");
}

TEST(jsonrpc, refuses_what_is_no_message_and_names_the_id_it_could_read) {
  EXPECT_EQ(bad(R"({"jsonrpc":"1.0","id":"x","method":"m"})").id.raw(), R"("x")");
  EXPECT_EQ(bad(R"({"id":"x","method":"m"})").id.raw(), R"("x")");
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":3,"method":4})").id.raw(), "3");
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":3,"method":"m","params":[]})").id.raw(), "3");
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":3})").id.raw(), "3");
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":3,"result":{},"error":{}})").id.raw(), "3");
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":3,"method":"m","result":{}})").id.raw(), "3");
  EXPECT_FALSE(bad("7").id);
}

TEST(jsonrpc, a_member_that_may_be_left_out_may_be_null) {
  const auto request =
      good(R"({"jsonrpc":"2.0","id":1,"method":"m","params":null,"result":null,"error":null})");
  EXPECT_EQ(request.kind, message_kind::request);
  EXPECT_FALSE(request.params);
  const auto nulls = good(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":null,"b":1}})");
  EXPECT_FALSE(nulls.params["a"]);
  EXPECT_TRUE(nulls.params["b"]);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"method":null,"result":{},"error":null})").kind,
            message_kind::response);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"result":null})").kind, message_kind::response);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":null,"error":{"code":1}})").kind, message_kind::response)
      << "the answer to what could not be read";
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":1,"method":null})").id.raw(), "1");
  EXPECT_FALSE(bad(R"({"jsonrpc":"2.0","id":null,"method":"m"})").id);
  EXPECT_FALSE(bad(R"({"jsonrpc":"2.0","id":null,"method":"m"})").unanswerable);
}

TEST(jsonrpc, a_refused_notification_or_response_gets_no_answer) {
  for (const char* text :
       {R"({"jsonrpc":"1.0","method":"m"})", R"({"method":"m"})", R"({"jsonrpc":"2.0","method":7})",
        R"({"jsonrpc":"2.0","method":"m","params":[]})",
        R"({"jsonrpc":"2.0","method":"m","method":"m"})", R"({"id":1,"result":{}})",
        R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})",
        R"({"jsonrpc":"2.0","id":{},"result":{}})"}) {
    EXPECT_TRUE(bad(text).unanswerable) << text;
    EXPECT_EQ(refusal_reply(bad(text), true), "") << text;
  }
  for (const char* text : {R"({"id":1,"method":"m"})", R"({"id":1})", "{}", "7", "null",
                           R"({"jsonrpc":"2.0","id":null,"method":"m"})"}) {
    EXPECT_FALSE(bad(text).unanswerable) << text;
  }
}

TEST(jsonrpc, ignores_members_it_does_not_know) {
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"method":"m","x":1,"x":2})").method, "m");
}

TEST(jsonrpc, text_must_be_json_without_byte_order_mark) {
  std::string fine = R"({"a":1})", marked = "\xEF\xBB\xBF{}", broken = "{", empty;
  EXPECT_FALSE(validate_text(fine));
  for (auto* text : {&marked, &broken, &empty}) {
    const auto fault = validate_text(*text);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, code::parse_error);
  }
}

TEST(jsonrpc, keys_of_ids_differ_by_type_and_not_by_spelling) {
  const auto key = [](std::string_view id) { return id_key(json::value(id)); };
  EXPECT_NE(key("1"), key(R"("1")"));
  EXPECT_EQ(key(R"("a")"), key(R"("\u0061")"));
  EXPECT_EQ(key("0"), key("-0"));
  EXPECT_NE(key("18446744073709551615"), key("18446744073709551614"));
}

TEST(jsonrpc, writes_errors_with_and_without_id) {
  EXPECT_EQ(error_reply({}, -32700, "a \"b\""),
            R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"a \"b\""}})");
  EXPECT_EQ(error_reply_null_id(-32700, "x"),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}})");
  EXPECT_EQ(error_reply(json::value(std::string_view("5")), 1, "x", R"({"y":2})"),
            R"({"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"x","data":{"y":2}}})");
}

}  // namespace
}  // namespace longhaul::protocol
