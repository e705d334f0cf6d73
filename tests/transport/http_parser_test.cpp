// SPDX-License-Identifier: Apache-2.0
// The parser against Boost.Beast's full one, over valid and broken requests in random pieces: the
// same verdict, the same request, and the same number of bytes taken, but for what we refuse and
// Beast takes.
#include "transport/http_parser.hpp"

#include <gtest/gtest.h>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <random>

#include "support/seed.hpp"

namespace longhaul::transport {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t small_header = 600, max_body = 200;

struct outcome {
  parse_fault fault = parse_fault::none;
  bool done = false;
  std::size_t taken = 0;  // of a whole one
  std::string method, target, host, session, body;
  bool operator==(const outcome&) const = default;
};

void PrintTo(const outcome& o, std::ostream* out) {
  *out << "fault " << static_cast<int>(o.fault) << ", done " << o.done << ", taken " << o.taken
       << " [" << o.method << "] [" << o.target << "] [" << o.host << "] [" << o.session << "] ["
       << o.body << "]";
}

// Feeds the pieces as a connection does: what was not taken is offered again, with more behind it.
template <class Put>
std::size_t feed(const std::string& text, const std::vector<std::size_t>& sizes, const Put& put) {
  std::size_t taken = 0, available = 0;
  for (std::size_t i = 0; available < text.size(); ++i) {
    available = std::min(text.size(), available + sizes[i % sizes.size()]);
    while (taken < available) {
      std::size_t now = 0;
      const bool over = put(std::string_view(text).substr(taken, available - taken), now);
      taken += now;
      if (over) return taken;
      if (now == 0) break;
    }
  }
  return taken;
}

outcome ours(http_parser& parser, const std::string& text, const std::vector<std::size_t>& sizes) {
  outcome result;
  parser.reset();
  result.taken = feed(text, sizes, [&](std::string_view bytes, std::size_t& now) {
    now = parser.put(bytes);
    return parser.done() || parser.fault() != parse_fault::none;
  });
  result.fault = parser.fault();
  result.done = parser.done() && result.fault == parse_fault::none;
  if (!result.done) {
    result.taken = 0;
    return result;
  }
  const wire::http_request request = parser.request("peer");
  result.method = request.method;
  result.target = parser.target();
  result.host = parser.several_hosts() ? "several" : parser.host();
  result.session = request.session_id.value_or("none");
  result.body = parser.take_body();
  return result;
}

// Beast adds trailers to the fields, so these are read when the head is complete: until then the
// parser is not eager. A broken chunked body can make trailers of the next request's headers.
outcome beasts(const std::string& text, const std::vector<std::size_t>& sizes) {
  outcome result;
  std::string host, session;
  http::request_parser<http::string_body> parser;
  const auto& request = parser.get();
  const auto header = [&](const char* name, const char* absent) {
    const auto at = request.find(name);
    return at == request.end() ? std::string(absent) : std::string(at->value());
  };
  parser.header_limit(small_header);
  parser.body_limit(max_body);
  result.taken = feed(text, sizes, [&](std::string_view bytes, std::size_t& now) {
    if (parser.is_header_done() && parser.chunked() && bytes.size() < 5) return false;  // see below
    boost::beast::error_code error;
    now = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (parser.is_header_done() && !parser.eager()) {
      host = request.count("host") > 1 ? "several" : header("host", "");
      session = header("mcp-session-id", "none");
      parser.eager(true);
      if (!error && !parser.is_done() && now < bytes.size()) {
        now += parser.put(boost::asio::buffer(bytes.data() + now, bytes.size() - now), error);
      }
    }
    if (error == http::error::need_more) error = {};
    if (error == http::error::body_limit) {
      result.fault = parse_fault::body_too_large;
    } else if (error == http::error::header_limit) {
      result.fault = parse_fault::header_too_large;
    } else if (error) {
      result.fault = parse_fault::malformed;
    }
    return error || parser.is_done();
  });
  result.done = parser.is_done() && result.fault == parse_fault::none;
  if (!result.done) {
    result.taken = 0;
    return result;
  }
  result.method = std::string(request.method_string());
  result.target = std::string(request.target());
  result.host = host;
  result.session = session;
  result.body = request.body();
  return result;
}

class generator {
 public:
  explicit generator(std::uint64_t seed) : random_(seed) {}

