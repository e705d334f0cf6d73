// SPDX-License-Identifier: Apache-2.0
// Captured output where many processes serve the same tasks: what programs print here is written to
// the store, bounded, about once a second and when they end; and what they print elsewhere is read
// from there.
//
//   begun ──► new bytes, once a second ──► ended: the rest ──► told, kept for readers
//                    │
//                    └─ the store knows another run, or no such task ──► not written any more
//
// Tasks that another process has removed are found once a minute: then their files go, too.
//
// A reader gets the files of this process, which have more, while the run that they belong to is
// the one that the store knows; else what the store has.
//
// Threads: any; one of its own writes. Readers may block.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/mutex.hpp"
#include "longhaul/stores/store.hpp"
#include "server/outputs.hpp"

namespace longhaul::serving {

class shared_outputs final : public output_source, public output_listener {
 public:
  using remover = std::function<void(const std::vector<std::string>& tasks)>;

  /// All must outlive it. `keep`: bytes of each stream that the store keeps, the newest. `remove`:
  /// takes away the files of tasks. Requires: the store has `outputs`.
  /// Throws `std::system_error` if no thread can be started.
  shared_outputs(output_source& here, stores::store& store, std::size_t keep, remover remove,
                 logger log = {});
  ~shared_outputs() override;
  shared_outputs(const shared_outputs&) = delete;
  shared_outputs& operator=(const shared_outputs&) = delete;

  /// Writes what has ended, if the store takes it, and nothing more from then on. Before the store
  /// is closed; takes as long as what is under way there.
  void finish();
  void on_begun(std::string_view task) override;
  void on_ended(std::string_view task) override;
  /// The files of these tasks are gone.
  void forget(const std::vector<std::string>& tasks);

  std::optional<part> read(std::string_view task, std::string_view stream, std::uint64_t offset,
                           std::size_t most) override;
  std::optional<part> tail(std::string_view task, std::string_view stream,
                           std::size_t most) override;
  std::optional<extent> look(std::string_view task, std::string_view stream) override;
  bool in_use(std::string_view task) const override;
  std::string trouble() override { return here_.trouble(); }

 private:
  /// Of one stream, in the store.
  struct progress {
    std::uint64_t written = 0, total = 0;
    bool open = true;
  };
  /// A run of this process.
  struct run {
    std::string name;
    bool known = false;  ///< in the store, or refused by it
    bool ended = false;  ///< nothing more is printed
    bool active = true;  ///< it may have something to write
    progress out = {}, err = {};
  };

  void work();
  void sweep();
  bool write_all(bool ended_only);
  bool write(const std::string& task, run& one);
  bool is_from_here(std::string_view task);
  std::optional<stores::output_part> stored(std::string_view task, std::string_view stream,
                                            std::optional<std::uint64_t> offset,
                                            std::size_t most) const;

  output_source& here_;
  stores::store& store_;
  const std::size_t keep_;
  const remover remove_;
  const logger log_;
  mutable guarded_mutex mutex_;
  condition changed_;
  std::map<std::string, run, std::less<>> runs_ LONGHAUL_GUARDED_BY(mutex_);
  bool hurry_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool begun_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool closing_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool failing_ = false;                           // of the thread: it was told
  std::chrono::steady_clock::time_point swept_{};  // … and when it did
  std::thread thread_;
};

}  // namespace longhaul::serving
