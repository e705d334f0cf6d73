// SPDX-License-Identifier: Apache-2.0
// A bare LF inside a quoted chunk extension was taken. A proxy that ends the line there sees other
// chunks than we do, and what one client sends becomes another's request. So for every byte that
// says where something ends: what HTTP does not allow there is a 400, and the end.
#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using namespace std::string_literals;
using test::client;
using test::reply;

class framing : public test::over_both {
 protected:
  void expect_refused(const std::string& bytes) {
    client peer = connect();
    peer.send(bytes);
    const reply got = peer.read_reply();
    EXPECT_EQ(got.status, 400) << ::testing::PrintToString(bytes);
    EXPECT_EQ(got.header("connection"), "close");
    EXPECT_TRUE(peer.closed_by_peer());
  }
  void expect_taken(const std::string& bytes, const std::string& body) {
    client peer = connect();
    ASSERT_TRUE(peer.send(bytes + test::post("next")));
    EXPECT_EQ(peer.read_reply().body, body) << ::testing::PrintToString(bytes);
    EXPECT_EQ(peer.read_reply().body, "next") << ::testing::PrintToString(bytes);
  }
};

const std::string chunked = test::post_head + "Transfer-Encoding: chunked\r\n\r\n";
const std::string end = "0\r\n\r\n";

TEST_P(framing, chunk_headers_hold_nothing_that_is_not_theirs) {
  start();
  for (const std::string& line : {
           "1;a=\"x\ny\""s,
           "1;a=\"x\ry\""s,
           "1;a=\"x\0y\""s,
           "1;a=\"\x7f\""s,
           "1;a=\"\\\n\""s,
           "1;a=\"\x01\""s,
           "1;a=x\ny"s,
           "1;a\nb"s,
           "1;\n"s,
           "1\n;a"s,
           "1;a=\"x\"y"s,
           "1;=x"s,
           "1;a="s,
           "1;"s,
           "1;;"s,
           "1; "s,
           "1 "s,
           " 1"s,
           "1 a"s,
           "1;a b"s,
           "1;a=b c"s,
           "1;a=\x80"s,
           "\r"s,
           "+1"s,
           "-1"s,
           "0x1"s,
           "1\r"s,
           "1\0"s,
           ""s,
           ";a"s,
           "1,1"s,
           "00000000000000001"s,
           "1;a=\"x"s,
       }) {
    expect_refused(chunked + line + "\r\nx\r\n" + end);
    expect_refused(chunked + "1\r\ny\r\n" + line + "\r\nx\r\n" + end);
  }
  for (const std::string& line : {"0\n"s, "0;a=\"\n\""s, "0 "s, "0;"s}) {
    expect_refused(chunked + "1\r\nx\r\n" + line + "\r\n\r\n");
  }
}

TEST_P(framing, lines_of_chunks_end_with_cr_lf_alone) {
  start();
  for (const std::string& body :
       {"1\nx\r\n"s, "1\r\nx\n"s, "1\rx\r\n"s, "1\r\nx\r"s, "1\r\nxx\r\n"s, "1\r\nx\r\r\n"s,
        "1\r\nx\n\n"s, "1\r\n\r\n\r\n"s}) {
    expect_refused(chunked + body + end + end);
  }
  for (const std::string& last : {"0\n\n"s, "0\r\n\n"s, "0\r\n\r\r"s, "0\n\r\n"s}) {
    expect_refused(chunked + "1\r\nx\r\n" + last);
  }
}

TEST_P(framing, trailers_are_headers_by_their_form) {
  start();
  for (const std::string& trailer :
       {"a: b\nc: d"s, "a: b\rc: d"s, "a: b\0"s, "a b: c"s, "a"s, ": b"s, "a : b"s, " a: b"s,
        "a: b\r\n c"s, "a: \x01"s, "a: b\r\n\tc: d"s, "(a): b"s}) {
    expect_refused(chunked + "1\r\nx\r\n0\r\n" + trailer + "\r\n\r\n");
  }
}

