// SPDX-License-Identifier: Apache-2.0
#include "transport/http_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.hpp"

namespace longhaul::transport {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool is_v4(std::string_view name) {
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(name).c_str(), &address) == 1;
}

bool is_local_name(std::string_view name) {
  return name == "127.0.0.1" || name == "localhost" || name == "[::1]" ||
         (name.starts_with("127.") && is_v4(name));
}

// No name service is asked for these, so nobody can make them point elsewhere.
bool is_address(std::string_view name) { return name.starts_with('[') || is_v4(name); }

// As the header is read: without port. What is no name stays, and matches nothing.
std::vector<std::string> names_of(std::vector<std::string> hosts) {
  for (std::string& host : hosts) {
    std::string name = host_name(host);
    host = name.empty() ? lowered(host) : std::move(name);
  }
  return hosts;
}

constexpr std::string_view clear_scheme = "http://", tls_scheme = "https://";

// Without the port that the scheme implies.
std::string_view without_default_port(std::string_view authority, bool tls) {
  const std::string_view port = tls ? ":443" : ":80";
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

// As browsers send them.
std::vector<std::string> origins_of(std::vector<std::string> origins) {
  for (std::string& origin : origins) {
    origin = lowered(origin);
    const bool tls = origin.starts_with(tls_scheme);
    if (tls || origin.starts_with(clear_scheme))
      origin.resize(without_default_port(origin, tls).size());
  }
  return origins;
}

// The authority of `http://authority` or `https://authority`; empty if it is not of this form.
std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {clear_scheme, tls_scheme}) {
    if (origin.starts_with(scheme)) {
      const std::string_view rest = origin.substr(scheme.size());
      return rest.find_first_of("/?#@") == std::string_view::npos ? rest : std::string_view();
    }
  }
  return {};
}

}  // namespace

std::string host_name(std::string_view host) {
  const std::size_t end =
      host.starts_with('[') ? host.find(']') + 1 : std::min(host.find(':'), host.size());
  const std::string_view port = host.substr(end);
  if (!port.empty() &&
      (port[0] != ':' || port.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
    return {};
  }
  return lowered(host.substr(0, end));
}

http_guard::http_guard(reach reached, std::vector<std::string> hosts,
                       std::vector<std::string> origins)
    : reached_(reached),
      hosts_(names_of(std::move(hosts))),
      origins_(origins_of(std::move(origins))),
      any_origin_(contains(origins_, "*")) {}

bool http_guard::host_allowed(std::string_view name) const {
  if (contains(hosts_, name)) return true;
  return reached_.loopback ? is_local_name(name) : hosts_.empty();
}

// The origin that pages of this server itself have. Where TLS is a proxy's matter it may be https.
bool http_guard::is_own_origin(std::string_view origin, std::string_view host) const {
  const bool secure_page = origin.starts_with(tls_scheme);
  if (reached_.tls && !secure_page) return false;
  return lowered(without_default_port(authority_of(origin), secure_page)) ==
         lowered(without_default_port(host, secure_page));
}

std::string http_guard::refusal(std::string_view host, std::string_view origin) const {
  if (!host_allowed(host_name(host))) {
    return reached_.loopback
               ? "this Host is not allowed here: use localhost, 127.0.0.1, or a host that the "
                 "server is configured for"
               : "this Host is not allowed here: use a host that the server is configured for";
  }
  if (origin.data() == nullptr || any_origin_ || contains(origins_, lowered(origin))) return {};
  const std::string_view authority = authority_of(origin);
  const std::string name = host_name(authority);
  if (reached_.own_pages && is_own_origin(origin, host)) return {};
  const bool allowed = !reached_.own_pages && !authority.empty() &&
                       (contains(hosts_, name) || (reached_.loopback && is_local_name(name)) ||
                        (!reached_.loopback && is_address(name) && is_own_origin(origin, host)));
  if (allowed) return {};
  return "this Origin is not allowed here: web pages of other sites may not use this server";
}

}  // namespace longhaul::transport
