// SPDX-License-Identifier: Apache-2.0
#include "transport/http_kit.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "transport/tls_identity.hpp"

namespace longhaul::transport::test {

namespace asio = boost::asio;

void events::note(const std::string& name) {
  const std::lock_guard lock(mutex_);
  ++counts_[name];
  changed_.notify_all();
}

bool events::wait(const std::string& name, int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, hang, [&] { return counts_[name] >= count; });
}

int events::count(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return counts_[name];
}

wire::awaitable<void> gate::wait() {
  const auto executor = co_await asio::this_coro::executor;
  const auto timer =
      std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
  {
    const std::lock_guard lock(mutex_);
    if (open_) co_return;
    waiting_.push_back(timer);
  }
  boost::system::error_code ignored;
  auto waiting = timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_await std::move(waiting);
  const std::lock_guard lock(mutex_);
  std::erase(waiting_, timer);
}

void gate::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  for (const auto& timer : waiting_) {
    asio::post(timer->get_executor(), [timer] { timer->cancel(); });
  }
  waiting_.clear();
}

scripted_endpoint::scripted_endpoint() {
  run = [](seen_request request,
           std::shared_ptr<wire::outlet>) -> wire::awaitable<wire::http_reply> {
    wire::http_reply result;
    result.body = request.body.empty() ? "null" : request.body;
    co_return result;
  };
  judge = [](const wire::http_request&) { return std::nullopt; };
}

std::optional<wire::http_reply> scripted_endpoint::admit(const wire::http_request& head) {
  seen.note("admit");
  return judge(head);
}

wire::awaitable<wire::http_reply> scripted_endpoint::handle(const wire::http_request& request,
                                                            std::string body,
                                                            std::shared_ptr<wire::outlet> out) {
  const auto copy = [](const auto& value) {
    return value ? std::optional<std::string>(*value) : std::nullopt;
  };
  seen_request got;
  got.method = request.method;
  got.body = std::move(body);
  got.peer = request.peer_address;
  got.repeated = request.repeated_header;
  got.version = copy(request.protocol_version);
  got.session = copy(request.session_id);
  got.mcp_method = copy(request.mcp_method);
  got.mcp_name = copy(request.mcp_name);
  got.content_type = copy(request.content_type);
  got.accept = copy(request.accept);
  got.authorization = copy(request.authorization);
  got.last_event_id = copy(request.last_event_id);
  for (const auto& [name, value] : request.mcp_params) got.params.emplace_back(name, value);
  got.owner = request.caller->owner;
  seen.note("request");
  return run(std::move(got), std::move(out));
}

std::string reply::header(std::string_view name) const {
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::string mark = "\r\n" + std::string(name) + ": ";
  const std::size_t at = lower.find(mark);
  if (at == std::string::npos) return {};
  const std::size_t from = at + mark.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

std::vector<std::string> reply::messages() const {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = body.find("\n\n", at);
    if (end == std::string::npos) break;
    const std::string event = body.substr(at, end - at);
    if (event.starts_with("data: ")) result.push_back(event.substr(6));
    at = end + 2;
  }
  return result;
}

namespace {

int connect_to(std::uint16_t port, const char* address, int receive_buffer) {
  const bool v6 = std::string_view(address).find(':') != std::string_view::npos;
  const int fd = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  int connected = 0;
  if (v6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    ::inet_pton(AF_INET6, address, &to.sin6_addr);
    connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } else {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &to.sin_addr);
    connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  if (connected == 0) return fd;
  ::close(fd);
  throw std::runtime_error("connect failed");
}

}  // namespace

client::client(std::uint16_t port, transport over, const char* address, int receive_buffer)
    : client(connected{connect_to(port, address, receive_buffer)}, over) {}

client::client(connected given, transport over) : fd_(given.socket) {
  if (over == transport::tcp) return;
  tls_ = std::make_unique<longhaul::test::tls_client>(fd_);
  if (tls_->shake_hands()) return;
  ::close(fd_);
  throw std::runtime_error("no handshake: " + tls_->error());
}

client::~client() {
  if (fd_ >= 0) ::close(fd_);
}

bool client::send(std::string_view bytes) {
  if (tls_) return bytes.empty() || tls_->write(bytes);
  while (!bytes.empty()) {
    const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool client::more() {
  if (tls_) {
    std::array<char, 16384> bytes{};
    const std::size_t got = tls_->read(bytes.data(), bytes.size());
    input_.append(bytes.data(), got);
    return got > 0;
  }
  pollfd ready{fd_, POLLIN, 0};
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(hang).count();
  if (::poll(&ready, 1, static_cast<int>(limit)) <= 0) throw std::runtime_error("nothing comes");
  char bytes[16384];
  const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  input_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string client::read_until(std::string_view mark) {
  std::size_t at = 0;
  while ((at = input_.find(mark)) == std::string::npos) {
    if (!more()) throw std::runtime_error("closed after: " + input_);
  }
  const std::string result = input_.substr(0, at + mark.size());
  input_.erase(0, result.size());
  return result;
}

reply client::read_reply(bool has_body) {
  reply result = take_reply(has_body);
  if (input_.empty()) std::string().swap(input_);  // some tests count memory
  return result;
}

reply client::take_reply(bool has_body) {
  reply result;
  result.head = read_until("\r\n\r\n");
  result.status = std::stoi(result.head.substr(result.head.find(' ') + 1));
  if (!has_body || result.status == 204) return result;
  const auto take = [&](std::size_t size) {
    while (input_.size() < size) {
      if (!more()) throw std::runtime_error("closed within a body");
    }
    result.body += input_.substr(0, size);
    input_.erase(0, size);
  };
  if (const std::string length = result.header("content-length"); !length.empty()) {
    take(std::stoul(length));
  } else if (result.header("transfer-encoding") == "chunked") {
    for (std::size_t size = 1; size > 0;) {
      size = std::stoul(read_until("\r\n"), nullptr, 16);
      take(size);
      if (read_until("\r\n") != "\r\n") throw std::runtime_error("a chunk is longer than it says");
    }
  } else {
    result.body = read_all();
  }
  return result;
}

std::string client::read_all() {
  while (more()) {
  }
  return std::exchange(input_, {});
}

bool client::closed_by_peer() { return input_.empty() && !more(); }

bool client::silent() {
  if (!input_.empty()) return false;
  if (tls_) return tls_->nothing_came();
  pollfd ready{fd_, POLLIN, 0};
  return ::poll(&ready, 1, 0) == 0;
}

void client::half_close() {
  if (tls_) tls_->say_end();
  ::shutdown(fd_, SHUT_WR);
}

void client::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  ::close(std::exchange(fd_, -1));
}

std::string post(std::string_view body, std::string_view more_headers) {
  std::string result = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: ";
  result += std::to_string(body.size()) + "\r\n";
  result.append(more_headers).append("\r\n").append(body);
  return result;
}

http_test::http_test() {
  std::signal(SIGPIPE, SIG_IGN);
  options.threads = 2;
  options.sweep_interval = std::chrono::milliseconds(5);
}

over_both::over_both() {
  over = GetParam();
  if (over == transport::tcp) return;
  options.tls =
      std::make_shared<tls_identity>(tls_files{own_certificate().file(), own_certificate().key()});
}

std::string name_of_transport(const ::testing::TestParamInfo<transport>& info) {
  return info.param == transport::tls ? "tls" : "tcp";
}

const longhaul::test::certificate& own_certificate() {
  static const longhaul::test::certificate made;
  return made;
}

void http_test::start() {
  server = std::make_unique<http_server>(options, endpoint);
  server->start();
}

}  // namespace longhaul::transport::test
