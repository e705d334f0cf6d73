// SPDX-License-Identifier: Apache-2.0
// A server over TLS as users start it: what it says, and what SIGHUP does.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "run/child.hpp"
#include "support/certificate.hpp"
#include "support/tls_client.hpp"

namespace longhaul::test {
namespace {

const std::string server_program = LONGHAUL_SERVER;

class connection {
 public:
  explicit connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_TRUE(tls.emplace(socket_).shake_hands()) << tls->error();
  }
  ~connection() {
    tls.reset();
    ::close(socket_);
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  std::string get(const std::string& path) {
    EXPECT_TRUE(tls->write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    std::array<char, 4096> bytes{};
    return {bytes.data(), tls->read(bytes.data(), bytes.size())};
  }

  std::optional<tls_client> tls;

 private:
  int socket_;
};

class tls_process : public ::testing::Test {
 protected:
  std::vector<std::string> arguments() const {
    return {server_program, "--http",    "127.0.0.1:0", "--tls-certificate",
            pair.file(),    "--tls-key", pair.key(),    "--store=memory:"};
  }
  static std::uint16_t port_of(const std::string& line) {
    EXPECT_NE(line.find("https://127.0.0.1:"), std::string::npos) << line;
    return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
  }

  const certificate pair;
};

TEST_F(tls_process, serves_https_and_reads_the_pair_again_on_a_hangup) {
  child server(arguments());
  const std::uint16_t port = port_of(server.error_line_with("listening on"));
  connection before(port);
  EXPECT_EQ(before.tls->serial(), pair.serial());
  EXPECT_TRUE(before.get("/readyz").starts_with("HTTP/1.1 200 "));
  const certificate fresh;
  pair.become(fresh);
  server.signal(SIGHUP);
  EXPECT_NE(server.error_line_with("tls.reloaded"), "");
  connection after(port);
  EXPECT_EQ(after.tls->serial(), fresh.serial());
  EXPECT_TRUE(before.get("/healthz").starts_with("HTTP/1.1 200 ")) << "it keeps its certificate";

  pair.folder().write("certificate.pem", "nothing");
  server.signal(SIGHUP);
  const std::string refused = server.error_line_with("tls.reload_failed");
  EXPECT_NE(refused.find(pair.file()), std::string::npos) << refused;
  connection later(port);
  EXPECT_EQ(later.tls->serial(), fresh.serial());
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST_F(tls_process, is_not_started_with_a_pair_that_cannot_be_used) {
  pair.folder().write("key.pem", "no key");
  child server(arguments());
  EXPECT_NE(server.all_errors().find(pair.key()), std::string::npos);
  EXPECT_EQ(server.wait(), 2);
}

TEST_F(tls_process, needs_both_files_and_http) {
  child half({server_program, "--http", "127.0.0.1:0", "--tls-key", pair.key(), "--store=memory:"});
  EXPECT_NE(half.all_errors().find("tls_certificate"), std::string::npos);
  EXPECT_EQ(half.wait(), 2);
  child pipe({server_program, "--stdio", "--tls-key", pair.key()});
  EXPECT_EQ(pipe.wait(), 2);
}

}  // namespace
}  // namespace longhaul::test
