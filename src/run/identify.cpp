// SPDX-License-Identifier: Apache-2.0
#include "run/identify.hpp"

#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "auth/api_keys.hpp"
#include "auth/loopback.hpp"
#include "base/names.hpp"

namespace longhaul {
namespace {

wire::identification let_in(serving::caller who) {
  wire::identification result;
  result.who = std::move(who);
  return result;
}

auth::api_keys read_keys(const std::vector<api_key>& given) {
  auth::api_keys keys;
  std::set<std::string> names;
  std::set<auth::key_digest> digests;
  for (const api_key& key : given) {
    const std::string which = "the key named \"" + key.name + "\": ";
    if (!is_short_name(key.name)) {
      throw std::invalid_argument(which + "a name has " + std::string(short_name_rule));
    }
    if (!names.insert(key.name).second) {
      throw std::invalid_argument(which + "there are two keys of this name");
    }
    const auto digest = auth::parse_sha256(key.sha256);
    if (!digest) {  // not quoted: it may be the key itself
      throw std::invalid_argument(
          which +
          "sha256 must be the SHA-256 of the key in 64 hex digits: printf %s \"$KEY\" | "
          "sha256sum");
    }
    if (!digests.insert(*digest).second) {
      throw std::invalid_argument(which + "this is the digest of another key, too");
    }
    keys.add(key.name, *digest);
  }
  return keys;
}

wire::identification holder_of(const auth::api_keys& keys, const wire::http_request& request) {
  if (const auto name = keys.name_of(request.authorization)) {
    serving::caller who;
    who.owner = who.quota = "key:" + *name;
    who.identified = true;
    return let_in(std::move(who));
  }
  wire::identification nobody;
  nobody.www_authenticate = auth::challenge(request.authorization.has_value());
  return nobody;
}

wire::identification only_user(const wire::http_request& request) {
  // Behind a proxy anybody may be: it listens for others.
  return request.forwarded ? wire::anonymous_caller(request) : let_in(wire::local_caller());
}

}  // namespace

void check_callers(const server_options& options) {
  if (options.single_user && !options.keys.empty()) {
    throw std::invalid_argument("single_user is for servers without keys: leave out one of them");
  }
  read_keys(options.keys);
}

wire::identifier identify_by(const server_options& options, const std::string& host) {
  check_callers(options);
  if (options.single_user && !auth::is_loopback(host)) {
    throw std::invalid_argument(
        "single_user lets everybody who reaches the server act as its owner: listen on 127.0.0.1 "
        "or "
        "[::1], not on " +
        host);
  }
  if (options.single_user) return only_user;
  if (options.keys.empty()) return wire::anonymous_caller;
  const auto keys = std::make_shared<const auth::api_keys>(read_keys(options.keys));
  return [keys](const wire::http_request& request) { return holder_of(*keys, request); };
}

}  // namespace longhaul
