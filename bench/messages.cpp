// SPDX-License-Identifier: Apache-2.0
#include "bench/messages.hpp"

#include <cstring>
#include <stdexcept>
#include <vector>

namespace longhaul::bench {
namespace {

constexpr std::string_view modern_version = "2026-07-28";
constexpr std::string_view legacy_version = "2025-11-25";

// Well mixed, the same in every run.
std::uint64_t mixed(std::uint64_t n) {
  n += 0x9E3779B97F4A7C15U;
  n = (n ^ (n >> 30)) * 0xBF58476D1CE4E5B9U;
  n = (n ^ (n >> 27)) * 0x94D049BB133111EBU;
  return n ^ (n >> 31);
}

std::string hex(std::uint64_t n, std::size_t digits) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  std::string out;
  for (; digits > 0; --digits, n >>= 4) out += alphabet[n & 15];
  return out;
}

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

// What tracing and a typical host put there.
std::string trace_members(std::size_t n) {
  return R"("traceparent":"00-)" + hex(mixed(n), 16) + hex(mixed(n + 1), 16) + '-' +
         hex(mixed(n + 2), 16) + R"(-01")";
}

std::string modern_meta(std::size_t n) {
  return R"("_meta":{"io.modelcontextprotocol/protocolVersion":")" + std::string(modern_version) +
         R"(","io.modelcontextprotocol/clientInfo":{"name":"bench-host","version":"3.)" +
         std::to_string(n % 97) + R"("},"io.modelcontextprotocol/clientCapabilities":)" +
         R"({"elicitation":{"form":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}},)" +
         trace_members(n) + '}';
}

std::string legacy_meta(std::size_t n) {
  return R"("_meta":{"progressToken":)" + std::to_string(n) + ',' + trace_members(n) + '}';
}

std::string meta(era when, std::size_t n) {
  return when == era::modern ? modern_meta(n) : legacy_meta(n);
}

std::string message(std::string_view method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(request_id_mark) + R"(,"method":)" +
         in_quotes(method) + R"(,"params":{)" + params + "}}";
}

std::string head(era when, std::string_view method, std::string_view name,
                 std::string_view session) {
  std::string out =
      "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: longhaul-bench/1\r\n"
      "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
      "MCP-Protocol-Version: ";
  out += when == era::modern ? modern_version : legacy_version;
  if (when == era::modern) {
    out += "\r\nMcp-Method: " + std::string(method);
    if (!name.empty()) out += "\r\nMcp-Name: " + std::string(name);
  } else if (!session.empty()) {
    out += "\r\nMcp-Session-Id: " + std::string(session);
  }
  return out;
}

}  // namespace

std::string arguments_text(std::size_t n) {
  const std::uint64_t r = mixed(n);
  std::string out = R"({"scene":)" + in_quotes(scene(n)) + R"(,"output":"/srv/renders/)" +
                    hex(r, 12) + R"(/final \"cut\".mov","frames":)" +
                    std::to_string(24 + r % 4800) + R"(,"quality":0.)" +
                    std::to_string(100 + r % 900) + R"(,"draft":)" +
                    (r % 2 == 0 ? "true" : "false") + R"(,"layers":[)";
  const std::size_t layers = 2 + r % 4;
  for (std::size_t i = 0; i < layers; ++i) {
    if (i > 0) out += ',';
    out += in_quotes("layer-" + hex(mixed(r + i), 4 + (r >> i) % 9));
  }
  return out + "]}";
}

prepared_request::prepared_request(std::string head, const std::string& body, std::size_t number)
    : bytes_(std::move(head)), number_(number), body_size_(body.size()) {
  bytes_ += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  const std::size_t body_at = bytes_.size();
  bytes_ += body;
  if (const auto at = bytes_.find(request_id_mark, body_at); at != std::string::npos) {
    request_id_at_ = at;
  }
  std::size_t from = 0;
  for (std::size_t& place : task_id_at_) {
    const auto at = bytes_.find(task_id_mark, from);
    if (at == std::string::npos) break;
    place = at;
    from = at + task_id_mark.size();
  }
}

void prepared_request::append_to(std::string& out, std::uint64_t request_id,
                                 std::string_view task_id) const {
  const std::size_t start = out.size();
  out += bytes_;
  if (request_id_at_ != 0) {
    char* at = out.data() + start + request_id_at_ + request_id_mark.size();
    for (std::size_t i = 0; i < request_id_mark.size(); ++i, request_id /= 10) {
      *--at = static_cast<char>('0' + request_id % 10);
    }
  }
  for (const std::size_t place : task_id_at_) {
    if (place == 0) continue;
    if (task_id.size() != task_id_mark.size()) throw std::logic_error("a task id is missing");
    std::memcpy(out.data() + start + place, task_id.data(), task_id.size());
  }
}

std::string scene(std::size_t n) {
  return "shot " + hex(mixed(n), 8) + " – übersicht " + std::to_string(n);
}

prepared_request call_request(era when, std::string_view tool, std::size_t n, bool as_task,
                              std::string_view session) {
  std::string params = R"("name":)" + in_quotes(tool) + R"(,"arguments":)" + arguments_text(n);
  if (when == era::legacy && as_task) params += R"(,"task":{"ttl":3600000})";
  params += ',' + meta(when, n);
  return {head(when, "tools/call", tool, session), message("tools/call", params), n};
}

prepared_request get_request(era when, std::size_t n, std::string_view task_id,
                             std::string_view session) {
  const std::string_view id = task_id.empty() ? task_id_mark : task_id;
  const std::string params = R"("taskId":)" + in_quotes(id) + ',' + meta(when, n);
  return {head(when, "tasks/get", id, session), message("tasks/get", params), n};
}

std::string resource_uri(std::string_view kind, std::size_t n) {
  return std::string(kind) + hex(mixed(n), 8) + '-' + std::to_string(n);
}

std::string resource_text(std::size_t n) {
  constexpr std::size_t size = 1024;
  std::string text;
  for (std::uint64_t line = n; text.size() < size; ++line) {
    text += "frame " + hex(mixed(line), 6) + " of \"" + scene(n) + "\": rendered\n";
  }
  text.resize(size);
  while ((text.back() & 0x80) != 0) text.pop_back();  // half a character
  return text;
}

prepared_request read_request(std::string_view uri, std::size_t n) {
  const std::string params = R"("uri":)" + in_quotes(uri) + ',' + modern_meta(n);
  return {head(era::modern, "resources/read", uri, {}), message("resources/read", params), n};
}

prepared_request initialize_request() {
  const std::string params =
      R"("protocolVersion":"2025-11-25","capabilities":{"elicitation":{"form":{}}},)"
      R"("clientInfo":{"name":"bench-host","version":"3.1"})";
  return {head(era::legacy, "initialize", {}, {}), message("initialize", params), 0};
}

prepared_request initialized_notification(std::string_view session) {
  return {head(era::legacy, "notifications/initialized", {}, session),
          R"({"jsonrpc":"2.0","method":"notifications/initialized"})", 0};
}

}  // namespace longhaul::bench
