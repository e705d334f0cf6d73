// SPDX-License-Identifier: Apache-2.0
// How the calls of a tool wait for each other, how often they are tried, and what is expected of
// them.
#include <algorithm>

#include "config/read_tool.hpp"
#include "config/tunables.hpp"
#include "typed/key_template.hpp"

namespace longhaul::config {
namespace {

class queue_reader {
 public:
  queue_reader(table_reader& from, command::tool_spec& tool) : from_(from), tool_(tool) {}

  void read() {
    tool_options& options = tool_.options;
    if (const auto crash = from_.word("on_crash", {"fail", "rerun"})) {
      options.on_crash = *crash == 0 ? on_crash::fail : on_crash::rerun;
    }
    read_retry_on();
    if (const auto given = from_.integer("max_attempts", 1, tunables::max_count_of_tool)) {
      options.max_attempts = static_cast<std::uint32_t>(*given);
    }
    from_.set("retry_backoff", options.retry_backoff);
    from_.set("retry_backoff_max", options.retry_backoff_max);
    options.unique = from_.word("unique", {"arguments"}).has_value();
    from_.set("unique_for", options.unique_for);
    from_.set_count("max_running", options.max_running, 1, tunables::max_count_of_tool);
    from_.set_count("concurrency", options.concurrency, 1, tunables::max_count_of_tool);
    read_concurrency_key();
    options.stall_limit = from_.limit("stall_limit");
    options.expected = from_.limit("expected");
  }

 private:
  // One end, or an array of them.
  void read_retry_on() {
    const toml::node* node = from_.find("retry_on");
    if (node == nullptr) return;
    const toml::array* all = node->as_array();
    if (all == nullptr) return add_end(*node);
    if (all->empty()) from_.fail(*node, "retry_on is empty: leave it out for no retry");
    for (const toml::node& one : *all) add_end(one);
  }

  void add_end(const toml::node& node) {
    if (const auto* code = node.as_integer()) return add_code(node, code->get());
    if (const auto* word = node.as_string()) return add_word(node, word->get());
    from_.fail(node, std::string(ends) + ", not " + kind_of(node));
  }

  void add_code(const toml::node& node, std::int64_t given) {
    if (given < 1 || given > 255) {
      return from_.fail(node, std::string(ends) + ", not " + std::to_string(given));
    }
    const int code = static_cast<int>(given);
    if (std::ranges::find(tool_.success, code) != tool_.success.end()) {
      return from_.fail(node, "retry_on holds " + std::to_string(code) +
                                  ", which is no failure: it is among the codes of success");
    }
    tool_.retry_codes.push_back(code);
  }

  void add_word(const toml::node& node, const std::string& word) {
    retry_on& which = tool_.options.retry_on;
    if (word == "error") {
      which = retry_on::any;
    } else if (word == "signal") {
      tool_.retry_signals = true;
    } else if (word == "timeout") {
      which = which | retry_on::timeout;
    } else if (word == "stall") {
      which = which | retry_on::stall;
    } else {
      from_.fail(node, std::string(ends) + ", not " + in_quotes(word));
    }
  }

  void read_concurrency_key() {
    const auto given = from_.text("concurrency_key");
    if (!given) return;
    std::vector<std::string_view> names;
    names.reserve(tool_.parameters.size());
    for (const command::parameter& one : tool_.parameters) names.push_back(one.name);
    const std::string fault = detail::key_template_fault(*given, names);
    if (!fault.empty()) return from_.fail_at("concurrency_key", "concurrency_key: " + fault);
    tool_.options.concurrency_key = *given;
  }

  static constexpr std::string_view ends =
      R"(retry_on holds exit codes from 1 to 255, "error", "signal", "timeout" and "stall")";

  table_reader& from_;
  command::tool_spec& tool_;
};

}  // namespace

void read_queue(table_reader& from, command::tool_spec& tool) { queue_reader(from, tool).read(); }

}  // namespace longhaul::config
