// SPDX-License-Identifier: Apache-2.0
// Where the captured output of programs lies: one folder a task, each with what `longhaul-run`
// writes there, under a root that belongs to one server process. `longhaul-run` holds a lock on the
// folder as long as it or what it runs lives.
//
//   ROOT/<task id>/stdout, stderr, stdin; key: with which runs it may not be beside
//
// Tasks that outlive the server have a root beside their store, which is kept; the store's lock
// guards it, and what belongs to no task is swept at the next start. Else the root is a temporary
// folder PLACE/longhaul-XXXXXX that is locked while the server lives: it goes with a server that
// ends in peace, and one that nobody locks was left behind by a server that was killed, and is
// removed by the next one that uses the same place. (What cleans temporary folders heeds the lock.)
// A root that was removed all the same is made again.
//
// Threads: any; the files are the state.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "server/outputs.hpp"

namespace longhaul::command {

class output_folder final : public serving::output_source {
 public:
  /// A temporary root of its own in `place`, which is made if it does not exist (mode 0700) and
  /// must belong to this user and nobody else may write in it. Throws `std::runtime_error` with
  /// what to do.
  explicit output_folder(const std::filesystem::path& place);
  /// `root` itself, which is made if it does not exist (mode 0700), and kept. Throws as above.
  /// Requires: nothing runs there but what an earlier server has left.
  static std::shared_ptr<output_folder> kept(const std::filesystem::path& root);
  /// Removes the root with everything in it, if it is temporary.
  ~output_folder() override;
  output_folder(const output_folder&) = delete;
  output_folder& operator=(const output_folder&) = delete;

  /// An empty folder for an attempt of this task; what an earlier attempt left is removed. `key`:
  /// as `left_running` of a later server asks for it; empty: nobody does.
  /// Throws `std::filesystem::filesystem_error`.
  std::filesystem::path prepare(std::string_view task, const std::string& key = {});
  /// A program of this task still runs or is being ended: of a server that was killed, say.
  bool in_use(std::string_view task) const override;
  /// A program with this key still runs, or is being ended, that an earlier server has started in
  /// this root.
  bool left_running(std::string_view key);
  /// Tasks that have a folder.
  std::vector<std::string> tasks() const;
  /// Removes what belongs to these tasks. Never throws: what cannot be removed now goes with the
  /// root.
  void remove(const std::vector<std::string>& tasks) noexcept;
  const std::filesystem::path& root() const noexcept { return root_; }

  std::optional<part> read(std::string_view task, std::string_view stream, std::uint64_t offset,
                           std::size_t most) override;
  std::optional<part> tail(std::string_view task, std::string_view stream,
                           std::size_t most) override;
  std::optional<extent> look(std::string_view task, std::string_view stream) override;
  std::string trouble() override;
  /// Where the begin and the end of a trouble are told, with the path.
  void tell(logger log);

 private:
  std::filesystem::path folder_of(std::string_view task) const;
  /// Empty: there is no such file.
  std::filesystem::path file_of(std::string_view task, std::string_view stream) const;

  /// A root that is kept.
  output_folder() : temporary_(false) {}
  /// Makes it again if it was removed. Throws `std::filesystem::filesystem_error`.
  void make_sure_of_root();
  void look_for_left() LONGHAUL_EXCLUDES(left_mutex_);
  void make_root() LONGHAUL_REQUIRES(mutex_);
  int try_to_keep() LONGHAUL_REQUIRES(mutex_);
  std::string last_trouble();

  std::filesystem::path root_;
  const bool temporary_;
  guarded_mutex mutex_;                          // beneath it, the files of the root aside:
  descriptor lock_ LONGHAUL_GUARDED_BY(mutex_);  // of a temporary root
  std::optional<std::chrono::steady_clock::time_point> looked_ LONGHAUL_GUARDED_BY(mutex_);
  logger log_ LONGHAUL_GUARDED_BY(mutex_);
  guarded_mutex told_mutex_;  // taken after `mutex_`
  std::string trouble_ LONGHAUL_GUARDED_BY(told_mutex_);
  struct left_program {
    descriptor folder;  // as it was: the next attempt gets another one of this name
    std::string key;
  };
  guarded_mutex left_mutex_;
  std::vector<left_program> left_ LONGHAUL_GUARDED_BY(left_mutex_);
};

/// Where output goes if nobody says: a folder of this user under `temporary` (as $TMPDIR).
std::filesystem::path default_output_place(const std::filesystem::path& temporary);

}  // namespace longhaul::command
