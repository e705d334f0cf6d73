// SPDX-License-Identifier: Apache-2.0
#include "longhaul/server.hpp"

#include <stdexcept>

#include "server/catalog.hpp"
#include "tasks/engine_link.hpp"

namespace longhaul {

server::server(server_options options) : options_(std::move(options)) {
  tools_ = std::make_shared<serving::catalog>(
      serving::server_identity{options_.name, options_.version, options_.title,
                               options_.instructions},
      serving::catalog_options{.leniency = {options_.ignore_arguments, options_.strict_arguments},
                               .links = options_.links,
                               .changes = options_.changing_tools});
  link_ = std::make_shared<longhaul::tasks::engine_link>();
}

server::~server() = default;
server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;

server& server::add_tool(tool_definition tool) {
  check_change("add_tool");
  std::string name = tool.options.name;
  try {
    tools_->add(std::move(tool));
  } catch (const std::invalid_argument& e) {
    return note_fault(std::move(name), e.what());
  }
  return *this;
}

bool server::remove_tool(std::string_view name) {
  check_change("remove_tool");
  return tools_->remove(name);
}

void server::tools_changed() { tools_->tools().touch(); }

void server::check_change(const char* function) const {
  if (!link_->is_open() || options_.changing_tools) return;
  throw std::logic_error(std::string(function) +
                         ": the server runs already; set server_options::changing_tools");
}

// Most messages name the tool; those about its fields and its types do not.
server& server::note_fault(const std::string& tool, const std::string& problem) {
  const std::string fault =
      problem.starts_with("tool \"") ? problem : "tool \"" + tool + "\": " + problem;
  if (link_->is_open()) throw std::invalid_argument(fault);
  faults_.push_back(fault);
  return *this;
}

task_access server::tasks() const { return task_access(link_); }

server& server::on_start(std::function<void()> fn) {
  on_start_.push_back(std::move(fn));
  return *this;
}

}  // namespace longhaul
