// SPDX-License-Identifier: Apache-2.0
// Where the engine finds tools. It keeps none of its own: a server's catalog, which may change
// while the server runs, is a source, and so is the list that a task engine and tests fill.
//
// A definition is shared: one that is removed while its handler runs lives until that has ended. A
// task whose tool is gone waits in the store until somebody serves the tool again.
//
// Threads: any.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::tasks {

using tool_ptr = std::shared_ptr<const tool_definition>;

class tool_source {
 public:
  virtual ~tool_source() = default;
  /// The tool of this name as it is now; null if there is none.
  virtual tool_ptr find(std::string_view name) const = 0;
  /// All of them as they are now, in any order: whose tasks may be claimed. Called once a claim.
  virtual std::shared_ptr<const std::vector<tool_ptr>> all() const = 0;
};

/// A source that is filled by hand.
class tool_list final : public tool_source {
 public:
  /// Throws `std::invalid_argument` if there is a tool of this name.
  void add(tool_ptr tool);
  /// Nothing happens if there is none.
  void remove(std::string_view name);

  tool_ptr find(std::string_view name) const override;
  std::shared_ptr<const std::vector<tool_ptr>> all() const override;

 private:
  mutable guarded_mutex mutex_;
  std::map<std::string, tool_ptr, std::less<>> by_name_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::tasks
