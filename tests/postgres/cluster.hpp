// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server of the suite's own, started when it is first needed and stopped with the
// suite; each test has a schema in it.
#pragma once

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "run/child.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {

/// A port that nobody has just now.
inline int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("no free port");
  }
  ::close(socket);
  return ntohs(address.sin_port);
}

/// A blocking connection, for what a test does itself.
class direct_link {
 public:
  explicit direct_link(const std::string& url) : link_(PQconnectdb(url.c_str()), &PQfinish) {
    PQsetNoticeReceiver(link_.get(), [](void*, const PGresult*) {}, nullptr);
  }
  bool usable() const { return PQstatus(link_.get()) == CONNECTION_OK; }
  /// The first field of what it gives; throws what the server says.
  std::string run(const std::string& sql) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(link_.get(), sql.c_str()),
                                                                &PQclear);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error(sql + ": " + PQerrorMessage(link_.get()));
    }
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> link_;
};

class cluster {
 public:
  /// Settings as in "fsync=off".
  explicit cluster(std::vector<std::string> settings = {"fsync=off", "max_connections=60"})
      : settings_(std::move(settings)), port_(free_port()) {
    start();
  }
  ~cluster() { stop(SIGINT); }
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  /// That of the suite.
  static cluster& shared() {
    static cluster one;
    return one;
  }

  std::string url() const {
    return "postgres://longhaul@127.0.0.1:" + std::to_string(port_) + "/postgres";
  }
  int port() const { return port_; }
  /// A name that no other test has.
  static std::string new_schema() {
    static std::atomic<int> count{0};
    return "test_" + std::to_string(++count);
  }

  void start() {
    std::vector<std::string> arguments = {LONGHAUL_POSTGRES_SCRIPT, folder_.file("pg"),
                                          std::to_string(port_)};
    arguments.insert(arguments.end(), settings_.begin(), settings_.end());
    // Nobody reads what it says later: a pipe that is full would stop it.
    for (const char* quiet : {"log_min_messages=log", "log_checkpoints=off"}) {
      arguments.emplace_back(quiet);
    }
    server_ = std::make_unique<child>(arguments);
    // It says so itself, in the words of every version.
    if (server_->error_line_with("ready to accept connections").empty()) {
      throw std::runtime_error("PostgreSQL does not start");
    }
  }
  /// SIGINT: cleanly, SIGQUIT: as if the machine had failed.
  void stop(int signal) {
    if (!server_) return;
    server_->signal(signal);
    server_->wait();
    server_.reset();
  }
  pid_t pid() const { return server_->pid(); }

 private:
  const std::vector<std::string> settings_;
  temporary_folder folder_;
  const int port_;
  std::unique_ptr<child> server_;
};

}  // namespace longhaul::test
