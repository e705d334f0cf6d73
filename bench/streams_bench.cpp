// SPDX-License-Identifier: Apache-2.0
#include "bench/streams_bench.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iomanip>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <system_error>

#include "bench/probe.hpp"
#include "bench/server.hpp"

namespace longhaul::bench {
namespace {

const std::string json_post =
    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Accept: application/json, text/event-stream\r\n";

std::string post(const std::string& more, const std::string& body) {
  return json_post + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A connection that stays open. Blocking: one is opened after the other.
class peer {
 public:
  explicit peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const address = reinterpret_cast<const sockaddr*>(&to);
    if (socket_ >= 0 && ::connect(socket_, address, sizeof to) == 0) return;
    const int error = errno;
    if (socket_ >= 0) ::close(socket_);
    throw std::system_error(error, std::generic_category(), "connect");
  }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer() { ::close(socket_); }

  /// Sends a request and reads until `mark` has come.
  std::string ask(const std::string& request, std::string_view mark) {
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      throw std::runtime_error("the server takes no request");
    }
    std::string got;
    std::array<char, 4096> bytes{};
    while (got.find(mark) == std::string::npos) {
      const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
      if (count <= 0) throw std::runtime_error("the server closed after: " + got);
      got.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return got;
  }

 private:
  const int socket_;
};

void listen_to_session(peer& on) {
  const std::string begun = on.ask(
      post("", R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":)"
               R"("2025-11-25","capabilities":{},"clientInfo":{"name":"b","version":"1"}}})"),
      "}}");
  const std::string name = "Mcp-Session-Id: ";
  const auto at = begun.find(name);
  if (at == std::string::npos) throw std::runtime_error("no session: " + begun);
  const std::string session = begun.substr(at, begun.find("\r\n", at) + 2 - at);
  on.ask(post(session, R"({"jsonrpc":"2.0","method":"notifications/initialized"})"), "\r\n\r\n");
  on.ask("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + session + "\r\n",
         "id: 1-1\ndata: \n\n");
}

void subscribe(peer& on) {
  on.ask(post("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n",
              R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{)"
              R"("notifications":{"toolsListChanged":true},"_meta":{)"
              R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
              R"("io.modelcontextprotocol/clientCapabilities":{}}}})"),
         "notifications/subscriptions/acknowledged");
}

streams_row measure(const options& with, const std::string& name, void (*open)(peer&),
                    const std::function<void(const std::string&)>& progress) {
  const server_process server(served::mcp, with.server_threads, with.server_cpu, with.folder);
  streams_row row{.name = name, .streams = with.streams};
  row.mib_before = status_of(server.pid(), "VmRSS") / 1024;
  std::vector<std::unique_ptr<peer>> all;
  for (std::size_t i = 0; i < with.streams; ++i) {
    if (i % 500 == 0 && progress) progress(name + ": " + std::to_string(i) + " streams");
    all.push_back(std::make_unique<peer>(server.port()));
    open(*all.back());
  }
  server.settle();
  row.mib = status_of(server.pid(), "VmRSS") / 1024;
  row.threads = static_cast<std::size_t>(status_of(server.pid(), "Threads"));
  return row;
}

}  // namespace

std::vector<streams_row> measure_streams(const options& with,
                                         const std::function<void(const std::string&)>& progress) {
  return {measure(with, "get-streams", listen_to_session, progress),
          measure(with, "subscriptions", subscribe, progress)};
}

void print_streams(std::ostream& out, const std::vector<streams_row>& rows) {
  out << std::fixed << std::setprecision(1);
  out << "open and quiet     streams   before, MiB   with all, MiB   each, KiB   threads\n";
  for (const streams_row& row : rows) {
    out << std::left << std::setw(16) << row.name << std::right << std::setw(10) << row.streams
        << std::setw(14) << row.mib_before << std::setw(16) << row.mib << std::setw(12)
        << row.per_stream_kib() << std::setw(10) << row.threads << '\n';
  }
}

void print_streams_json(std::ostream& out, const std::vector<streams_row>& rows) {
  out << "{\"streams\":[";
  for (const streams_row& row : rows) {
    out << (&row == rows.data() ? "" : ",") << "{\"name\":\"" << row.name
        << "\",\"streams\":" << row.streams << ",\"mib_before\":" << row.mib_before
        << ",\"mib\":" << row.mib << ",\"threads\":" << row.threads << '}';
  }
  out << "]}\n";
}

}  // namespace longhaul::bench
