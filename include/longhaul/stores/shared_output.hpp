// SPDX-License-Identifier: Apache-2.0
// What programs print, where every process of a store can read it: the newest bytes of each stream.
// Only a store of several processes has one.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul::stores {

/// Of one stream of one task. Offsets count bytes from the first that the run printed.
struct output_state {
  std::string run;                                        ///< whose it is
  std::uint64_t total = 0;                                ///< printed so far, as it is known here
  std::uint64_t first = 0;                                ///< the oldest that is kept
  std::uint64_t end = 0;                                  ///< behind the newest that is kept
  std::optional<std::uint64_t> lost_from = std::nullopt;  ///< what was printed from here on is lost
  std::int64_t changed = 0;                               ///< when, on the store's clock
  bool open = false;                                      ///< more may come
};
struct output_part {
  output_state state;
  std::uint64_t offset = 0;  ///< of the first of `bytes`
  std::string bytes;
};

/// What a stream has grown by since it was last written.
struct output_growth {
  std::string_view stream;
  std::uint64_t offset = 0;  ///< of the first of `bytes`; above what was written: between is lost
  std::string_view bytes;
  std::uint64_t total = 0;
  std::optional<std::uint64_t> lost_from = std::nullopt;
  bool open = true;
};
/// What one run of a program has printed.
struct output_news {
  std::string_view task;
  std::string_view run;  ///< a name that no other run has
  bool begins = false;   ///< what former runs of this task printed goes, and they add nothing more
  std::size_t keep = 0;  ///< bytes of a stream that are kept, the newest
  std::vector<output_growth> streams = {};
};

/// Operations throw `store_error`, and may all be repeated.
class shared_output {
 public:
  virtual ~shared_output() = default;

  /// False: another run has begun, or there is no such task.
  virtual boost::asio::awaitable<bool> write(const output_news& news) = 0;
  /// Up to `most` bytes (0: the state alone) from `offset` on, or from the oldest that is kept if
  /// that is later; the last ones if there is no `offset`. Null: nothing is known of this stream.
  virtual boost::asio::awaitable<std::optional<output_part>> read(
      std::string_view task, std::string_view stream, std::optional<std::uint64_t> offset,
      std::size_t most) = 0;
};

}  // namespace longhaul::stores
