// SPDX-License-Identifier: Apache-2.0
#include "bench/load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>

namespace longhaul::bench {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t parser_padding = 64;
constexpr std::size_t first_buffer = 16 * 1024;
constexpr std::size_t largest_reply = 16 * 1024 * 1024;
constexpr auto progress_every = 100ms;
constexpr auto give_up_after = 20s;  // without any reply
constexpr std::size_t shown_of_reply = 300;

[[noreturn]] void fail_with(const char* action) {
  throw std::system_error(errno, std::generic_category(), action);
}

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail_with("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd);
    throw std::system_error(error, std::generic_category(), "connect");
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != b[i]) return false;
  }
  return true;
}

// The head of a reply, as much of HTTP as this server speaks. Null: it is not that.
struct reply_head {
  int status = 0;
  std::size_t length = 0;
  bool stream = false;  // of events, in chunks
  std::string_view session_id{};
};
std::optional<reply_head> read_head(std::string_view head) {
  reply_head result;
  if (head.size() < 12 || !head.starts_with("HTTP/1.1 ")) return std::nullopt;
  std::from_chars(head.data() + 9, head.data() + 12, result.status);
  bool length_given = result.status == 202 || result.status == 204;
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos && at + 2 < head.size();) {
    const std::size_t start = at + 2;
    at = head.find("\r\n", start);
    const auto line = head.substr(start, at == std::string_view::npos ? at : at - start);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = line.substr(0, colon);
    auto value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    if (same_name(name, "content-length")) {
      const auto read = std::from_chars(value.data(), value.data() + value.size(), result.length);
      length_given = read.ec == std::errc();
    } else if (same_name(name, "transfer-encoding")) {
      result.stream = length_given = value == "chunked";
    } else if (same_name(name, "mcp-session-id")) {
      result.session_id = value;
    }
  }
  if (!length_given || result.length > largest_reply) return std::nullopt;
  return result;
}

// The message of the last event of a stream that has ended, as this server chunks it. No JSON text
// has a line break in it. Null: more is to come.
std::optional<std::string_view> last_message(std::string_view stream) {
  constexpr std::string_view end = "\n\n\r\n0\r\n\r\n", mark = "\ndata: ";
  if (!stream.ends_with(end)) return std::nullopt;
  stream.remove_suffix(end.size());
  const auto at = stream.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return stream.substr(at + mark.size());
}

}  // namespace

struct load_generator::connection {
  int fd = -1;
  std::size_t number = 0;
  std::string out{};
  std::size_t sent = 0;
  std::vector<char> input = std::vector<char>(first_buffer);
  std::size_t received = 0;
  bool open_operation = false;
  bool open_request = false;
  bool watched_for_writing = false;
  steady_clock::time_point started{};
};

load_generator::load_generator(std::uint16_t port, std::size_t connections) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) fail_with("epoll_create1");
  for (std::size_t i = 0; i < connections; ++i) {
    auto& created = connections_.emplace_back(std::make_unique<connection>());
    created->number = i;
    created->fd = connect_to(port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = created.get();
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, created->fd, &event) != 0) fail_with("epoll_ctl");
  }
}

load_generator::~load_generator() {
  for (const auto& each : connections_) {
    if (each->fd >= 0) close(each->fd);
  }
  if (epoll_ >= 0) close(epoll_);
}

