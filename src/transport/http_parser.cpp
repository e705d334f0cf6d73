// SPDX-License-Identifier: Apache-2.0
#include "transport/http_parser.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "transport/http_syntax.hpp"
#include "transport/read_buffer.hpp"

namespace longhaul::transport {
namespace {

// Proxies say so in one of these, or in several.
bool is_of_a_proxy(std::string_view name) noexcept {
  constexpr std::string_view prefix = "x-forwarded-";
  return same_name(name, "forwarded") || same_name(name, "via") || same_name(name, "x-real-ip") ||
         same_name(name.substr(0, prefix.size()), prefix);
}

constexpr std::string_view param_prefix = "mcp-param-";

}  // namespace

// By size, and few have the same: a name is compared with one or two.
http_parser::header http_parser::header_named(std::string_view name) noexcept {
  const auto is = [&](std::string_view lower_case, header which) {
    return same_name(name, lower_case) ? which : unknown;
  };
  switch (name.size()) {
    case 4:
      return is("host", host_header);
    case 7:
      return is("baggage", baggage);
    case 6: {
      const header found = is("accept", accept);
      if (found != unknown) return found;
      return is("origin", origin_header) == unknown ? is("expect", expect) : origin_header;
    }
    case 8:
      return is("mcp-name", mcp_name);
    case 10: {
      const header found = is("mcp-method", mcp_method);
      if (found != unknown) return found;
      return is("connection", connection) == unknown ? is("tracestate", tracestate) : connection;
    }
    case 11:
      return is("traceparent", traceparent);
    case 12:
      return is("content-type", content_type);
    case 13:
      return is("authorization", authorization) == unknown ? is("last-event-id", last_event_id)
                                                           : authorization;
    case 14:
      return is("content-length", content_length) == unknown ? is("mcp-session-id", session)
                                                             : content_length;
    case 16:
      return is("proxy-connection", connection);
    case 17:
      return is("transfer-encoding", transfer_encoding);
    case 20:
      return is("mcp-protocol-version", version);
    case 30:
      return is("access-control-request-headers", requested_headers_of_page);
    case 38:
      return is("access-control-request-private-network", private_network_of_page);
    default:
      return unknown;
  }
}

http_parser::http_parser(std::size_t max_header, std::size_t max_body, body_memory* memory)
    : max_header_(max_header),
      max_body_(max_body),
      memory_(memory),
      chunks_(max_header, max_body) {}

http_parser::~http_parser() { give_body_room(); }

void http_parser::reset() {
  at_ = part::request_line;
  fault_ = parse_fault::none;
  wants_continue_ = several_hosts_ = several_origins_ = http_1_1_ = forwarded_ = false;
  close_ = chunked_ = dropping_ = false;
  length_.reset();
  head_size_ = 0;
  give_back(kept_);
  method_ = target_ = host_ = origin_ = span();
  for (list* const each : {&accept_, &tracestate_, &baggage_}) {
    each->first = span();
    give_back(each->joined);
  }
  first_.fill(span());
  repeated_ = {};
  give_back(param_spans_);
  give_back(params_);
  give_body_room();
}

// --- the head

std::size_t http_parser::put_head(std::string_view bytes) {
  std::size_t taken = 0;
  while (!head_done() && fault_ == parse_fault::none) {
    const std::string_view rest = bytes.substr(taken);
    const std::size_t end = rest.find('\n');
    const std::size_t size = end == std::string_view::npos ? rest.size() : end + 1;
    if (head_size_ + size > max_header_) {
      refuse(parse_fault::header_too_large);
    } else if (end == std::string_view::npos) {
      // TLS, for instance, has no end of a line to wait for.
      const bool odd =
          at_ == part::request_line && !rest.empty() && rest[0] != '\r' && !is_token_char(rest[0]);
      if (odd) refuse(parse_fault::malformed);
      return taken;
    } else if (end == 0 || rest[end - 1] != '\r') {
      refuse(parse_fault::malformed);
    } else {
      head_size_ += size;
      taken += size;
      take_line(rest.substr(0, end - 1));
    }
  }
  return taken;
}

void http_parser::take_line(std::string_view line) {
  if (at_ == part::request_line) {
    // RFC 9112 §2.2: an empty line before it is passed over.
    if (!line.empty()) take_request_line(line);
  } else if (!line.empty()) {
    take_field(line);
  } else {
    end_head();
  }
}

void http_parser::take_request_line(std::string_view line) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == last) return refuse(parse_fault::malformed);
  const std::string_view method = line.substr(0, first), spoken = line.substr(last + 1);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const bool fits =
      is_token(method) && is_target(target) && (spoken == "HTTP/1.1" || spoken == "HTTP/1.0");
  if (!fits) return refuse(parse_fault::malformed);
  http_1_1_ = spoken == "HTTP/1.1";
  method_ = keep(method);
  target_ = keep(target);
  at_ = part::fields;
}

