// SPDX-License-Identifier: Apache-2.0
// What this process did with tasks since it began, by tool: what /metrics shows. Costs a look into
// a table and a few additions for each thing that it hears of; a lock is taken for new tools and
// for refusals only.
//
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/meters.hpp"
#include "base/mutex.hpp"
#include "operator/tunables.hpp"
#include "tasks/work_observer.hpp"

namespace longhaul::operating {

class work_figures final : public tasks::work_observer {
 public:
  enum outcome_kind : std::uint8_t { completed, error, failed, cancelled, outcome_count };
  static constexpr std::array<std::string_view, outcome_count> outcome_names = {
      "completed", "error", "failed", "cancelled"};

  struct of_tool {
    explicit of_tool(std::string_view named) : name(named) {}

    const std::string name;
    counter created, attempts, retries;
    std::array<counter, outcome_count> ended;  ///< by this process
    histogram waited{lengths}, ran{lengths}, asked{lengths};
  };
  /// What counts for all tools beyond `tunables::tools_kept`.
  static constexpr std::string_view others = "(others)";

  work_figures();

  ~work_figures() override;

  void changed(const task_record& task) noexcept override;
  void created(const task_record& task) noexcept override;
  void began(const task_record& begun, milliseconds waited) noexcept override;
  void returned(const task_record& begun, const stretch& ran,
                tasks::attempt_end how) noexcept override;
  void asked(const task_record& begun, const stretch& waited, std::size_t questions,
             bool answered) noexcept override;
  void refused(std::string_view tool, std::string_view bound) noexcept override;

  /// From now on it is among the tools, with zeros: a series that begins with its first event hides
  /// that from whoever looks at what it grows by.
  void know(std::string_view tool) noexcept { find(tool); }
  /// In no order; they live as long as this.
  std::vector<const of_tool*> tools() const;
  std::map<std::string, std::uint64_t, std::less<>> refusals() const;

 private:
  /// Seconds: from calls that return at once to work of a day.
  static constexpr std::array lengths = {0.001, 0.01,  0.1,   0.5,    1.0,     5.0,    15.0,
                                         60.0,  300.0, 900.0, 3600.0, 14400.0, 86400.0};
  /// Null: there is no memory.
  of_tool* find(std::string_view tool) noexcept;
  std::atomic<of_tool*>& place_of(std::string_view tool);

  // Open addressing; what was put in stays. A power of two, and never full.
  std::array<std::atomic<of_tool*>, 2048> table_{};
  static_assert(tunables::tools_kept * 2 <= 2048);
  of_tool others_{others};
  std::atomic<bool> has_others_{false};
  mutable guarded_mutex mutex_;
  std::size_t count_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::uint64_t, std::less<>> refusals_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::operating
