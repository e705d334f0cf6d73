// SPDX-License-Identifier: Apache-2.0
// What every route of the API has at hand: the server, and the request that it answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "operator/api_error.hpp"
#include "operator/api_target.hpp"
#include "operator/audit_trail.hpp"
#include "operator/kept_numbers.hpp"
#include "operator/last_hour.hpp"
#include "operator/open_streams.hpp"
#include "operator/roles.hpp"
#include "operator/work_figures.hpp"
#include "server/catalog.hpp"
#include "server/outputs.hpp"
#include "tasks/engine.hpp"
#include "wire/endpoint.hpp"
#include "wire/http_figures.hpp"

namespace longhaul::operating {

template <class T>
using awaitable = wire::awaitable<T>;

/// What an operator looks at. All of it outlives the endpoint.
struct surroundings {
  tasks::engine& engine;
  serving::catalog& features;
  serving::output_source* outputs = nullptr;  ///< null: no program prints anything
  const last_hour& hour;
  work_figures& work;
  /// By what they are for: "mcp", "operator".
  std::vector<std::pair<std::string_view, std::function<wire::http_figures()>>> listeners = {};
  std::function<serving::program_figures()> programs = {};  ///< null: there are none
  /// Spans that left, and that were dropped; null: nobody asked for any.
  std::function<std::pair<std::uint64_t, std::uint64_t>()> traces = {};
  std::size_t max_running = 0;
  stores::create_bounds bounds = {};
  byte_limits limits = {};
  logger log = {};
};

/// From now on figures have all tools that are served, with zeros at least.
void know_tools(const surroundings& around);

/// … and what the API keeps itself.
struct api_state {
  api_state(const surroundings& given, const std::vector<operator_key>& keys,
            const std::string& host)
      : around(given), who_may(std::make_shared<const roles>(keys, host)), trail(given.log) {
    know_tools(around);  // before others take their places
  }

  stores::store& store() const noexcept { return around.engine.store(); }

  const surroundings around;
  const std::shared_ptr<const roles> who_may;
  audit_trail trail;
  open_streams streams;
  kept_numbers numbers;
  const timestamp started = around.engine.clock().now();
};

struct api_call {
  api_state& server;
  const wire::http_request& head;
  const api_target& target;
  std::string_view subject;  ///< the part of the path that the route leaves open: an id, a name
  std::string body;
  std::shared_ptr<wire::outlet> out;

  std::string_view who() const noexcept { return roles::name_of(*head.caller); }
  /// Remembers that this was done.
  void note(std::string_view verb, std::string_view on, std::string_view outcome) const;
};

/// A stream is nothing but a body. Throws `api_error` (405) for HEAD.
void refuse_head(const api_call& call);
/// The reply to a request that went well.
wire::http_reply json_reply(std::string body);

// --- the routes, a file each
awaitable<wire::http_reply> show_status(api_call& call);
awaitable<wire::http_reply> show_tasks(api_call& call);
awaitable<wire::http_reply> count_tasks(api_call& call);
awaitable<wire::http_reply> show_task(api_call& call);
awaitable<wire::http_reply> show_stdout(api_call& call);
awaitable<wire::http_reply> show_stderr(api_call& call);
awaitable<wire::http_reply> cancel_task(api_call& call);
awaitable<wire::http_reply> answer_task(api_call& call);
awaitable<wire::http_reply> retry_task(api_call& call);
awaitable<wire::http_reply> retain_task(api_call& call);
awaitable<wire::http_reply> delete_task(api_call& call);
awaitable<wire::http_reply> cancel_tasks(api_call& call);
awaitable<wire::http_reply> retry_tasks(api_call& call);
awaitable<wire::http_reply> delete_tasks(api_call& call);
awaitable<wire::http_reply> show_tools(api_call& call);
awaitable<wire::http_reply> pause_tool(api_call& call);
awaitable<wire::http_reply> resume_tool(api_call& call);
awaitable<wire::http_reply> call_tool(api_call& call);
awaitable<wire::http_reply> show_owners(api_call& call);
awaitable<wire::http_reply> show_processes(api_call& call);
awaitable<wire::http_reply> show_audit(api_call& call);
awaitable<wire::http_reply> follow_events(api_call& call);
awaitable<wire::http_reply> show_description(api_call& call);
awaitable<wire::http_reply> show_metrics(api_call& call);

}  // namespace longhaul::operating