  std::string request() {
    std::string text = pick({"POST", "GET", "DELETE", "post", "X-Y"}) + " " +
                       pick({"/mcp", "/", "/a?b=c", "*", "http://x/mcp"}) + " " +
                       pick({"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"}) + "\r\n";
    if (one_in(2)) text += "Host: localhost" + pick({"", ":80"}) + "\r\n";
    for (std::size_t n = below(4); n > 0; --n) {
      text += pick({"X: y", "Accept: a/b", "Empty:", "Folded: a\r\n b", "Tabs:\t v \t",
                    "Connection: close", "Expect: 100-continue"}) +
              "\r\n";
    }
    if (one_in(2))
      text += "Mcp-Session-Id:" + pick({" ", "", "  "}) + "s" + pick({"", " "}) + "\r\n";
    if (one_in(20)) text += "Long: " + std::string(below(900), 'x') + "\r\n";
    const std::string body(one_in(10) ? below(400) : below(40), 'b');
    switch (below(3)) {
      case 0:
        return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
      case 1:
        return text + "Transfer-Encoding: chunked\r\n\r\n" + chunks(body);
      default:
        return text + "\r\n";
    }
  }

  std::string broken(std::string text) {
    for (std::size_t n = 1 + below(3); n > 0 && !text.empty(); --n) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(random_());
          break;
        case 1:
          text.erase(at, 1 + below(4));
          break;
        case 2:
          text.insert(at, pick({"\r", "\n", "\r\n", " ", ":", "\t", "Content-Length: 3\r\n", "0"}));
          break;
        default:
          text.resize(at);
      }
    }
    return text;
  }

  std::vector<std::size_t> sizes() {
    std::vector<std::size_t> result;
    const std::size_t largest = pick_size();
    for (int i = 0; i < 16; ++i) result.push_back(1 + below(largest));
    return result;
  }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  std::size_t pick_size() { return std::vector<std::size_t>{1, 5, 50, 2000}[below(4)]; }
  std::string pick(std::vector<std::string> list) { return list[below(list.size())]; }
  std::string chunks(const std::string& body) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t size = std::min(1 + below(15), body.size() - at);
      text += std::string(one_in(5) ? "0" : "") + digits[size] + pick({"", "", ";a=b"}) + "\r\n" +
              body.substr(at, size) + "\r\n";
      at += size;
    }
    return text + "0\r\n" + pick({"", "", "Trailer: x\r\n"}) + "\r\n";
  }

  std::mt19937_64 random_;
};

// What we refuse and Beast takes: transfer codings other than `chunked`; what is no chunk header or
// trailer by the grammar, or is larger than both may be; folded headers; lists of lengths. What is
// wrong is told as soon as its line is there, while Beast waits for the end of the head.
bool stricter(const std::string& text, const outcome& mine, const outcome& theirs) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto has = [&](const char* what) { return lower.find(what) != std::string::npos; };
  if (mine.fault == parse_fault::header_too_large) return has("transfer-encoding");
  if (mine.fault != parse_fault::malformed) return false;
  const bool incomplete = theirs.fault == parse_fault::none && !theirs.done;
  return incomplete || has("transfer-encoding") || has("\r\n ") || has("\r\n\t") ||
         (has("content-length") && has(","));
}

// To Beast these are headers wherever they stand, so it finds fault with trailers that we drop.
bool has_framing_trailer(const std::string& text) {
  const std::size_t trailers = text.find("\r\n0");
  for (const char* name : {"Content-Length:", "Transfer-Encoding:", "Connection:"}) {
    const std::size_t at = text.rfind(name);
    if (trailers != std::string::npos && at != std::string::npos && at > trailers) return true;
  }
  return false;
}

// Our bound is of the whole head, to the byte; Beast's is of its two parts.
bool head_too_large(const std::string& text) {
  const std::size_t end = text.find("\r\n\r\n");
  return (end == std::string::npos ? text.size() : end + 4) > small_header;
}

TEST(http_parser, agrees_with_beast_in_any_pieces) {
  generator make(longhaul::test::random_seed());
  http_parser parser(small_header, max_body);
  std::map<parse_fault, int> faults;
  int whole = 0, skipped = 0;
  for (int round = 0; round < 12'000 / longhaul::test::slowdown; ++round) {
    std::string text = make.request();
    if (make.one_in(2)) text = make.broken(text);
    if (make.one_in(3)) text += make.request();  // pipelined: must not be touched
    const auto sizes = make.sizes();
    const outcome mine = ours(parser, text, sizes), theirs = beasts(text, sizes);
    ++faults[mine.fault];
    whole += mine.done ? 1 : 0;
    // Pieces change nothing.
    ASSERT_EQ(ours(parser, text, {text.size() + 1}), mine) << text;
    if (head_too_large(text)) {
      ASSERT_TRUE(mine.fault != parse_fault::none) << text;
      continue;
    }
    if (text.starts_with("\r\n")) continue;  // which we pass over
    const bool cut = text.find("\r\n\r\n") == std::string::npos;
    // Beast tells a head that is too large some bytes early.
    if (cut && theirs.fault == parse_fault::header_too_large) continue;
    if (cut && mine.fault == parse_fault::none && theirs.fault == parse_fault::malformed) {
      // We wait for the end of the line.
      ASSERT_NE(ours(parser, text + "\r\n", sizes).fault, parse_fault::none) << text;
      continue;
    }
    if (mine.done && has_framing_trailer(text)) continue;
    if (mine.fault != theirs.fault && stricter(text, mine, theirs)) {
      ++skipped;
      continue;
    }
    if (mine.fault != parse_fault::none) {
      ASSERT_EQ(mine.fault, theirs.fault) << text;
    } else {
      ASSERT_EQ(mine, theirs) << text;
    }
  }
  EXPECT_GT(whole, 1000 / longhaul::test::slowdown);
  EXPECT_LT(skipped, 4000 / longhaul::test::slowdown);
  EXPECT_GT(faults[parse_fault::malformed], 0);
  EXPECT_GT(faults[parse_fault::header_too_large], 0);
  EXPECT_GT(faults[parse_fault::body_too_large], 0);
}

