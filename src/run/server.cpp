// SPDX-License-Identifier: Apache-2.0
#include "longhaul/server.hpp"

#include "server/registry.hpp"

namespace longhaul {

server::server(server_options options) : options_(std::move(options)) {
  tools_ = std::make_unique<serving::registry>(
      serving::server_identity{options_.name, options_.version, options_.title,
                               options_.instructions},
      argument_leniency{options_.ignore_arguments, options_.strict_arguments});
}

server::~server() = default;
server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;

server& server::add_tool(tool_definition tool) {
  tools_->add(std::move(tool));
  return *this;
}

}  // namespace longhaul
