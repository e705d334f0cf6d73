// SPDX-License-Identifier: Apache-2.0
#include "longhaul/audit_log.hpp"

#include <utility>
#include <vector>

#include "base/log.hpp"

namespace longhaul {
namespace {

class audit final : public middleware {
 public:
  explicit audit(audit_options options) : options_(std::move(options)), to_(options_.to) {}

  // A server may be served again, with another log.
  void on_start(const log_sink& log) override { to_ = options_.to ? options_.to : log; }

  void on_call(arriving_call& call) override {
    if (call.kind == call_kind::task) {
      if (!options_.task_requests) return;
      std::vector<log_field> fields = {{"name", call.name}, {"caller", call.caller.owner}};
      if (!call.subject.empty()) fields.push_back(task_field(call.subject));
      return write("audit.task", fields);
    }
    std::vector<log_field> fields = fields_of(call, call.caller.owner);
    if (options_.arguments && call.arguments) {
      fields.emplace_back("arguments", call.arguments.view());
    }
    write("audit.call", fields);
  }

  void on_end(const ended_call& call) override {
    std::vector<log_field> fields = fields_of(call, call.owner);
    if (!call.task.empty()) fields.push_back(task_field(call.task));
    fields.emplace_back("outcome", to_string(call.end));
    if (!call.words.empty()) fields.emplace_back("words", call.words);
    fields.emplace_back("ms", call.took.count());
    if (call.attempts > 1) fields.emplace_back("attempts", call.attempts);
    write("audit.end", fields);
  }

 private:
  static std::vector<log_field> fields_of(const called_feature& call, std::string_view owner) {
    std::vector<log_field> fields = {{"kind", to_string(call.kind)}, {"name", call.name}};
    if (!call.subject.empty()) fields.emplace_back("subject", call.subject);
    fields.emplace_back("caller", owner);
    return fields;
  }

  void write(std::string_view event, const std::vector<log_field>& fields) const {
    if (to_) to_({log_level::notice, event, {}, fields});
  }

  const audit_options options_;
  log_sink to_;  // fixed once the server runs
};

}  // namespace

std::shared_ptr<middleware> audit_log(audit_options options) {
  return std::make_shared<audit>(std::move(options));
}

}  // namespace longhaul
