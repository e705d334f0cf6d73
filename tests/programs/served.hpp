// SPDX-License-Identifier: Apache-2.0
// `longhaul serve` as a user starts it: a file, the real executable, and a client over HTTP that
// speaks revision 2026-07-28 with tasks.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "run/child.hpp"
#include "support/process_census.hpp"
#include "support/record.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {

namespace json = boost::json;

class served {
 public:
  /// Serves `tools`, the text of a file without its `[server]` table, from `home`.
  explicit served(const temporary_folder& home, const std::string& tools,
                  const std::string& server_keys = "", std::vector<std::string> starter = {})
      : served(home.write("longhaul.toml", "[server]\nname = \"test\"\nstate_dir = \"" +
                                               home.file("state") + "\"\n" + server_keys + tools),
               std::move(starter)) {}
  /// Serves a file that is there. `starter` becomes the server, whose command line is behind it.
  explicit served(const std::string& file, std::vector<std::string> starter = {}) {
    std::vector<std::string> arguments = std::move(starter);
    for (const char* word : {LONGHAUL_SERVE, "serve", file.c_str(), "--http", "127.0.0.1:0"}) {
      arguments.emplace_back(word);
    }
    process_ = std::make_unique<child>(arguments);
    for (std::string line = process_->error_line(); !line.empty(); line = process_->error_line()) {
      said += line + "\n";
      const auto at = line.find("http://127.0.0.1:");
      if (at == std::string::npos) continue;
      port_ = line.substr(at + 17, line.rfind('/') - at - 17);
      return;
    }
    throw std::runtime_error("the server did not start:\n" + said);
  }

  child& process() { return *process_; }
  std::string said;  ///< on standard error, until it listened
  std::string key;   ///< sent as API key, if not empty
  bool knows_tasks = true;

