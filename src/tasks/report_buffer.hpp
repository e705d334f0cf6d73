// SPDX-License-Identifier: Apache-2.0
// What a handler has reported since its last report was written: progress, a line, a checkpoint.
// Reports are coalesced here, and the newest stands for all.
//
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.hpp"
#include "longhaul/stores/store.hpp"
#include "tasks/follower.hpp"

namespace longhaul::tasks {

class report_buffer {
 public:
  struct content {
    std::optional<progress_state> progress = std::nullopt;  ///< the newest
    raw_json checkpoint = {};                               ///< the newest
    stores::report_change unwritten = {};
  };

  explicit report_buffer(content begin) : content_(std::move(begin)) {}

  /// What followers are to hear; null: it says nothing new, and is dropped.
  std::optional<progress_event> progress(double done, std::optional<double> total,
                                         std::string_view message);
  void status(std::string_view message);
  /// Throws `std::length_error` if it is larger than `most` bytes; 0: no bound.
  void checkpoint(raw_json value, std::size_t most);
  raw_json checkpoint() const;

  /// True, once for each `take`: there is something to be written.
  bool begin_news();
  /// There is something to be written, and somebody knows of it.
  bool has_news() const;
  /// Nobody knows any more: what comes next is news.
  void forget_news() noexcept;
  /// What is to be written since the last call; null if nothing.
  std::optional<stores::report_change> take();
  /// Puts back what could not be written: it stands unless something newer came.
  void put_back(const stores::report_change& change);
  content all() const;

 private:
  mutable guarded_mutex mutex_;
  content content_ LONGHAUL_GUARDED_BY(mutex_);
  bool announced_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::tasks
