// SPDX-License-Identifier: Apache-2.0
#include "longhaul/result.hpp"

#include <gtest/gtest.h>

#include <array>

namespace results {
struct report {
  int done = 0;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(report, (), (done, note))
}  // namespace results

namespace longhaul {
namespace {

using results::report;

template <class T>
std::string body(const T& value) {
  return std::string(value.to_outcome().body.view());
}
std::string body(const content_item& item) { return std::string(item.json().view()); }

TEST(content_item, text) {
  EXPECT_EQ(body(text("a\"\n")), R"({"type":"text","text":"a\"\n"})");
  EXPECT_EQ(body(text("")), R"({"type":"text","text":""})");
  EXPECT_EQ(body(text("\xFF")), "{\"type\":\"text\",\"text\":\"\xEF\xBF\xBD\"}");
}

TEST(content_item, bytes_are_base64) {
  // RFC 4648, section 10.
  constexpr std::array<std::pair<const char*, const char*>, 7> vectors{{{"", ""},
                                                                        {"f", "Zg=="},
                                                                        {"fo", "Zm8="},
                                                                        {"foo", "Zm9v"},
                                                                        {"foob", "Zm9vYg=="},
                                                                        {"fooba", "Zm9vYmE="},
                                                                        {"foobar", "Zm9vYmFy"}}};
  for (const auto& [bytes, encoded] : vectors) {
    EXPECT_EQ(
        body(image(bytes, "image/png")),
        R"({"type":"image","data":")" + std::string(encoded) + R"(","mimeType":"image/png"})");
  }
  const std::array<std::byte, 3> raw{std::byte{0}, std::byte{0xFF}, std::byte{0x80}};
  EXPECT_EQ(body(audio(raw, "audio/wav")),
            R"({"type":"audio","data":"AP+A","mimeType":"audio/wav"})");
  EXPECT_EQ(body(image(raw, "image/x")), R"({"type":"image","data":"AP+A","mimeType":"image/x"})");
  EXPECT_EQ(body(audio("f", "audio/wav")),
            R"({"type":"audio","data":"Zg==","mimeType":"audio/wav"})");
}

TEST(content_item, resources) {
  EXPECT_EQ(body(embedded_text("file:///a", "text/plain", "hi")),
            R"({"type":"resource","resource":{"uri":"file:///a","mimeType":"text/plain",)"
            R"("text":"hi"}})");
  EXPECT_EQ(body(embedded_blob("x:1", "", "foo")),
            R"({"type":"resource","resource":{"uri":"x:1","blob":"Zm9v"}})");
  EXPECT_EQ(body(resource_link("x:1", "one")),
            R"({"type":"resource_link","uri":"x:1","name":"one"})");
  EXPECT_EQ(body(resource_link(
                "x:1", "one",
                {.title = "One", .description = "First", .mime_type = "text/csv", .size = 12})),
            R"({"type":"resource_link","uri":"x:1","name":"one","title":"One",)"
            R"("description":"First","mimeType":"text/csv","size":12})");
}

TEST(content_item, annotations_and_meta) {
  const auto item = text("a")
                        .annotated(raw_json::trusted(R"({"audience":["user"]})"))
                        .with_meta(raw_json::trusted(R"({"k":1})"));
  EXPECT_EQ(body(item),
            R"({"type":"text","text":"a","annotations":{"audience":["user"]},"_meta":{"k":1}})");
  EXPECT_EQ(body(item.with_meta(raw_json::trusted("{}"))),
            R"({"type":"text","text":"a","annotations":{"audience":["user"]},"_meta":{}})");
  EXPECT_THROW((void)text("a").with_meta(raw_json::trusted("[]")), std::invalid_argument);
}

TEST(content_item, one_written_by_hand) {
  EXPECT_EQ(body(content_item(raw_json::trusted(R"({"type":"new"})"))), R"({"type":"new"})");
  for (const char* bad : {"[]", "{}", R"({"type":1})"}) {
    EXPECT_THROW(content_item(raw_json::trusted(bad)), std::invalid_argument);
  }
  EXPECT_THROW(content_item(raw_json{}), std::invalid_argument);
}

TEST(tool_result, always_has_content) {
  EXPECT_EQ(body(tool_result()), R"({"content":[]})");
  EXPECT_FALSE(tool_result().to_outcome().is_error);
  EXPECT_FALSE(tool_result().to_outcome().is_protocol_error);
}

TEST(tool_result, everything) {
  auto all = contents(text("a"), text("b"));
  all.structured(raw_json::trusted(R"({"k":1})")).meta(raw_json::trusted(R"({"m":2})")).as_error();
  EXPECT_EQ(body(all), R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],)"
                       R"("structuredContent":{"k":1},"isError":true,"_meta":{"m":2}})");
  EXPECT_TRUE(all.to_outcome().is_error);
  EXPECT_FALSE(all.to_outcome().is_protocol_error) << "a tool's error is a result";
}

