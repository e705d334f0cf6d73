// SPDX-License-Identifier: Apache-2.0
#include "server/extensions.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/names.hpp"
#include "json/view.hpp"

namespace longhaul::serving {
namespace {

// MCP's own, which no extension may take; so is whatever has another name later.
constexpr std::string_view own_prefix = "io.modelcontextprotocol/";

[[noreturn]] void refuse_extension(const std::string& id, const std::string& problem) {
  throw std::invalid_argument("extension \"" + id + "\": " + problem);
}

bool is_extension_id(std::string_view id) noexcept {
  const std::size_t slash = id.find('/');
  return slash != std::string_view::npos && is_tool_name(id.substr(0, slash)) &&
         is_tool_name(id.substr(slash + 1));
}

// What a listener is found by.
std::string key_of(std::string_view method, std::string_view subject, std::string_view owner) {
  std::string key;
  for (const std::string_view part : {method, subject, owner}) key.append(part).push_back('\0');
  return key;
}

}  // namespace

void extensions::add(const extension& added) {
  const std::string& id = added.id();
  if (!is_extension_id(id)) {
    refuse_extension(id, "an id is a prefix and a name, as in com.example/clock");
  }
  if (id.starts_with(own_prefix)) refuse_extension(id, "this prefix is for those of MCP");
  if (std::ranges::find(all_, id, &extension::id) != all_.end()) {
    refuse_extension(id, "there is one of this id already");
  }
  if (added.settings() && !json::value(added.settings()).is(json::kind::object)) {
    refuse_extension(id, "settings must be a JSON object");
  }
  for (const notification_options& sent : added.notifications()) {
    if (sends(sent.name)) refuse_extension(id, sent.name + " is sent by another one");
  }
  std::vector<std::pair<std::string, method_entry>> methods;
  for (const extension::method& one : added.methods()) {
    const std::string& name = one.options.name;
    const bool twice =
        std::ranges::find(methods, name, &decltype(methods)::value_type::first) != methods.end();
    if (twice || find_method(name))
      refuse_extension(id, "the method " + name + " is there already");
    methods.emplace_back(name,
                         method_entry{id, callable(one.run, callable_kinds::extensions, name)});
  }
  all_.push_back(added);
  for (auto& [name, entry] : methods) methods_.emplace(name, std::move(entry));
}

const method_entry* extensions::find_method(std::string_view name) const noexcept {
  const auto found = methods_.find(name);
  return found == methods_.end() ? nullptr : &found->second;
}

bool extensions::hear(const std::string& owner, std::string_view method,
                      const raw_json& params) const {
  bool heard = false;
  for (const extension& one : all_) {
    for (const extension::incoming_notification& incoming : one.incoming()) {
      if (incoming.name != method) continue;
      incoming.hear(caller_info{owner}, params);
      heard = true;
    }
  }
  return heard;
}

bool extensions::sends(std::string_view method) const noexcept {
  return std::ranges::any_of(all_, [&](const extension& one) {
    return std::ranges::find(one.notifications(), method, &notification_options::name) !=
           one.notifications().end();
  });
}

void extensions::listen(std::string_view method, std::string_view subject, std::string_view owner,
                        const std::shared_ptr<notice_listener>& listener) {
  listeners_.add(key_of(method, subject, {}), listener);
  if (!owner.empty()) listeners_.add(key_of(method, subject, owner), listener);
}

void extensions::notify(std::string_view method, const raw_json& params,
                        const notification_target& to) {
  if (!sends(method)) {
    throw std::invalid_argument("no extension has the notification " + std::string(method));
  }
  if (params && !json::value(params).is(json::kind::object)) {
    throw std::invalid_argument("the params of a notification are an object");
  }
  const auto notice = std::make_shared<const extension_notice>(
      extension_notice{std::string(method), or_empty_object(params)});
  auto hearing = listeners_.listening_to(key_of(method, {}, to.owner));
  if (!to.subject.empty()) {
    for (auto& listener : listeners_.listening_to(key_of(method, to.subject, to.owner))) {
      if (std::ranges::find(hearing, listener) == hearing.end()) {
        hearing.push_back(std::move(listener));
      }
    }
  }
  for (const auto& listener : hearing) listener->on_notice(notice);
}

}  // namespace longhaul::serving
