// SPDX-License-Identifier: Apache-2.0
// A network between a store and its database, which can swallow what is sent, and forget the
// connections that there are.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace longhaul::test {

class relay {
 public:
  explicit relay(int database_port) : database_port_(static_cast<unsigned short>(database_port)) {
    accept();
    thread_ = std::jthread([this] { context_.run(); });
  }
  ~relay() { context_.stop(); }
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  /// "postgres://…/postgres" through it.
  std::string url() const {
    return "postgres://longhaul@127.0.0.1:" + std::to_string(listener_.local_endpoint().port()) +
           "/postgres";
  }
  /// From now on nothing gets through, and what was sent meanwhile never will.
  void swallow(bool on) { swallows_ = on; }
  /// What is sent on the connections that were made until now never gets through; nobody is told.
  void forget_connections() { forgotten_ = made_.load(); }
  /// Who next sends something with these words in it loses the connection before it is answered,
  /// once the database has done it. Call while nothing is on its way.
  void lose_the_answer_to(std::string words) {
    marker_ = std::move(words);
    armed_ = true;
  }
  /// How many answers were lost.
  int lost() const { return lost_; }
  /// How often something was swallowed.
  int swallowed() const { return swallowed_; }
  /// How many connections were made.
  int connections() const { return made_; }
  /// How many connections were asked to listen.
  int listening() const { return listening_; }

 private:
  using tcp = boost::asio::ip::tcp;
  struct pair_of_sockets {
    std::array<tcp::socket, 2> ends;
    int number;
    bool loses_the_answer = false;
  };
  using pair = std::shared_ptr<pair_of_sockets>;

  void accept() {
    listener_.async_accept([this](boost::system::error_code error, tcp::socket client) {
      if (error) return;
      ++made_;
      tcp::socket server(context_);
      server.connect({boost::asio::ip::address_v4::loopback(), database_port_}, error);
      const pair both = std::make_shared<pair_of_sockets>(
          pair_of_sockets{{std::move(client), std::move(server)}, made_});
      pump(both, 0, std::make_shared<std::array<char, 65536>>());
      pump(both, 1, std::make_shared<std::array<char, 65536>>());
      accept();
    });
  }
  void pump(const pair& both, std::size_t from, std::shared_ptr<std::array<char, 65536>> room) {
    both->ends[from].async_read_some(
        boost::asio::buffer(*room),
        [this, both, from, room](boost::system::error_code error, std::size_t bytes) {
          const std::string_view sent(room->data(), bytes);
          if (!error && from == 1 && both->loses_the_answer) {
            ++lost_;
            error = boost::asio::error::connection_reset;
          } else if (!error && (swallows_ || both->number <= forgotten_)) {
            ++swallowed_;
          } else if (!error) {
            if (sent.find("LISTEN ") != std::string_view::npos) ++listening_;
            if (armed_ && sent.find(marker_) != std::string_view::npos) {
              armed_ = false;
              both->loses_the_answer = true;
            }
            boost::asio::write(both->ends[1 - from], boost::asio::buffer(*room, bytes), error);
          }
          if (!error) return pump(both, from, room);
          for (tcp::socket& each : both->ends) each.close(error);
        });
  }

  boost::asio::io_context context_;
  tcp::acceptor listener_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  const unsigned short database_port_;
  std::atomic<bool> swallows_{false};
  std::atomic<int> made_{0}, swallowed_{0}, forgotten_{0}, listening_{0}, lost_{0};
  std::atomic<bool> armed_{false};
  std::string marker_;
  std::jthread thread_;
};

}  // namespace longhaul::test
