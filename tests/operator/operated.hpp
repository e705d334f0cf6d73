// SPDX-License-Identifier: Apache-2.0
// A server in this process with a listener for operators, and a client of its API.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <utility>

#include "longhaul/hosted_server.hpp"
#include "longhaul/server.hpp"
#include "longhaul/store.hpp"

namespace longhaul::test {

namespace asio = boost::asio;

struct api_reply {
  int status = 0;
  std::string head, body;
  boost::json::value json() const { return boost::json::parse(body); }
  std::string code() const { return std::string(json().at("code").as_string()); }
};

/// Serves `definition` until its end. Define the tools first.
class operated {
 public:
  explicit operated(server& definition) : host_(definition, {.http = "127.0.0.1:0"}) {
    host_.start();
    const std::string url = host_.operator_url();
    port_ = url.substr(url.rfind(':') + 1);
    port_.pop_back();  // the slash
  }
  ~operated() { host_.stop(std::chrono::seconds(0)); }

  std::string key;           ///< sent with every request, if it is not empty
  std::string more_headers;  ///< each with its line break

  api_reply get(const std::string& path) const { return send("GET", "/api/v1/" + path, ""); }
  api_reply post(const std::string& path, const std::string& body = "") const {
    return send("POST", "/api/v1/" + path, body);
  }
  api_reply send(const std::string& method, const std::string& target,
                 const std::string& body) const {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    begin(socket, method, target, body);
    std::string all;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(all), end);
    const auto split = all.find("\r\n\r\n");
    if (split == std::string::npos) throw std::runtime_error("no reply: " + all);
    api_reply reply;
    reply.head = all.substr(0, split);
    reply.body = all.substr(split + 4);
    reply.status = std::stoi(reply.head.substr(9, 3));
    return reply;
  }

  /// A reply that is a stream.
  class stream {
   public:
    stream(const operated& from, const std::string& path) {
      from.begin(socket_, "GET", "/api/v1/" + path, "");
    }
    /// The data of the next event; empty: the stream has ended.
    std::string next() {
      boost::system::error_code error;
      while (true) {
        const auto end = asio::read_until(socket_, asio::dynamic_buffer(text_), "\n\n", error);
        if (error) return {};
        std::string event = text_.substr(0, end);
        text_.erase(0, end);
        const auto data = event.find("data: ");
        if (data != std::string::npos) return event.substr(data + 6, event.size() - data - 8);
      }
    }

   private:
    asio::io_context context_;
    asio::ip::tcp::socket socket_{context_};
    std::string text_;
  };

 private:
  void begin(asio::ip::tcp::socket& socket, const std::string& method, const std::string& target,
             const std::string& body) const {
    asio::connect(socket,
                  asio::ip::tcp::resolver(socket.get_executor()).resolve("127.0.0.1", port_));
    std::string request = method + " " + target + " HTTP/1.1\r\nConnection: close\r\n";
    if (more_headers.find("Host:") == std::string::npos) request += "Host: localhost\r\n";
    if (!key.empty()) request += "Authorization: Bearer " + key + "\r\n";
    request += more_headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    asio::write(socket, asio::buffer(request));
  }

  hosted_server host_;
  std::string port_;
};

}  // namespace longhaul::test