  struct http_answer {
    int status = 0;
    std::string head, body;
  };
  http_answer post(const std::string& method, const std::string& name,
                   const std::string& body) const {
    std::string headers = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n";
    if (!name.empty()) headers += "Mcp-Name: " + name + "\r\n";
    return post(headers, body);
  }
  http_answer post(const std::string& headers, const std::string& body) const {
    return exchange(request_text(headers, body));
  }
  /// GET of a path.
  http_answer fetch(const std::string& path) const {
    return exchange("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  }
  http_answer exchange(const std::string& request) const {
    namespace asio = boost::asio;
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    asio::connect(socket, asio::ip::tcp::resolver(context).resolve("127.0.0.1", port_));
    asio::write(socket, asio::buffer(request));
    std::string all;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(all), end);
    record_http(request, all);
    http_answer answer;
    const auto split = all.find("\r\n\r\n");
    if (split == std::string::npos) throw std::runtime_error("no HTTP answer: " + all);
    answer.head = all.substr(0, split);
    answer.body = all.substr(split + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    return answer;
  }

  /// A request whose reply is a stream, which is read as far as a test asks. Then the caller is
  /// gone.
  class stream {
   public:
    stream(const served& server, std::string request) : request_(std::move(request)) {
      namespace asio = boost::asio;
      asio::connect(socket_, asio::ip::tcp::resolver(context_).resolve("127.0.0.1", server.port_));
      asio::write(socket_, asio::buffer(request_));
    }
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream() { record_http(request_, all); }

    /// Reads until `needle` came, behind what was awaited before. False: the stream has ended.
    bool await(const std::string& needle) {
      boost::system::error_code end;
      while (true) {
        if (const auto at = all.find(needle, seen_); at != std::string::npos) {
          seen_ = at + needle.size();
          return true;
        }
        pollfd ready{socket_.native_handle(), POLLIN, 0};
        if (end || ::poll(&ready, 1, 60'000) != 1) return false;  // for tests that fail
        std::array<char, 4096> chunk{};
        all.append(chunk.data(), socket_.read_some(boost::asio::buffer(chunk), end));
      }
    }
    std::string all;  ///< that came

   private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::socket socket_{context_};
    const std::string request_;
    std::size_t seen_ = 0;
  };

  /// Posts, and reads until `needle` came or the stream ended; what came. Then the caller is gone.
  std::string read_until(const std::string& headers, const std::string& body,
                         const std::string& needle) const {
    stream reply(*this, request_text(headers, body));
    reply.await(needle);
    return reply.all;
  }

  /// The whole reply to a request.
  json::object ask(const std::string& method, json::object params) {
    last = send(method, std::move(params));
    return json::parse(last.body).as_object();
  }
  /// The same from any thread, as it came. `_meta` of `params` is kept, with what must be there.
  http_answer send(const std::string& method, json::object params) const {
    json::object capabilities;
    if (knows_tasks) {
      capabilities["extensions"] = {{"io.modelcontextprotocol/tasks", json::object{}}};
      capabilities["elicitation"] = json::object{};
    }
    std::string name;
    for (const char* member : {"name", "taskId", "uri"}) {
      if (const auto* value = params.if_contains(member)) name = value->as_string().c_str();
    }
    if (!params.contains("_meta")) params["_meta"] = json::object{};
    json::object& meta = params["_meta"].as_object();
    meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
    meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    const json::object request = {
        {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    return post(method, name, json::serialize(request));
  }
  http_answer last;  ///< of the last `ask`

  /// Calls a tool: the result (of a plain call), or what created the task.
  json::object call(const std::string& tool, json::object arguments = {}) {
    json::object reply = ask("tools/call", {{"name", tool}, {"arguments", std::move(arguments)}});
    if (!reply.contains("result")) throw std::runtime_error(json::serialize(reply));
    return reply.at("result").as_object();
  }
  std::string start(const std::string& tool, json::object arguments = {}) {
    return call(tool, std::move(arguments)).at("taskId").as_string().c_str();
  }
  json::object get(const std::string& task) {
    json::object reply = ask("tasks/get", {{"taskId", task}});
    return reply.contains("result") ? reply.at("result").as_object() : json::object{};
  }
  void cancel(const std::string& task) { ask("tasks/cancel", {{"taskId", task}}); }
  static std::string status(const json::object& task) {
    const auto* value = task.if_contains("status");
    return value != nullptr ? value->as_string().c_str() : "unknown";
  }
  /// The task once it has ended.
  json::object end_of(const std::string& task) {
    json::object seen;
    EXPECT_TRUE(wait_until([&] {
      seen = get(task);
      const std::string is = status(seen);
      return is == "completed" || is == "failed" || is == "cancelled";
    })) << json::serialize(seen);
    return seen;
  }
  /// The result of a call that is waited for, as task or not.
  json::object result(const std::string& tool, json::object arguments = {}) {
    json::object first = call(tool, std::move(arguments));
    if (!first.contains("taskId")) return first;
    json::object ended = end_of(first.at("taskId").as_string().c_str());
    if (!ended.contains("result")) throw std::runtime_error(json::serialize(ended));
    return ended.at("result").as_object();
  }
  static std::string text(const json::object& result) {
    for (const auto& item : result.at("content").as_array()) {
      if (item.at("type") == "text") return item.at("text").as_string().c_str();
    }
    return {};
  }
  static bool is_error(const json::object& result) {
    const auto* value = result.if_contains("isError");
    return value != nullptr && value->as_bool();
  }
  json::object read(const std::string& uri) { return ask("resources/read", {{"uri", uri}}); }
  std::string output(const std::string& task, const std::string& stream_and_query) {
    const auto reply = read("longhaul://tasks/" + task + "/" + stream_and_query);
    if (!reply.contains("result")) return {};
    const auto& block = reply.at("result").at("contents").at(0).as_object();
    return block.contains("text") ? block.at("text").as_string().c_str() : "(blob)";
  }

  std::string request_text(const std::string& headers, const std::string& body) const {
    std::string request =
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n" +
        headers;
    if (!key.empty()) request += "Authorization: Bearer " + key + "\r\n";
    return request + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  std::unique_ptr<child> process_;
  std::string port_;
};

}  // namespace longhaul::test
