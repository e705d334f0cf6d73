// SPDX-License-Identifier: Apache-2.0
#include "client/http_url.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/text.hpp"

namespace longhaul::remote {
namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw std::invalid_argument("'" + shown_url(text) + "' is no address of a server: " + why);
}

// An IPv6 address stands in brackets.
bool needs_brackets(const std::string& host) { return host.find(':') != std::string::npos; }

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string_view default_port(bool secure) { return secure ? "443" : "80"; }

void read_authority(std::string_view text, std::string_view authority, http_url& into) {
  if (authority.find('@') != std::string_view::npos) {
    refuse(text, "a user or password does not belong into a URL; send a key instead");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) refuse(text, "the bracket of the address is not closed");
    into.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) refuse(text, "after ']' comes ':PORT'");
  } else {
    const std::size_t colon = authority.find(':');
    into.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (into.host.empty()) refuse(text, "it names no host");
  if (!port.empty()) port.remove_prefix(1);
  unsigned number = 0;
  const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool is_port = read.ec == std::errc() && read.ptr == port.data() + port.size() &&
                       number > 0 && number < 65536;
  if (!port.empty() && !is_port) refuse(text, "the port is a number from 1 to 65535");
  into.port = port.empty() ? default_port(into.secure) : port;
}

}  // namespace

std::string http_url::authority() const {
  std::string result = needs_brackets(host) ? "[" + host + "]" : host;
  if (port != default_port(secure)) result += ":" + port;
  return result;
}

std::string http_url::origin() const { return (secure ? "https://" : "http://") + authority(); }

std::string shown_url(std::string_view text) {
  const std::size_t scheme = text.find("//");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 2;
  const std::size_t end = std::min(text.find_first_of("/?#", begin), text.size());
  const std::size_t at = text.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(text);
  return std::string(text.substr(0, begin)) + "…" + std::string(text.substr(at));
}

http_url parse_url(std::string_view text) {
  if (!is_visible_ascii(text)) refuse(text, "it holds characters that URLs write as %XX");
  http_url result;
  std::string_view rest = text;
  const std::size_t end_of_scheme = text.find("://");
  const std::string scheme =
      end_of_scheme == std::string_view::npos ? "" : lowered(text.substr(0, end_of_scheme));
  if (scheme != "http" && scheme != "https") refuse(text, "it begins with http:// or https://");
  result.secure = scheme == "https";
  rest.remove_prefix(end_of_scheme + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  read_authority(text, rest.substr(0, end), result);
  result.host = lowered(result.host);
  result.target = rest.substr(end);
  if (!result.target.starts_with('/')) result.target.insert(0, "/");
  return result;
}

http_url resolve(const http_url& from, std::string_view location) {
  if (location.find("://") != std::string_view::npos) return parse_url(location);
  if (location.starts_with("//")) {
    return parse_url((from.secure ? "https:" : "http:") + std::string(location));
  }
  std::string path(location);
  if (!location.starts_with('/')) {
    const std::string base = from.target.substr(0, from.target.find('?'));
    path = location.starts_with('?') ? base + path : base.substr(0, base.rfind('/') + 1) + path;
  }
  return parse_url(from.origin() + path);
}

}  // namespace longhaul::remote
