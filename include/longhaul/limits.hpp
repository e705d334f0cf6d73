// SPDX-License-Identifier: Apache-2.0
// What tasks may take up, and the default of every bound, once: servers, task engines and the file
// of `longhaul serve` use these. A call beyond a bound is refused with error 31004 ("busy") whose
// `data` has `bound`, the name of the setting, and `retryAfterMs`; nothing was created then.
#pragma once

#include <cstddef>

namespace longhaul {

namespace defaults {

inline constexpr std::size_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib;

/// Handlers that run at once. Most wait for programs or the network; a user of a small machine with
/// busy handlers lowers it.
inline constexpr std::size_t max_running = 64;
/// Blocking handlers that may wait for an answer at once; each costs a thread.
inline constexpr std::size_t max_parked = 256;

/// Tasks of one owner that are not finished: more is a runaway client. … of all owners: each takes
/// about 1 KiB of memory, whatever it carries.
inline constexpr std::size_t max_open_per_owner = 10'000;
inline constexpr std::size_t max_open = 100'000;
/// Tasks that are kept for one owner and in all, finished ones included.
inline constexpr std::size_t max_stored_per_owner = 1'000'000;
inline constexpr std::size_t max_stored = 4'000'000;

}  // namespace defaults

/// Bounds in bytes; 0: none. A task takes up what it carries (arguments, result, checkpoint,
/// questions and answers, the line that people read) and 1 KiB for itself.
struct byte_limits {
  /// Arguments of one call. A message has at most 4 MiB, so by default this refuses nothing.
  std::size_t max_arguments = 4 * defaults::mib;
  /// The result of one task; beyond it the task fails with error 31007. Four times what a caller
  /// may send is more than a model reads; what is larger belongs into a file.
  std::size_t max_result = 16 * defaults::mib;
  /// What a handler may save as its checkpoint: a place to go on from, not the work itself.
  std::size_t max_checkpoint = 4 * defaults::mib;

  /// Unfinished tasks of one owner: room for sixty calls of the largest size, or for every call of
  /// a common one (10,000 of 25 KiB). Answers may take an eighth more, and
  /// those up to 4 KiB always find room.
  std::size_t max_open_bytes_per_owner = 256 * defaults::mib;
  /// … of all owners.
  std::size_t max_open_bytes = defaults::gib;
  /// Tasks that are kept for one owner and in all, finished ones included: of a disk.
  std::size_t max_stored_bytes_per_owner = 4 * defaults::gib;
  std::size_t max_stored_bytes = 16 * defaults::gib;
  /// Tasks in memory: those of a store in memory, and the work of tools that make no tasks. One
  /// owner may have half of it.
  std::size_t max_memory = 512 * defaults::mib;
};

}  // namespace longhaul
