// SPDX-License-Identifier: Apache-2.0
#include "server/dispatcher.hpp"

#include <stdexcept>
#include <utility>

#include "server/captured_output.hpp"
#include "server/refusals.hpp"

namespace longhaul::serving {

dispatcher::dispatcher(catalog& features, tasks::engine& engine, dispatcher_options options)
    : features_(features),
      server_{features, engine, std::move(options)},
      calls_(server_),
      task_requests_(server_),
      subscriptions_(server_) {
  if (server_.options.outputs != nullptr) {
    resources_.push_back(std::make_unique<captured_output>(*server_.options.outputs, engine,
                                                           features.watch(), server_.options.log));
  }
}

std::vector<resource_template> dispatcher::source_templates() const {
  std::vector<resource_template> result;
  for (const auto& source : resources_) {
    const auto templates = source->templates();
    result.insert(result.end(), templates.begin(), templates.end());
  }
  return result;
}

std::optional<refused> dispatcher::decline_unrun(const caller& who, call_request request,
                                                 const refused& why) const {
  if (!server_.options.middleware) return std::nullopt;
  if (auto declined = server_.decline(who, request)) return declined;
  server_.options.middleware->refused_unrun(who, request, why);
  return std::nullopt;
}

// There is no run of what a source has: the hooks hear of it here.
awaitable<reply<resource_contents>> dispatcher::read_resource(const caller& who,
                                                              std::string_view uri) {
  if (!server_.options.middleware) co_return co_await read_source(who, uri);
  call_request read;
  read.tool = resource_callable(uri);
  read.arguments = read_arguments(uri);
  if (auto declined = server_.decline(who, read)) co_return *std::move(declined);
  auto found = co_await read_source(who, uri);
  if (const auto* const why = std::get_if<refused>(&found)) {
    server_.options.middleware->refused_unrun(who, read, *why);
  } else {
    server_.options.middleware->answered_unrun(who, read);
  }
  co_return found;
}

awaitable<reply<resource_contents>> dispatcher::read_source(const caller& who,
                                                            std::string_view uri) {
  try {
    for (const auto& source : resources_) {
      if (auto contents = co_await source->read(who, uri)) co_return *std::move(contents);
    }
  } catch (const std::exception& e) {
    co_return source_failure(e);
  }
  co_return unknown_resource();
}

awaitable<reply<resource_hold_ptr>> dispatcher::hold_resource(const caller& who,
                                                              const std::string& uri) {
  if (features_.find_resource_for(who, uri)) co_return resource_hold_ptr();
  try {
    for (const auto& source : resources_) {
      if (auto hold = co_await source->hold(who, uri)) co_return hold;
    }
  } catch (const std::exception& e) {
    co_return source_failure(e);
  }
  co_return unknown_resource();
}

refused dispatcher::source_failure(const std::exception& e) const {
  if (dynamic_cast<const std::invalid_argument*>(&e) != nullptr) {
    return refuse(refusal::invalid_arguments, e.what());
  }
  return server_.failure(e);
}

}  // namespace longhaul::serving
