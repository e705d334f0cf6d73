// SPDX-License-Identifier: Apache-2.0
#include "open/http_address.hpp"

#include <charconv>
#include <stdexcept>

namespace longhaul {
namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw std::invalid_argument("\"" + std::string(text) +
                              "\" is not an address: write HOST:PORT, as in 127.0.0.1:8080");
}

std::string host_of(std::string_view text, std::size_t colon) {
  if (colon == std::string_view::npos) return "127.0.0.1";
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.starts_with('[') && host.ends_with(']')) {
    return std::string(host.substr(1, host.size() - 2));
  }
  if (host.empty() || host.find(':') != std::string_view::npos) refuse(text);
  return host == "localhost" ? "127.0.0.1" : std::string(host);
}

}  // namespace

http_address parse_http_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  http_address result;
  result.host = host_of(text, colon);
  const char* const end = port.data() + port.size();
  const auto [stop, error] = std::from_chars(port.data(), end, result.port);
  if (port.empty() || error != std::errc() || stop != end) refuse(text);
  return result;
}

}  // namespace longhaul
