// SPDX-License-Identifier: Apache-2.0
#include "auth/identify.hpp"

#include <set>
#include <stdexcept>
#include <utility>

#include "auth/api_keys.hpp"
#include "auth/loopback.hpp"
#include "base/names.hpp"
#include "longhaul/server.hpp"

namespace longhaul::auth {
namespace {

identification let_in(caller who) {
  identification result;
  result.who = std::make_shared<const caller>(std::move(who));
  return result;
}

class by_key final : public identifier {
 public:
  explicit by_key(api_keys keys) : keys_(std::move(keys)) {}

  std::optional<identification> identify_at_once(const credentials& presented) const override {
    identification result;
    result.who = keys_.holder_of(presented.authorization);
    if (!result.who) result.www_authenticate = challenge(presented.authorization.has_value());
    return result;
  }

 private:
  const api_keys keys_;
};

class nobody_asks final : public identifier {
 public:
  std::optional<identification> identify_at_once(const credentials& presented) const override {
    return let_in(anonymous_caller(presented.peer_address));
  }
};

class one_user final : public identifier {
 public:
  std::optional<identification> identify_at_once(const credentials& presented) const override {
    // Behind a proxy it may be anybody: the proxy listens for others.
    return let_in(presented.forwarded ? anonymous_caller(presented.peer_address) : local_caller());
  }
};

}  // namespace

api_keys read_keys(const std::vector<api_key>& given) {
  api_keys keys;
  std::set<std::string> names;
  std::set<key_digest> digests;
  for (const api_key& key : given) {
    const std::string which = "the key named \"" + key.name + "\": ";
    if (!is_short_name(key.name)) {
      throw std::invalid_argument(which + "a name has " + short_name_rule());
    }
    if (!names.insert(key.name).second) {
      throw std::invalid_argument(which + "there are two keys of this name");
    }
    const auto digest = parse_sha256(key.sha256);
    if (!digest) {  // not quoted: it may be the key itself
      throw std::invalid_argument(
          which +
          "sha256 must be the SHA-256 of the key in 64 hex digits: printf %s \"$KEY\" | "
          "sha256sum");
    }
    if (!digests.insert(*digest).second) {
      throw std::invalid_argument(which + "another key has the same digest");
    }
    keys.add(key.name, *digest);
  }
  return keys;
}

boost::asio::awaitable<identification> identifier::identify(credentials presented) const {
  co_return identify_at_once(presented).value_or(identification());
}

caller local_caller() {
  caller who;
  who.owner = who.quota = "local";
  who.identified = true;
  return who;
}

caller anonymous_caller(std::string_view peer_address) {
  caller who;
  who.owner = "anonymous";
  who.quota = "anonymous@";
  who.quota += peer_address;
  return who;
}

std::shared_ptr<const identifier> anonymous() { return std::make_shared<const nobody_asks>(); }

void check_callers(const server_options& options) {
  if (options.single_user && !options.keys.empty()) {
    throw std::invalid_argument("single_user is for servers without keys: leave out one of them");
  }
  read_keys(options.keys);
}

std::shared_ptr<const identifier> identify_by(const server_options& options,
                                              const std::string& host) {
  check_callers(options);
  if (options.single_user && !is_loopback(host)) {
    throw std::invalid_argument(
        "single_user lets everybody who reaches the server act as its owner: listen on 127.0.0.1 "
        "or [::1], not on " +
        host);
  }
  if (options.single_user) return std::make_shared<const one_user>();
  if (options.keys.empty()) return anonymous();
  return std::make_shared<const by_key>(read_keys(options.keys));
}

}  // namespace longhaul::auth
