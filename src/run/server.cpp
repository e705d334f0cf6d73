// SPDX-License-Identifier: Apache-2.0
#include "longhaul/server.hpp"

#include <stdexcept>

#include "server/catalog.hpp"
#include "tasks/engine_link.hpp"
#include "wire/extensions.hpp"

namespace longhaul {

server::server(server_options options) : options_(std::move(options)) {
  features_ = std::make_shared<serving::catalog>(
      serving::server_identity{.name = options_.name,
                               .version = options_.version,
                               .title = options_.title,
                               .instructions = options_.instructions,
                               .description = options_.description,
                               .website = options_.website,
                               .icons = options_.icons},
      serving::catalog_options{.leniency = {options_.ignore_arguments, options_.strict_arguments},
                               .links = options_.links,
                               .changes = options_.dynamic});
  link_ = std::make_shared<longhaul::tasks::engine_link>();
}

server::~server() = default;
server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;

void server::add(tool_definition tool) { features_->add(std::move(tool)); }
void server::add(prompt_definition prompt) { features_->add(std::move(prompt)); }
void server::add(resource_definition resource) { features_->add(std::move(resource)); }

server& server::add_tool(tool_definition tool) {
  const std::string name = tool.options.name;
  return add_made("add_tool", "tool", name, [&] { add(std::move(tool)); });
}

server& server::add_prompt(prompt_definition prompt) {
  const std::string name = prompt.options.name;
  return add_made("add_prompt", "prompt", name, [&] { add(std::move(prompt)); });
}

server& server::add_resource(resource_definition resource) {
  const std::string uri = resource.options.uri;
  return add_made("add_resource", "resource", uri, [&] { add(std::move(resource)); });
}

bool server::remove_tool(std::string_view name) {
  check_change("remove_tool");
  return features_->remove_tool(name);
}

bool server::remove_prompt(std::string_view name) {
  check_change("remove_prompt");
  return features_->remove_prompt(name);
}

bool server::remove_resource(std::string_view uri) {
  check_change("remove_resource");
  return features_->remove_resource(uri);
}

void server::tools_changed() { features_->tools().touch(); }
void server::prompts_changed() { features_->prompts().touch(); }
void server::resources_changed() { features_->resources().touch(); }
void server::resource_updated(const std::string& uri) { features_->watch().updated(uri); }

void server::check_change(const char* function) const {
  if (!link_->is_open() || options_.dynamic) return;
  throw std::logic_error(std::string(function) +
                         ": the server runs already; set server_options::dynamic");
}

// Most messages name the feature; those about its fields and its types do not.
void server::note_fault(const char* kind, const std::string& name, const std::string& problem) {
  const std::string start = std::string(kind) + " \"";
  const std::string fault = problem.starts_with(start) ? problem : start + name + "\": " + problem;
  if (link_->was_open()) throw std::invalid_argument(fault);
  faults_.push_back(fault);
}

server& server::add_extension(const extension& added) {
  if (link_->is_open()) throw std::logic_error("add_extension: the server runs already");
  return add_made("add_extension", "extension", added.id(), [&] {
    if (const std::string taken = wire::taken_from_protocol(added); !taken.empty()) {
      throw std::invalid_argument(taken + " is the protocol's own");
    }
    features_->add(added);
  });
}

void server::notify(std::string_view notification, const raw_json& params,
                    const notification_target& to) {
  features_->extensions().notify(notification, params, to);
}

server& server::use(std::shared_ptr<middleware> hooks) {
  if (!hooks) throw std::invalid_argument("use: there is no middleware");
  if (link_->is_open()) throw std::logic_error("use: the server runs already");
  middleware_.push_back(std::move(hooks));
  return *this;
}

task_access server::tasks() const { return task_access(link_); }

server& server::on_start(std::function<void()> fn) {
  on_start_.push_back(std::move(fn));
  return *this;
}

}  // namespace longhaul
