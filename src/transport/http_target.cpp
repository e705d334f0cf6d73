// SPDX-License-Identifier: Apache-2.0
#include "transport/http_target.hpp"

#include <algorithm>

#include "transport/http_syntax.hpp"

namespace longhaul::transport {
namespace {

std::size_t scheme_size(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (same_name(text.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

http_target read_target(std::string_view text) {
  http_target result;
  if (const std::size_t scheme = scheme_size(text); scheme > 0) {
    text.remove_prefix(scheme);
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    result.authority = text.substr(0, end);
    result.valid = !result.authority.empty();
    text.remove_prefix(end);
  }
  result.path = text.substr(0, text.find_first_of("?#"));
  if (result.path.size() > 1 && result.path.ends_with('/')) result.path.remove_suffix(1);
  if (result.path.empty()) result.path = "/";
  return result;
}

}  // namespace longhaul::transport