load_result load_generator::run(conversation& talk, std::chrono::nanoseconds time,
                                const std::function<void(const load_result&)>& progress) {
  talk_ = &talk;
  result_ = {};
  ending_ = false;
  const auto start = steady_clock::now();
  auto last_seen = start, next_look = start + progress_every;
  std::uint64_t requests_seen = 0;
  for (const auto& each : connections_) begin(*each);
  std::array<epoll_event, 256> events{};
  while (waiting_ > 0) {
    const int count = epoll_wait(epoll_, events.data(), events.size(), 50);
    if (count < 0 && errno != EINTR) fail_with("epoll_wait");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto& on = *static_cast<connection*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0) send_rest(on);
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(on);
    }
    const auto now = steady_clock::now();
    if (now - start >= time) ending_ = true;
    if (now < next_look) continue;
    next_look = now + progress_every;
    if (result_.requests != requests_seen) last_seen = now;
    requests_seen = result_.requests;
    if (progress) progress(result_);
    if (now - last_seen < give_up_after) continue;
    for (const auto& each : connections_) {
      if (each->open_request) fail(*each, "no reply for a long time", true);
    }
  }
  result_.time = steady_clock::now() - start;
  return std::move(result_);
}

void load_generator::begin(connection& on) {
  if (on.fd < 0) return;
  on.out.clear();
  on.sent = 0;
  if (!talk_->ask(on.number, on.out)) return;
  if (!on.open_operation) {
    on.open_operation = true;
    on.started = steady_clock::now();
  }
  on.open_request = true;
  ++waiting_;
  send_rest(on);
}

void load_generator::watch(connection& on, bool for_writing) {
  if (on.watched_for_writing == for_writing) return;
  on.watched_for_writing = for_writing;
  epoll_event event{};
  event.events = for_writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &on;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, on.fd, &event) != 0) fail_with("epoll_ctl");
}

void load_generator::send_rest(connection& on) {
  if (on.fd < 0) return;
  while (on.sent < on.out.size()) {
    const auto n =
        send(on.fd, on.out.data() + on.sent, on.out.size() - on.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      on.sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      return watch(on, true);
    } else if (errno != EINTR) {
      return fail(on, "the server closed the connection (send)", true);
    }
  }
  watch(on, false);
}

void load_generator::receive(connection& on) {
  if (on.fd < 0) return;
  if (on.input.size() - on.received < parser_padding + 1024) on.input.resize(on.input.size() * 2);
  const auto n = recv(on.fd, on.input.data() + on.received,
                      on.input.size() - on.received - parser_padding, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return fail(on, "the server closed the connection", true);
  on.received += static_cast<std::size_t>(n);
  if (!on.open_request) return fail(on, "the server sent what nobody asked for", true);

  const std::string_view all(on.input.data(), on.received);
  const auto head_end = all.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return;
  const auto head = read_head(all.substr(0, head_end));
  if (!head) {
    return fail(on, "not a plain HTTP/1.1 reply: " + std::string(all.substr(0, shown_of_reply)),
                true);
  }
  if (head->stream) {
    const auto message = last_message(all.substr(head_end + 4));
    if (message) handle(on, {head->status, *message, head->session_id});
    return;
  }
  const std::size_t size = head_end + 4 + head->length;
  if (all.size() < size) return;
  if (all.size() > size) return fail(on, "more than one reply to a request", true);
  handle(on, {head->status, all.substr(head_end + 4), head->session_id});
}

void load_generator::handle(connection& on, const reply& got) {
  ++result_.requests;
  --waiting_;
  on.open_request = false;
  switch (talk_->judge(on.number, got)) {
    case step::done:
      result_.latency.add(steady_clock::now() - on.started);
      ++result_.operations;
      on.open_operation = false;
      break;
    case step::go_on:
      break;
    case step::failed:
      fail(on,
           "HTTP " + std::to_string(got.status) + ": " +
               std::string(got.body.substr(0, shown_of_reply)),
           false);
      break;
  }
  on.received = 0;
  if (!ending_ || on.open_operation) begin(on);
}

void load_generator::fail(connection& on, const std::string& why, bool broken) {
  ++result_.errors;
  if (result_.first_error.empty()) result_.first_error = why;
  on.open_operation = false;
  if (!broken) return;
  if (on.open_request) --waiting_;
  on.open_request = false;
  close(on.fd);
  on.fd = -1;
}

}  // namespace longhaul::bench
