// SPDX-License-Identifier: Apache-2.0
// The only translation unit that sees Boost.Beast.
#include "transport/http_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>

namespace longhaul::transport {
namespace {

namespace http = boost::beast::http;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view lower_case) noexcept {
  return a.size() == lower_case.size() && std::equal(a.begin(), a.end(), lower_case.begin(),
                                                     [](char x, char y) { return lower(x) == y; });
}

std::string_view view(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

constexpr std::string_view param_prefix = "mcp-param-";
// simdjson wants room behind the text; with it the body need not be copied for parsing.
constexpr std::size_t body_padding = 64;
constexpr std::size_t last_chunk = std::string_view("0\r\n\r\n").size();
// A body announced as large is not believed before its bytes come.
constexpr std::size_t believed_body = 256 << 10;

}  // namespace

class http_parser::core : public http::basic_parser<true> {
 public:
  explicit core(http_parser& owner) : owner_(owner) {}

  void on_request_impl(http::verb, boost::beast::string_view method,
                       boost::beast::string_view target, int version,
                       boost::beast::error_code& error) override {
    error = {};
    owner_.http_1_1_ = version >= 11;
    owner_.method_ = owner_.keep(view(method));
    owner_.target_ = owner_.keep(view(target));
  }
  void on_response_impl(int, boost::beast::string_view, int,
                        boost::beast::error_code& error) override {
    error = {};
  }
  void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value,
                     boost::beast::error_code& error) override {
    error = {};
    if (is_header_done()) return;  // a trailer: no header, whatever its name
    // Another coding would leave open where the body ends: the next request could be smuggled.
    if (same_name(view(name), "transfer-encoding") && !same_name(view(value), "chunked")) {
      error = http::error::bad_transfer_encoding;
      return;
    }
    owner_.keep_header(view(name), view(value));
  }
  void on_header_impl(boost::beast::error_code& error) override { error = {}; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                         boost::beast::error_code& error) override {
    error = {};
    if (!length) return;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(*length, believed_body));
    owner_.body_.reserve(size + body_padding);
  }
  std::size_t on_body_impl(boost::beast::string_view bytes,
                           boost::beast::error_code& error) override {
    error = {};
    owner_.body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view,
                            boost::beast::error_code& error) override {
    error = {};
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view bytes,
                                 boost::beast::error_code& error) override {
    error = {};
    owner_.body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(boost::beast::error_code& error) override { error = {}; }

 private:
  http_parser& owner_;
};

http_parser::http_parser(std::size_t max_header, std::size_t max_body)
    : max_header_(max_header), max_body_(max_body) {
  reset();
}

http_parser::~http_parser() = default;

void http_parser::reset() {
  core_ = std::make_unique<core>(*this);
  core_->eager(true);
  core_->header_limit(static_cast<std::uint32_t>(max_header_));
  core_->body_limit(max_body_);
  fault_ = parse_fault::none;
  wants_continue_ = several_hosts_ = several_origins_ = http_1_1_ = false;
  kept_.clear();
  for (span* s : {&method_, &target_, &host_, &origin_, &version_, &session_, &mcp_method_,
                  &mcp_name_, &content_type_, &accept_, &authorization_, &last_event_id_}) {
    *s = span();
  }
  param_spans_.clear();
  params_.clear();
  repeated_.clear();
  body_.clear();
}

std::size_t http_parser::put(std::string_view bytes) {
  // Beast asserts that the last chunk comes with at least this; no chunked body ends with less.
  if (head_done() && core_->chunked() && bytes.size() < last_chunk) return 0;
  boost::beast::error_code error;
  const std::size_t taken =
      core_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) {
    if (error == http::error::body_limit) {
      fault_ = parse_fault::body_too_large;
    } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      fault_ = parse_fault::header_too_large;
    } else {
      fault_ = parse_fault::malformed;
    }
  } else if (head_done() && !done() && bytes.size() - taken > max_header_) {
    fault_ = parse_fault::header_too_large;  // Beast bounds no chunk extension and no trailer
  }
  return taken;
}

bool http_parser::head_done() const noexcept { return core_->is_header_done(); }
bool http_parser::done() const noexcept { return core_->is_done(); }
bool http_parser::keep_alive() const noexcept { return http_1_1_ && core_->keep_alive(); }

std::string_view http_parser::at(span s) const noexcept {
  if (s.offset == span::npos) return {};
  return std::string_view(kept_).substr(s.offset, s.size);
}

http_parser::span http_parser::keep(std::string_view text) {
  const span result{kept_.size(), text.size()};
  kept_ += text;
  return result;
}

void http_parser::keep_once(span& where, std::string_view name, std::string_view value) {
  if (where.offset == span::npos) {
    where = keep(value);
  } else if (at(where) != value && repeated_.empty()) {
    repeated_ = std::string(name);
  }
}

void http_parser::keep_header(std::string_view name, std::string_view value) {
  struct known {
    std::string_view name;
    span http_parser::* where;
  };
  static constexpr known headers[] = {
      {"mcp-protocol-version", &http_parser::version_},
      {"mcp-session-id", &http_parser::session_},
      {"mcp-method", &http_parser::mcp_method_},
      {"mcp-name", &http_parser::mcp_name_},
      {"content-type", &http_parser::content_type_},
      {"accept", &http_parser::accept_},
      {"authorization", &http_parser::authorization_},
      {"last-event-id", &http_parser::last_event_id_},
  };
  if (same_name(name, "host")) {
    several_hosts_ = several_hosts_ || host_.offset != span::npos;
    host_ = keep(value);
    return;
  }
  if (same_name(name, "origin")) {
    several_origins_ = several_origins_ || origin_.offset != span::npos;
    origin_ = keep(value);
    return;
  }
  if (same_name(name, "accept") && accept_.offset != span::npos) {
    accept_ = keep(std::string(at(accept_)) + ", " + std::string(value));  // a list may be split
    return;
  }
  for (const known& header : headers) {
    if (same_name(name, header.name)) return keep_once(this->*header.where, name, value);
  }
  if (same_name(name, "expect")) {
    wants_continue_ = http_1_1_ && same_name(value, "100-continue");
  } else if (name.size() > param_prefix.size() &&
             same_name(name.substr(0, param_prefix.size()), param_prefix)) {
    const span suffix = keep(name.substr(param_prefix.size()));
    param_spans_.emplace_back(suffix, keep(value));
  }
}

wire::http_request http_parser::request(std::string_view peer_address) {
  const auto optional = [this](span s) {
    return s.offset == span::npos ? std::nullopt : std::optional(at(s));
  };
  for (const auto& [name, value] : param_spans_) params_.emplace_back(at(name), at(value));
  wire::http_request request;
  request.method = at(method_);
  request.protocol_version = optional(version_);
  request.session_id = optional(session_);
  request.mcp_method = optional(mcp_method_);
  request.mcp_name = optional(mcp_name_);
  request.content_type = optional(content_type_);
  request.accept = optional(accept_);
  request.authorization = optional(authorization_);
  request.last_event_id = optional(last_event_id_);
  request.mcp_params = params_;
  request.repeated_header = repeated_;
  request.peer_address = peer_address;
  return request;
}

}  // namespace longhaul::transport