TEST_P(framing, heads_too) {
  start();
  for (const std::string& line : {"X: a\nY: b"s,
                                  "X: a\rY: b"s,
                                  "X: a\0b"s,
                                  "X: a\r\n b"s,
                                  "X: a\r\n\tb"s,
                                  "X : a"s,
                                  "X\t: a"s,
                                  " X: a"s,
                                  "X\0: a"s,
                                  "X(: a"s,
                                  "\x80X: a"s,
                                  "X: \x7f"s,
                                  "X: \x1b[0m"s,
                                  "X"s,
                                  "Content-Length: 0\nContent-Length: 5"s,
                                  "Content-Length:\r\n 5"s,
                                  "Content-Length: +5"s,
                                  "Content-Length: 5 5"s,
                                  "Content-Length: 5,5"s,
                                  "Content-Length: 0x5"s,
                                  "Content-Length:"s,
                                  "Content-Length: 5\r\nContent-Length: 05x"s,
                                  "Transfer-Encoding: chunked;a=b"s,
                                  "Transfer-Encoding:"s,
                                  "Transfer-Encoding: \"chunked\""s,
                                  "Transfer-Encoding: ,chunked"s,
                                  "Transfer-Encoding\n: chunked"s,
                                  "Connection: a b"s}) {
    expect_refused(test::post_head + line + "\r\n\r\n" + end);
  }
  for (const std::string& line :
       {"POST /mcp HTTP/1.1\nHost: localhost"s, "POST /mcp HTTP/1.1\rHost: localhost"s,
        "POST  /mcp HTTP/1.1"s, "POST /mcp  HTTP/1.1"s, " POST /mcp HTTP/1.1"s,
        "POST\t/mcp HTTP/1.1"s, "POST /m\0cp HTTP/1.1"s, "POST /m cp HTTP/1.1"s,
        "POST /mcp HTTP/1.1 "s, "POST /mcp http/1.1"s, "POST /mcp HTTP/1.2"s, "POST /mcp"s,
        "\nPOST /mcp HTTP/1.1"s, "PO(ST /mcp HTTP/1.1"s, "POST /mcp HTTP/1.1\x0b"s}) {
    expect_refused(line + "\r\nHost: localhost\r\n\r\n");
  }
}

// TLS spoken to a plain port, or binary data, has no end of a line that one could wait for.
TEST_P(framing, what_cannot_become_a_request_is_told_at_once) {
  start();
  expect_refused("\x16\x03\x01\x02\x00\x01\x00"s);
  expect_refused("\0"s);
}

TEST_P(framing, what_http_allows_is_taken) {
  start();
  for (const std::string& line :
       {"1"s, "01"s, "1;a"s, "1;a=b"s, "1;a=\"b\""s, "1;a=\"\\\"\\\\\t \x80\""s, "1;a;b=c;d=\"\""s,
        "1 ; a = b ; c"s, "1;\ta\t=\t\"b\"\t;c"s}) {
    expect_taken(chunked + line + "\r\nx\r\n" + end, "x");
    expect_taken(chunked + "1\r\nx\r\n0" + line.substr(line.find('1') + 1) + "\r\n\r\n", "x");
  }
  expect_taken(chunked + "A\r\n0123456789\r\na\r\n0123456789\r\n" + end, "01234567890123456789");
  expect_taken(chunked + "1\r\nx\r\n0\r\na: b\r\nC-d:\r\ne:\tf \x80\r\n\r\n", "x");
  expect_taken(chunked + "1\r\n\n\r\n" + end, "\n");
  expect_taken(test::post_head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "x");
  expect_taken(
      test::post_head + "Content-Length: 1\r\nX:\r\nY: \x80\t \r\nConnection: , a ,b\r\n\r\nx",
      "x");
  expect_taken("\r\n" + test::post_head + "Content-Length: 1\r\n\r\nx\r\n", "x");
}

INSTANTIATE_TEST_SUITE_P(over, framing, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
