// SPDX-License-Identifier: Apache-2.0
#include "transport/http_reply.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include "json/write.hpp"

namespace longhaul::transport {
namespace {

constexpr int invalid_request = -32600;
constexpr int internal_error = -32603;

std::string_view reason(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

void append_number(std::string& out, std::size_t number, int base = 10) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_start(std::string& out, int status, std::string_view date, bool keep_alive) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(status));
  out.append(" ").append(reason(status)).append("\r\n");
  append_header(out, "Date", date);
  if (!keep_alive) out += "Connection: close\r\n";
}

void append_chunk(std::string& out, std::string_view before, std::string_view text,
                  std::string_view after, bool chunked) {
  if (chunked) {
    append_number(out, before.size() + text.size() + after.size(), 16);
    out += "\r\n";
  }
  out.append(before).append(text).append(after);
  if (chunked) out += "\r\n";
}

}  // namespace

void append_head(std::string& out, const wire::http_reply& reply, bool keep_alive,
                 std::string_view date, std::string_view lines) {
  append_start(out, reply.status, date, keep_alive);
  append_header(out, "Mcp-Session-Id", reply.session_id);
  append_header(out, "Allow", reply.allow);
  append_header(out, "WWW-Authenticate", reply.www_authenticate);
  if (reply.retry_after > 0) {
    out += "Retry-After: ";
    append_number(out, static_cast<std::size_t>(reply.retry_after));
    out += "\r\n";
  }
  out.append(lines).append(reply.lines);
  if (!reply.body.empty()) append_header(out, "Content-Type", reply.content_type);
  if (reply.status != 204) {
    out += "Content-Length: ";
    append_number(out, reply.body.size());
    out += "\r\n";
  }
  out += "\r\n";
}

void append_stream_head(std::string& out, bool keep_alive, bool chunked, std::string_view date,
                        std::string_view lines) {
  append_start(out, 200, date, keep_alive);
  out += lines;
  out += "Content-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n";
  if (chunked) out += "Transfer-Encoding: chunked\r\n";
  out += "\r\n";
}

void append_event(std::string& out, std::string_view id, std::string_view message, bool chunked) {
  if (id.empty()) return append_chunk(out, "data: ", message, "\n\n", chunked);
  std::string before = "id: ";
  before.append(id).append("\ndata: ");
  append_chunk(out, before, message, "\n\n", chunked);
}

void append_event(std::string& out, const wire::stream_event& event, bool chunked) {
  if (event.data && !event.retry) return append_event(out, event.id, *event.data, chunked);
  if (event.id.empty() && !event.retry) return append_comment(out, chunked);
  std::string before;
  if (!event.id.empty()) before.append("id: ").append(event.id).append("\n");
  if (event.retry)
    before.append("retry: ").append(std::to_string(event.retry->count())).append("\n");
  if (event.data || !event.id.empty()) before += "data: ";
  const std::string_view data = event.data ? std::string_view(*event.data) : std::string_view();
  const bool line = event.data || !event.id.empty();
  append_chunk(out, before, data, line ? "\n\n" : "\n", chunked);
}

void append_comment(std::string& out, bool chunked) {
  append_chunk(out, "", ": keep-alive\n\n", "", chunked);
}

wire::http_reply error_reply(int status, std::string_view message) {
  wire::http_reply reply;
  reply.status = status;
  json::object body(reply.body);
  body.string("jsonrpc", "2.0");
  json::object error(body.key("error"));
  error.integer("code", status == 500 ? internal_error : invalid_request)
      .string("message", message)
      .close();
  body.close();
  return reply;
}

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

}  // namespace longhaul::transport