// Beast asserts at least five bytes behind an empty chunked body's "0\r\n": in a build with
// assertions, a client could end the server with one request in small pieces.
TEST(http_parser, an_empty_chunked_body_may_come_byte_by_byte) {
  http_parser parser(small_header, max_body);
  const outcome got =
      ours(parser, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {1});
  EXPECT_TRUE(got.done);
  EXPECT_EQ(got.body, "");
}

// The trailers came through as headers: a session or a Host that no proxy had seen.
TEST(http_parser, trailers_are_no_headers) {
  http_parser parser(small_header, max_body);
  const outcome got = ours(parser,
                           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
                           "Host: localhost\r\nMcp-Session-Id: s\r\nMcp-Param-X: y\r\n\r\n",
                           {1000});
  EXPECT_TRUE(got.done);
  EXPECT_EQ(got.host, "");
  EXPECT_EQ(got.session, "none");
  EXPECT_TRUE(parser.request("").mcp_params.empty());
}

TEST(http_parser, is_reused_without_remains) {
  http_parser parser(small_header, max_body);
  parser.put(
      "POST /a HTTP/1.1\r\nHost: a\r\nHost: b\r\nMcp-Session-Id: 1\r\nMcp-Session-Id: 2\r\n"
      "Mcp-Param-X: y\r\nOrigin: o\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx");
  ASSERT_TRUE(parser.done());
  EXPECT_TRUE(parser.several_hosts());
  EXPECT_TRUE(parser.wants_continue());
  EXPECT_EQ(parser.request("").mcp_params.size(), 1u);
  parser.reset();
  parser.put("GET /b HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(parser.done());
  EXPECT_FALSE(parser.several_hosts());
  EXPECT_FALSE(parser.wants_continue());
  EXPECT_EQ(parser.host().data(), nullptr);
  EXPECT_EQ(parser.origin().data(), nullptr);
  const wire::http_request request = parser.request("");
  EXPECT_EQ(request.method, "GET");
  EXPECT_FALSE(request.session_id);
  EXPECT_TRUE(request.mcp_params.empty());
  EXPECT_TRUE(request.repeated_header.empty());
  EXPECT_EQ(parser.take_body(), "");
}

TEST(http_parser, an_empty_origin_is_there_and_an_absent_one_is_not) {
  http_parser parser(small_header, max_body);
  parser.put("GET / HTTP/1.1\r\nOrigin:\r\n\r\n");
  ASSERT_TRUE(parser.done());
  EXPECT_NE(parser.origin().data(), nullptr);
  EXPECT_TRUE(parser.origin().empty());
}

TEST(http_parser, keeps_a_trace_whose_lists_are_split_over_headers) {
  http_parser parser(small_header, max_body);
  for (int round = 0; round < 2; ++round) {
    parser.reset();
    const std::string text =
        "POST /mcp HTTP/1.1\r\nHost: a\r\nTraceparent: 00-1\r\ntracestate: a=1\r\n"
        "TraceState:  b=2 \r\nBAGGAGE: c=3\r\ntraceparent: 00-2\r\nContent-Length: 0\r\n\r\n";
    parser.put(text);
    ASSERT_TRUE(parser.done());
    const auto request = parser.request("127.0.0.1");
    EXPECT_EQ(request.traceparent, "00-1");
    EXPECT_EQ(request.tracestate, "a=1, b=2");
    EXPECT_EQ(request.baggage, "c=3");
    EXPECT_EQ(request.repeated_header, "");  // a trace is no reason to refuse a request
  }
  parser.reset();
  parser.put("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto request = parser.request("127.0.0.1");
  EXPECT_FALSE(request.traceparent || request.tracestate || request.baggage);
}

}  // namespace
}  // namespace longhaul::transport