TEST(tool_result, ways_to_say_several_items) {
  const std::string both = R"({"content":[{"type":"text","text":"["},{"type":"text","text":"b"}]})";
  EXPECT_EQ(body(contents(text("["), text("b"))), both);
  EXPECT_EQ(body(contents({text("["), text("b")})), both);
  EXPECT_EQ(body(tool_result{text("["), text("b")}), both);
  EXPECT_EQ(body(tool_result().add(text("[")).add(text("b"))), both);
  EXPECT_EQ(body(contents()), R"({"content":[]})");
}

TEST(tool_result, structured_content_is_an_object) {
  EXPECT_THROW(tool_result().structured(raw_json::trusted("[1]")), std::invalid_argument);
  EXPECT_THROW(tool_result().structured(raw_json()), std::invalid_argument);
  EXPECT_THROW(tool_result().meta(raw_json::trusted("1")), std::invalid_argument);
  EXPECT_EQ(body(structured(report{3, "x\""})),
            R"({"content":[{"type":"text","text":"{\"done\":3,\"note\":\"x\\\"\"}"}],)"
            R"("structuredContent":{"done":3,"note":"x\""}})");
}

TEST(raw_result, is_passed_on_as_it_is) {
  const auto json = raw_json::trusted(R"({"isError":true,"content":[],"x":1.0})");
  const outcome end = raw_result(json).to_outcome();
  EXPECT_EQ(end.body, json);
  EXPECT_TRUE(end.is_error);
  EXPECT_FALSE(raw_result(raw_json::trusted(R"({"content":[]})")).to_outcome().is_error);
  for (const char* bad : {"[]", "{}", R"({"content":{}})", "null"}) {
    EXPECT_THROW(raw_result(raw_json::trusted(bad)), std::invalid_argument) << bad;
  }
  EXPECT_THROW(raw_result(raw_json{}), std::invalid_argument);
}

template <class T>
std::string returned(T value) {
  const handler_result result = detail::to_handler_result(std::move(value));
  return result ? std::string(result->body.view()) : "null";
}

TEST(to_handler_result, each_type_that_a_handler_may_return) {
  const std::string one = R"({"content":[{"type":"text","text":"a"}]})";
  EXPECT_EQ(returned(std::string("a")), one);
  EXPECT_EQ(returned("a"), one);
  EXPECT_EQ(returned(std::string_view("a")), one);
  EXPECT_EQ(returned(text("a")), one);
  EXPECT_EQ(returned(contents(text("a"))), one);
  EXPECT_EQ(returned(raw_result(raw_json::trusted(one))), one);
  EXPECT_EQ(returned(outcome::result(raw_json::trusted("{}"))), "{}");
  EXPECT_EQ(returned(handler_result()), "null");
  EXPECT_EQ(returned(handler_result(outcome::result(raw_json::trusted("{}")))), "{}");
  EXPECT_EQ(returned(external{}), "null");
  EXPECT_EQ(
      returned(report{1, std::nullopt}),
      R"({"content":[{"type":"text","text":"{\"done\":1}"}],"structuredContent":{"done":1}})");
}

}  // namespace
}  // namespace longhaul
