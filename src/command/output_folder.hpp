// SPDX-License-Identifier: Apache-2.0
// Where the captured output of programs lies: one folder a task, each with what `longhaul-run`
// writes there, under a root that belongs to one server process (it holds the lock on `root/lock`).
//
//   PLACE/longhaul-XXXXXX/lock            held while the server lives
//                        /<task id>/stdout, stderr, status, stdin
//
// A root whose lock nobody holds was left behind by a server that was killed: the next one that
// uses the same place removes it. The root of a server that ends in peace goes with it.
//
// Threads: any; the files are the state.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "command/descriptor.hpp"
#include "server/outputs.hpp"

namespace longhaul::command {

class output_folder final : public serving::output_source {
 public:
  /// Makes a root of its own in `place`, which is made if it does not exist (mode 0700) and must
  /// belong to this user and nobody else may write in it. Throws `std::runtime_error` with what to
  /// do.
  explicit output_folder(const std::filesystem::path& place);
  /// Removes the root with everything in it.
  ~output_folder() override;
  output_folder(const output_folder&) = delete;
  output_folder& operator=(const output_folder&) = delete;

  /// An empty folder for an attempt of this task; what an earlier attempt left is removed.
  /// Throws `std::filesystem::filesystem_error`.
  std::filesystem::path prepare(std::string_view task);
  /// Removes what belongs to these tasks. Never throws: what cannot be removed now goes with the
  /// root.
  void remove(const std::vector<std::string>& tasks) noexcept;
  const std::filesystem::path& root() const noexcept { return root_; }

  std::optional<part> read(std::string_view task, std::string_view stream, std::uint64_t offset,
                           std::size_t most) override;
  std::optional<part> tail(std::string_view task, std::string_view stream,
                           std::size_t most) override;

 private:
  std::filesystem::path folder_of(std::string_view task) const;
  /// Empty: there is no such file.
  std::filesystem::path file_of(std::string_view task, std::string_view stream) const;

  std::filesystem::path root_;
  descriptor lock_;
};

/// Where output goes if nobody says: a folder of this user under `temporary` (as $TMPDIR).
std::filesystem::path default_output_place(const std::filesystem::path& temporary);

}  // namespace longhaul::command
