// SPDX-License-Identifier: Apache-2.0
#include "operator/roles.hpp"

#include <stdexcept>

#include "auth/identify.hpp"
#include "auth/loopback.hpp"

namespace longhaul::operating {
namespace {

constexpr std::string_view key_prefix = "key:";

std::vector<api_key> plain(const std::vector<operator_key>& keys) {
  std::vector<api_key> all;
  all.reserve(keys.size());
  for (const operator_key& key : keys) all.push_back({key.name, key.sha256});
  return all;
}

}  // namespace

std::string_view to_string(role given) noexcept { return given == role::act ? "act" : "read"; }

roles::roles(const std::vector<operator_key>& keys, const std::string& host)
    : keys_(auth::read_keys(plain(keys))) {
  if (keys.empty() && !auth::is_loopback(host)) {
    throw std::invalid_argument("the operators' listener has no keys, and others can reach " +
                                host +
                                ": give it [[operator.key]] tables, or let it listen on 127.0.0.1");
  }
  for (const operator_key& key : keys) {
    by_owner_.emplace(std::string(key_prefix) + key.name, key.may_act ? role::act : role::read);
  }
}

std::optional<auth::identification> roles::identify_at_once(
    const auth::credentials& presented) const {
  auth::identification result;
  if (keys_.empty()) {
    // Behind a proxy it may be anybody: the proxy listens for others.
    if (presented.forwarded) {
      result.status = 403;
      return result;
    }
    result.who = std::make_shared<const auth::caller>(auth::local_caller());
    return result;
  }
  result.who = keys_.holder_of(presented.authorization);
  if (!result.who) result.www_authenticate = auth::challenge(presented.authorization.has_value());
  return result;
}

role roles::role_of(const auth::caller& who) const {
  if (keys_.empty()) return role::act;
  const auto found = by_owner_.find(who.owner);
  return found == by_owner_.end() ? role::read : found->second;
}

std::string_view roles::name_of(const auth::caller& who) noexcept {
  const std::string_view owner = who.owner;
  return owner.starts_with(key_prefix) ? owner.substr(key_prefix.size()) : owner;
}

}  // namespace longhaul::operating
