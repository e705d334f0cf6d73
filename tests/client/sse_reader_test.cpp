// SPDX-License-Identifier: Apache-2.0
#include "client/sse_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace longhaul::test {
namespace {

using remote::sse_event;
using remote::sse_reader;

struct reading {
  std::vector<std::string> data, ids;
  std::string last_id;
  std::optional<std::chrono::milliseconds> retry;
  friend bool operator==(const reading&, const reading&) = default;
};

reading read(const std::vector<std::string>& pieces) {
  reading all;
  sse_reader reader(1'000);
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(reader.feed(piece, [&](sse_event event) {
      all.data.push_back(event.data);
      all.ids.push_back(event.id);
    }));
  }
  all.last_id = reader.last_id();
  all.retry = reader.retry();
  return all;
}

using texts = std::vector<std::string>;

TEST(sse_reader, reads_what_the_standard_says) {
  const struct {
    const char* what;
    std::string stream;
    texts data;
    std::string last_id;
  } table[] = {
      {"one", "data: a\n\n", {"a"}, ""},
      {"CR", "data: a\r\rdata: b\r\r", {"a", "b"}, ""},
      {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", {"a", "b"}, ""},
      {"mixed ends", "data: a\r\ndata: b\n\rdata: c\r\r\n", {"a\nb", "c"}, ""},
      {"a mark of byte order",
       "\xEF\xBB\xBF"
       "data: a\n\n",
       {"a"},
       ""},
      {"that mark later is a name",
       "data: a\n\n\xEF\xBB\xBF"
       "data: b\n\n",
       {"a"},
       ""},
      {"comments", ": hi\n:\n\ndata: a\n: hi\n\n", {"a"}, ""},
      {"no space", "data:a\n\n", {"a"}, ""},
      {"one space only", "data:  a\n\n", {" a"}, ""},
      {"lines", "data: a\ndata\ndata: b\n\n", {"a\n\nb"}, ""},
      {"empty data", "data\n\n", {""}, ""},
      {"not ended", "data: a\n", {}, ""},
      {"not ended, with an id", "id: 1\ndata: a\n\nid: 2\ndata: b\n", {"a"}, "1"},
      {"an id alone", "id: 7\n\n", {}, "7"},
      {"an id stays", "id: 7\ndata: a\n\ndata: b\n\n", {"a", "b"}, "7"},
      {"an empty id takes it back", "id: 7\n\nid\ndata: a\n\n", {"a"}, ""},
      {"an id with a NUL", std::string("id: 7\n\nid: 8\0x\n\n", 17), {}, "7"},
      {"other events", "event: ping\ndata: a\n\nevent: message\ndata: b\n\n", {"b"}, ""},
      {"other events have ids", "event: ping\nid: 3\ndata: a\n\n", {}, "3"},
      {"unknown fields", "datum: a\nfoo\ndata: b\n\n", {"b"}, ""},
      {"a name with a space", "data : a\n\n", {}, ""},
  };
  for (const auto& each : table) {
    const reading seen = read({each.stream});
    EXPECT_EQ(seen.data, each.data) << each.what;
    EXPECT_EQ(seen.last_id, each.last_id) << each.what;
  }
}

TEST(sse_reader, it_does_not_matter_where_a_stream_is_split) {
  const std::string stream =
      "\xEF\xBB\xBF"
      "retry: 20\r\n: hi\r\nid: 1\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n"
      "event: ping\ndata: no\n\nid: \xC3\xA4\rdata: b\r\rdata: c\n\n";
  const reading whole = read({stream});
  EXPECT_EQ(whole.data, (texts{"{\"a\":\n1}", "b", "c"}));
  EXPECT_EQ(whole.ids, (texts{"1", "\xC3\xA4", "\xC3\xA4"}));
  EXPECT_EQ(whole.retry, std::chrono::milliseconds(20));
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    EXPECT_EQ(read({stream.substr(0, i), stream.substr(i)}), whole) << i;
  }
  texts bytes;
  for (const char c : stream) bytes.emplace_back(1, c);
  EXPECT_EQ(read(bytes), whole);
}

TEST(sse_reader, retry_is_a_number_or_nothing) {
  EXPECT_EQ(read({"retry: 1000\n\n"}).retry, std::chrono::milliseconds(1000));
  for (const char* const wrong :
       {"retry: -1\n\n", "retry: 1s\n\n", "retry\n\n", "retry: 99999999999999999999\n\n"}) {
    EXPECT_EQ(read({wrong}).retry, std::nullopt) << wrong;
  }
}

TEST(sse_reader, an_event_over_the_limit_ends_it) {
  const auto feed = [](const std::string& text, std::size_t piece) {
    sse_reader reader(100);
    int events = 0;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      if (!reader.feed(text.substr(at, piece), [&](const sse_event&) { ++events; })) return -1;
    }
    return events;
  };
  for (const std::size_t piece : {1U, 7U, 1000U}) {
    EXPECT_EQ(feed("data: " + std::string(94, 'x') + "\n\n", piece), 1) << piece;
    EXPECT_EQ(feed("data: " + std::string(95, 'x') + "\n\n", piece), -1) << piece;
    EXPECT_EQ(feed("data: " + std::string(1'000, 'x'), piece), -1) << "no line ends";
    EXPECT_EQ(feed(": " + std::string(1'000, 'x'), piece), -1) << "a comment without end";
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "data: xx\n";
    EXPECT_EQ(feed(lines, piece), -1) << "many lines";
    std::string events;
    for (int i = 0; i < 100; ++i) events += "data: xx\n\n";
    EXPECT_EQ(feed(events, piece), 100) << "many events are none too long";
  }
}

}  // namespace
}  // namespace longhaul::test