void http_parser::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(parse_fault::malformed);
  const std::string_view name = line.substr(0, colon), value = line.substr(colon + 1);
  if (!is_field_value(value)) return refuse(parse_fault::malformed);
  const header which = header_named(name);
  if (which != unknown) return take_header(which, trimmed(value));
  // A line that begins with white space (a folded one) has no name that is a token.
  if (!is_token(name)) return refuse(parse_fault::malformed);
  forwarded_ = forwarded_ || is_of_a_proxy(name);
  if (name.size() > param_prefix.size() &&
      same_name(name.substr(0, param_prefix.size()), param_prefix)) {
    take_param(name.substr(param_prefix.size()), trimmed(value));
  }
}

void http_parser::take_header(header which, std::string_view value) {
  switch (which) {
    case host_header:
      several_hosts_ = several_hosts_ || host_.there();
      host_ = keep(value);
      return;
    case origin_header:
      several_origins_ = several_origins_ || origin_.there();
      origin_ = keep(value);
      return;
    case accept:
      return take_list(accept_, value);
    case tracestate:
      return take_list(tracestate_, value);
    case baggage:
      return take_list(baggage_, value);
    case content_length:
      return take_content_length(value);
    case transfer_encoding:
      // Another coding, or this one twice, would leave open where the body ends: the next request
      // could be smuggled.
      if (chunked_ || !same_name(value, "chunked")) return refuse(parse_fault::malformed);
      chunked_ = true;
      return;
    case connection:
      return take_connection(value);
    case expect:
      wants_continue_ = http_1_1_ && same_name(value, "100-continue");
      return;
    default:
      return take_once(which, value);
  }
}

void http_parser::take_once(header which, std::string_view value) {
  // As the wire reports one that comes twice; what pages ask for is none of its business, and a
  // trace is no reason to refuse anything.
  static constexpr std::array<std::string_view, kept_count> names = {
      "MCP-Protocol-Version", "Mcp-Session-Id", "Mcp-Method", "Mcp-Name", "Content-Type",
      "Authorization",        "Last-Event-ID",  {},           {},         {}};
  if (!first_[which].there()) {
    first_[which] = keep(value);
  } else if (at(first_[which]) != value && repeated_.empty()) {
    repeated_ = names[which];
  }
}

// A list may be split.
void http_parser::take_list(list& which, std::string_view value) {
  if (!which.first.there()) {
    which.first = keep(value);
    return;
  }
  if (which.joined.empty()) which.joined = at(which.first);
  which.joined.append(", ").append(value);
}

void http_parser::take_param(std::string_view name, std::string_view value) {
  if (param_spans_.size() == tunables::mirrored_headers) {
    return refuse(parse_fault::header_too_large);
  }
  const span suffix = keep(name);
  param_spans_.emplace_back(suffix, keep(value));
}

void http_parser::take_content_length(std::string_view value) {
  std::uint64_t length = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, length);  // digits and no sign
  const bool number = error == std::errc() && stop == end;
  if (!number || length_.value_or(length) != length) return refuse(parse_fault::malformed);
  length_ = length;
}

void http_parser::take_connection(std::string_view options) {
  each_element(options, [&](std::string_view option) {
    if (same_name(option, "close")) close_ = true;
    if (!option.empty() && !is_token(option)) refuse(parse_fault::malformed);
  });
}

void http_parser::end_head() {
  if (chunked_ && length_) return refuse(parse_fault::malformed);
  if (chunked_) {
    chunks_.reset();
    at_ = part::chunks;
    return;
  }
  body_left_ = length_.value_or(0);
  at_ = body_left_ > 0 ? part::body : part::done;
  if (body_left_ > max_body_) refuse(parse_fault::body_too_large);
}

std::string_view http_parser::at(span s) const noexcept {
  return s.there() ? std::string_view(kept_).substr(s.offset, s.size) : std::string_view();
}

http_parser::span http_parser::keep(std::string_view text) {
  const span result{static_cast<std::uint32_t>(kept_.size()),
                    static_cast<std::uint32_t>(text.size())};
  kept_ += text;
  return result;
}

wire::http_request http_parser::request(std::string_view peer_address) {
  const auto optional = [this](span s) { return s.there() ? std::optional(at(s)) : std::nullopt; };
  params_.clear();
  for (const auto& [name, value] : param_spans_) params_.emplace_back(at(name), at(value));
  wire::http_request request;
  request.method = at(method_);
  request.target = at(target_);
  request.protocol_version = optional(first_[version]);
  request.session_id = optional(first_[session]);
  request.mcp_method = optional(first_[mcp_method]);
  request.mcp_name = optional(first_[mcp_name]);
  request.content_type = optional(first_[content_type]);
  const auto joined = [&](const list& which) {
    return which.joined.empty() ? optional(which.first) : which.joined;
  };
  request.accept = joined(accept_);
  request.traceparent = optional(first_[traceparent]);
  request.tracestate = joined(tracestate_);
  request.baggage = joined(baggage_);
  request.authorization = optional(first_[authorization]);
  request.last_event_id = optional(first_[last_event_id]);
  request.mcp_params = params_;
  request.repeated_header = repeated_;
  request.peer_address = peer_address;
  request.forwarded = forwarded_;
  return request;
}

}  // namespace longhaul::transport
