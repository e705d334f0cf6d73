// SPDX-License-Identifier: Apache-2.0
// The machine of one connection, without a socket: bytes in, actions out, at a time that the test
// owns. What the endpoint and the identifier say, the test says.
#include "transport/http_exchange.hpp"

#include <cstring>

#include "auth/identify.hpp"
#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using namespace std::chrono_literals;
using state = http_exchange::state;
using step = http_exchange::step;
using alarm = http_exchange::alarm;
using test::post;

std::vector<wire::stream_event> messages(const std::vector<std::string>& texts) {
  std::vector<wire::stream_event> events(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    events[i].data = std::make_shared<const std::string>(texts[i]);
  }
  return events;
}

class machine : public ::testing::Test {
 protected:
  // `opening`: over TLS.
  http_exchange& begin(bool opening = false) {
    paths.emplace(options, true, endpoint);
    shared.emplace(exchange_context{options, *paths, bodies, open_bodies, meters});
    return exchange.emplace(*shared, "192.0.2.7", opening, now);
  }

  // What the driver does without a decision of the test: reads of `bytes` all that is wanted.
  void feed(std::string_view bytes, std::size_t at_once = 100'000) {
    while (!bytes.empty() && exchange->next() == step::read) {
      const auto room = exchange->room();
      const std::size_t size = std::min({bytes.size(), room.size(), at_once});
      std::memcpy(room.data(), bytes.data(), size);
      exchange->received(size, now);
      bytes.remove_prefix(size);
      if (exchange->next() == step::identify) exchange->identified(known(), now);
    }
    rest = bytes;
  }
  // Bytes that come while the endpoint has a request.
  void feed_ahead(std::string_view bytes) {
    const auto room = exchange->room();
    ASSERT_LE(bytes.size(), room.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    exchange->received(bytes.size(), now);
  }
  // Takes the output, at most so many bytes at once.
  std::string drain(std::size_t at_once = 100'000) {
    std::string all;
    while (exchange->has_output()) {
      const pieces parts = exchange->output();
      const std::string next = (std::string(parts[0]) += parts[1]).substr(0, at_once);
      all += next;
      exchange->written(next.size(), now);
    }
    if (exchange->next() == step::identify) exchange->identified(known(), now);
    return all;
  }
  static auth::identification known() {
    auth::identification result;
    result.who = std::make_shared<auth::caller>(auth::local_caller());
    return result;
  }
  // The endpoint answers with the body that came.
  void answer() {
    ASSERT_EQ(exchange->next(), step::handle);
    wire::http_reply reply;
    reply.body = exchange->take_body();
    exchange->handled(std::move(reply), now);
  }
  static int status_of(const std::string& reply) {
    return reply.empty() ? 0 : std::stoi(reply.substr(reply.find(' ') + 1));
  }

  http_options options;
  test::scripted_endpoint endpoint;
  body_memory bodies{options.max_body_memory}, open_bodies{options.max_open_body_memory};
  http_meters meters;
  std::optional<routes> paths;
  std::optional<exchange_context> shared;
  std::optional<http_exchange> exchange;
  http_exchange::time now{1h};
  std::string_view rest;  // of what was fed
};

TEST_F(machine, goes_from_reading_to_handling_to_writing_and_begins_again) {
  begin();
  EXPECT_EQ(exchange->at(), state::idle);
  for (int i = 0; i < 3; ++i) {
    feed(post("hello"));
    ASSERT_EQ(exchange->at(), state::handling);
    EXPECT_EQ(exchange->request().method, "POST");
    EXPECT_EQ(exchange->request().peer_address, "192.0.2.7");
    EXPECT_EQ(exchange->request().caller->owner, "local");
    answer();
    ASSERT_EQ(exchange->next(), step::write);
    const std::string reply = drain();
    EXPECT_EQ(status_of(reply), 200);
    EXPECT_TRUE(reply.ends_with("\r\n\r\nhello")) << reply;
    EXPECT_EQ(exchange->at(), state::idle);
    EXPECT_EQ(exchange->next(), step::read);
  }
}

TEST_F(machine, does_the_same_with_bytes_one_at_a_time) {
  begin();
  for (const std::string& request :
       {post("{}"),
        test::post_head + "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nA: b\r\n\r\n"}) {
    feed(request, 1);
    ASSERT_EQ(exchange->at(), state::handling) << request;
    answer();
    EXPECT_TRUE(drain(1).ends_with("\r\n\r\n{}"));
  }
}

TEST_F(machine, answers_pipelined_requests_in_order) {
  begin();
  feed(post("1") + post("2") + post("3"));
  for (const char* body : {"1", "2", "3"}) {
    answer();
    EXPECT_TRUE(drain().ends_with(std::string("\r\n\r\n") + body)) << body;
  }
  EXPECT_EQ(exchange->at(), state::idle);
}

TEST_F(machine, keeps_what_is_sent_ahead_to_a_bound) {
  begin();
  feed(post("1"));
  exchange->expect_wait(now);
  feed_ahead(post("2"));
  EXPECT_FALSE(exchange->full_ahead());
  while (!exchange->full_ahead()) feed_ahead(std::string(4000, 'x'));
  EXPECT_EQ(exchange->at(), state::handling);
  answer();
  drain();
  EXPECT_EQ(exchange->at(), state::handling);
  EXPECT_EQ(exchange->take_body(), "2");
}

TEST_F(machine, empty_lines_between_requests_are_nothing) {
  begin();
  feed("\r\n\r\n");
  EXPECT_EQ(exchange->at(), state::idle);
  now += options.head_time;
  EXPECT_EQ(exchange->sweep(now), alarm::none) << "no head has begun";
  feed("\r\nPOST");
  EXPECT_EQ(exchange->at(), state::head);
}

TEST_F(machine, invites_the_body_once_when_it_is_waited_for) {
  begin();
  const std::string request = post("body", "Expect: 100-continue\r\n");
  feed(request.substr(0, request.size() - 4));
  ASSERT_EQ(exchange->at(), state::body);
  ASSERT_EQ(exchange->next(), step::write);
  EXPECT_EQ(drain(), "HTTP/1.1 100 Continue\r\n\r\n");
  feed("bo");
  EXPECT_EQ(exchange->next(), step::read);
  feed("dy");
  answer();
  EXPECT_EQ(status_of(drain()), 200);
  feed(request);  // it came along: nothing to invite
  EXPECT_EQ(exchange->at(), state::handling);
}

TEST_F(machine, invites_nobody_who_is_refused) {
  options.max_body = 3;
  begin();
  feed(test::post_head + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(drain()), 413);
  EXPECT_EQ(exchange->at(), state::lingering);
}

TEST_F(machine, head_gets_the_head_alone) {
  begin();
  feed("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string reply = drain();
  EXPECT_NE(reply.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_TRUE(reply.ends_with("\r\n\r\n"));
  EXPECT_EQ(exchange->at(), state::idle);
}

TEST_F(machine, an_unknown_caller_is_refused_before_the_body_and_may_go_on) {
  begin();
  const std::string request =
      test::post_head + "Content-Length: 4\r\nAuthorization: Bearer x\r\n\r\n";
  const auto room = exchange->room();
  std::memcpy(room.data(), request.data(), request.size());
  exchange->received(request.size(), now);
  ASSERT_EQ(exchange->next(), step::identify);
  EXPECT_EQ(exchange->credentials().authorization, "Bearer x");
  auth::identification nobody;
  nobody.www_authenticate = "Bearer";
  exchange->identified(std::move(nobody), now);
  const std::string reply = drain();
  EXPECT_EQ(status_of(reply), 401);
  EXPECT_NE(reply.find("WWW-Authenticate: Bearer\r\n"), std::string::npos);
  EXPECT_TRUE(reply.ends_with(R"("error":{"code":-32600,"message":"Not authorized"}})")) << reply;
  EXPECT_EQ(endpoint.seen.count("admit"), 0);
  EXPECT_EQ(exchange->at(), state::dropping);
  feed("body");
  EXPECT_EQ(exchange->at(), state::idle);
}

TEST_F(machine, a_failure_to_find_out_who_calls_is_a_500) {
  begin();
  const std::string request = post("x");
  const auto room = exchange->room();
  std::memcpy(room.data(), request.data(), request.size());
  exchange->received(request.size(), now);
  ASSERT_EQ(exchange->next(), step::identify);
  exchange->failed(now);
  EXPECT_EQ(status_of(drain()), 500);
  EXPECT_EQ(exchange->at(), state::idle);
}

TEST_F(machine, methods_and_paths_are_judged_by_the_table) {
  begin();
  feed("PUT /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string reply = drain();
  EXPECT_EQ(status_of(reply), 405);
  EXPECT_NE(reply.find("Allow: GET, POST, DELETE, OPTIONS\r\n"), std::string::npos);
  feed("POST /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  reply = drain();
  EXPECT_NE(reply.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  EXPECT_NE(reply.find("takes GET and HEAD"), std::string::npos);
  feed("GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(status_of(drain()), 404);
  EXPECT_EQ(exchange->at(), state::idle);
}

// 408, 413, 431, 400, 403: what nothing can follow.
TEST_F(machine, lingers_after_what_was_not_read_to_its_end) {
  options.max_header = 500;
  options.max_body = 10;
  const auto refused = [&](const std::string& bytes) {
    begin();
    feed(bytes);
    if (exchange->next() == step::read) {
      now += std::max(options.head_time, options.body_time);
      EXPECT_EQ(exchange->sweep(now), alarm::stop_reading);
    }
    const std::string reply = drain();
    EXPECT_NE(reply.find("Connection: close\r\n"), std::string::npos) << reply;
    EXPECT_EQ(exchange->at(), state::lingering) << bytes;
    return status_of(reply);
  };
  EXPECT_EQ(refused("POST /mcp HT"), 408);
  EXPECT_EQ(refused(test::post_head + "Content-Length: 5\r\n\r\n123"), 408);
  EXPECT_EQ(refused(test::post_head + "Content-Length: 11\r\n\r\n"), 413);
  EXPECT_EQ(refused(test::post_head + "Transfer-Encoding: chunked\r\n\r\nb\r\n"), 413);
  EXPECT_EQ(refused(test::post_head + std::string(600, 'x')), 431);
  EXPECT_EQ(refused("\x16\x03\x01"), 400);
  EXPECT_EQ(refused("POST /mcp HTTP/1.1\r\nHost: evil\r\nContent-Length: 9\r\n\r\n"), 403);
  // What comes is taken, but neither for ever nor without end.
  feed(std::string(100'000, 'x'));
  EXPECT_EQ(exchange->next(), step::read);
  now += tunables::linger_time;
  EXPECT_EQ(exchange->sweep(now), alarm::close);
  refused("POST /mcp HT");
  for (std::size_t taken = 0; taken < tunables::linger_bytes; taken += 1'000'000) {
    feed(std::string(1'000'000, 'x'));
  }
  EXPECT_EQ(exchange->next(), step::close);
}

TEST_F(machine, bytes_that_come_when_the_time_is_up_do_not_undo_it) {
  begin();
  feed("POST /mcp HTTP/1.1\r\n");
  const auto room = exchange->room();
  now += options.head_time;
  ASSERT_EQ(exchange->sweep(now), alarm::stop_reading);
  std::memcpy(room.data(), "Host: localhost\r\n", 17);
  exchange->received(17, now);
  EXPECT_EQ(status_of(drain()), 408);
  EXPECT_EQ(exchange->at(), state::lingering);
}

TEST_F(machine, has_no_room_for_more_bodies_than_there_is_memory) {
  constexpr std::size_t of_small_ones = 1;  // the last quarter is theirs
  ASSERT_TRUE(bodies.take(options.max_body_memory - 1000, of_small_ones));
  begin();
  feed(test::post_head + "Content-Length: 5000\r\n\r\n" + std::string(5000, 'x'));
  std::string reply = drain();
  EXPECT_EQ(status_of(reply), 503);
  EXPECT_NE(reply.find("Retry-After: "), std::string::npos);
  EXPECT_EQ(exchange->at(), state::lingering);
  ASSERT_TRUE(open_bodies.take(options.max_open_body_memory - 500, of_small_ones));
  begin();
  feed(post(std::string(900, 'x')));
  reply = drain();
  EXPECT_EQ(status_of(reply), 503) << "room for reading, but not for waiting";
  EXPECT_EQ(exchange->at(), state::idle) << "it was read whole";
}

TEST_F(machine, gives_back_the_share_of_a_body_with_the_reply) {
  begin();
  feed(post(std::string(5000, 'x')));
  EXPECT_GE(open_bodies.taken(), 5000U);
  EXPECT_EQ(bodies.taken(), 0U);
  answer();
  EXPECT_EQ(open_bodies.taken(), 0U);
}

TEST_F(machine, ends_with_the_reply_if_either_side_wants_to) {
  begin();
  feed(post("x", "Connection: close\r\n"));
  answer();
  EXPECT_NE(drain().find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(exchange->next(), step::close);
  begin();
  feed(post("x"));
  shared->stopping = true;
  answer();
  EXPECT_NE(drain().find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(exchange->next(), step::close);
  begin();
  feed(post("x"));
  answer();
  shared->stopping = true;  // while the reply goes out
  drain();
  EXPECT_EQ(exchange->next(), step::close);
}

TEST_F(machine, streams_what_comes_before_the_reply) {
  begin();
  feed(post("x"));
  exchange->expect_wait(now);
  const auto two = messages({"first", "second"});
  exchange->add_messages(two, now);
  EXPECT_EQ(exchange->at(), state::streaming);
  std::string all = drain(7);
  EXPECT_NE(all.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_TRUE(all.ends_with("data: second\n\n\r\n")) << all;
  wire::http_reply last;
  last.body = "last";
  exchange->handled(std::move(last), now);
  EXPECT_EQ(drain(), "c\r\ndata: last\n\n\r\n0\r\n\r\n");
  EXPECT_EQ(exchange->at(), state::idle);
}

TEST_F(machine, writes_ids_and_when_to_come_again) {
  begin();
  feed(post("x"));
  std::vector<wire::stream_event> events(4);
  events[0].id = "1-1";
  events[1].id = "1-2";
  events[1].data = std::make_shared<const std::string>("{}");
  events[2].id = "1-3";
  events[2].retry = std::chrono::milliseconds(1500);
  exchange->add_messages(events, now);  // the last one is a comment
  wire::http_reply last;
  last.body = "last";
  last.event_id = "1-4";
  exchange->handled(std::move(last), now);
  const std::string all = drain();
  EXPECT_NE(all.find("id: 1-1\ndata: \n\n"), std::string::npos) << all;
  EXPECT_NE(all.find("id: 1-2\ndata: {}\n\n"), std::string::npos) << all;
  EXPECT_NE(all.find("id: 1-3\nretry: 1500\ndata: \n\n"), std::string::npos) << all;
  EXPECT_NE(all.find("\r\n: keep-alive\n\n\r\n"), std::string::npos) << all;
  EXPECT_TRUE(all.ends_with("id: 1-4\ndata: last\n\n\r\n0\r\n\r\n")) << all;
}

TEST_F(machine, a_stream_that_the_endpoint_ends_is_over_before_its_reply) {
  begin();
  feed(post("x"));
  exchange->expect_wait(now);
  exchange->add_messages(messages({"first"}), now);
  exchange->end_stream(now);
  EXPECT_FALSE(exchange->waits());
  exchange->add_messages(messages({"late"}), now);
  EXPECT_TRUE(drain().ends_with("data: first\n\n\r\n0\r\n\r\n"));
  EXPECT_EQ(exchange->at(), state::lingering) << "the request stays where it is";
  wire::http_reply late;
  late.body = "late";
  exchange->handled(std::move(late), now);
  EXPECT_FALSE(exchange->has_output());
  EXPECT_EQ(exchange->sweep(now + tunables::linger_time), http_exchange::alarm::close);
}

TEST_F(machine, a_stream_to_who_knows_no_chunks_ends_with_the_connection) {
  begin();
  feed("POST /mcp HTTP/1.0\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
  const auto one = messages({"first"});
  exchange->add_messages(one, now);
  EXPECT_TRUE(drain().ends_with("\r\n\r\ndata: first\n\n"));
  exchange->handled({}, now);
  EXPECT_EQ(exchange->next(), step::close);
}

TEST_F(machine, says_something_in_a_long_silence) {
  begin();
  feed(post("x"));
  now += options.keep_alive_comment;
  EXPECT_EQ(exchange->sweep(now), alarm::none) << "nobody said that it takes long";
  exchange->expect_wait(now);
  now += options.keep_alive_comment;
  EXPECT_EQ(exchange->sweep(now), alarm::write);
  EXPECT_EQ(exchange->at(), state::streaming);
  EXPECT_TRUE(drain().ends_with(": keep-alive\n\n\r\n"));
  EXPECT_EQ(exchange->sweep(now), alarm::none);
  now += options.keep_alive_comment;
  EXPECT_EQ(exchange->sweep(now), alarm::write);
  begin();
  feed(post("x"));
  exchange->only_reply();
  exchange->expect_wait(now);
  now += options.keep_alive_comment;
  EXPECT_EQ(exchange->sweep(now), alarm::none) << "the client takes no stream";
  answer();
  EXPECT_EQ(status_of(drain()), 200);
}

TEST_F(machine, a_reader_may_be_slow_but_not_still) {
  begin();
  feed(post(std::string(50'000, 'x')));
  answer();
  for (int i = 0; i < 5; ++i) {
    now += options.write_stall_time - 1ms;
    EXPECT_EQ(exchange->sweep(now), alarm::none);
    exchange->written(10'000, now);
  }
  now += options.write_stall_time;
  EXPECT_EQ(exchange->sweep(now), alarm::close);
}

TEST_F(machine, idle_connections_and_handshakes_have_their_time) {
  begin();
  now += options.idle_time;
  EXPECT_EQ(exchange->sweep(now), alarm::close);
  begin(true);
  EXPECT_EQ(exchange->next(), step::open);
  now += options.head_time;
  EXPECT_EQ(exchange->sweep(now), alarm::close) << "nothing can be said before TLS is there";
  begin(true);
  exchange->opened(now);
  EXPECT_EQ(exchange->next(), step::read);
}

TEST_F(machine, the_peer_may_leave_at_every_point) {
  const std::string request = post("body") + post("next");
  for (std::size_t size = 0; size <= request.size(); ++size) {
    begin();
    feed(std::string_view(request).substr(0, size));
    exchange->left();
    EXPECT_EQ(exchange->next(), step::close) << size;
    EXPECT_EQ(exchange->sweep(now + 24h), alarm::none) << size;
  }
  // While the endpoint has it: what the endpoint says afterwards is for nobody.
  begin();
  feed(post("x"));
  exchange->expect_wait(now);
  exchange->left();
  EXPECT_FALSE(exchange->waits());
  const auto one = messages({"late"});
  exchange->add_messages(one, now);
  exchange->handled({}, now);
  exchange->failed(now);
  EXPECT_FALSE(exchange->has_output());
  EXPECT_EQ(exchange->next(), step::close);
  // In the middle of a reply.
  begin();
  feed(post("x"));
  answer();
  exchange->written(3, now);
  exchange->left();
  EXPECT_EQ(exchange->next(), step::close);
  EXPECT_EQ(open_bodies.taken(), 0U);
}

}  // namespace
}  // namespace longhaul::transport
