// SPDX-License-Identifier: Apache-2.0
// The middleware of a server, in its order, called where calls begin and end. A server without any
// has no chain, and pays a branch.
//
//   calls, task_requests, resources ──► arrive ──► null, or how it is refused
//   the engine (call_hooks) ──────────► on_result, on_end
//
// Threads: any; the list is fixed before the first call.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "longhaul/middleware.hpp"
#include "server/requests.hpp"
#include "tasks/call_hooks.hpp"

namespace longhaul::serving {

/// The feature behind the name of a callable (`prompts/greeting`), or a tool.
called_feature feature_of(std::string_view callable, const raw_json& arguments,
                          std::string& subject);

class middleware_chain final : public tasks::call_hooks {
 public:
  middleware_chain(std::vector<std::shared_ptr<middleware>> all, logger log)
      : all_(std::move(all)), log_(std::move(log)) {}

  void start(const log_sink& log) const;

  /// How it is refused, or null; `call.meta` has then what was set. Throw what a hook throws that
  /// is no refusal.
  std::optional<refused> arrive(const caller& who, call_request& call) const;
  /// The same of a request about a task; `verb` as `called_feature::name`.
  std::optional<refused> arrive(const caller& who, std::string_view verb,
                                std::string_view task) const;

  // --- what ends without a run
  void refused_unrun(const caller& who, const call_request& call,
                     const refused& why) const noexcept;
  void answered_unrun(const caller& who, const call_request& call) const noexcept;

  void on_result(tasks::handler_run& run, outcome& given) override;
  void on_end(const task_record& task) noexcept override;

 private:
  std::optional<refused> ask_all(arriving_call& call) const;
  void tell_unrun(const caller& who, const call_request& call, call_end end,
                  std::string_view words) const noexcept;
  void tell_trouble() const noexcept;
  void tell(const ended_call& call) const noexcept;

  const std::vector<std::shared_ptr<middleware>> all_;
  const logger log_;
};

}  // namespace longhaul::serving
