// SPDX-License-Identifier: Apache-2.0
// A bounded file with the newest bytes of a stream, written by one process (the helper) and read by
// another (the server) at the same time.
//
// Layout, all numbers little-endian: a header of 64 bytes, then a ring of `capacity` bytes in which
// the byte at offset o of the stream stands at 64 + o % capacity. The file grows as far as it is
// written. Header: "LHOUT\0\0\1", capacity, total, begin, end, check (all of them combined), zeros.
//   total       bytes that were ever appended
//   [begin,end) offsets that are kept. end < total: the newest are lost (the disk was full);
//               begin > 0: the oldest were overwritten, or lost in the same way.
//
// Protocol: the writer gives up what it is about to overwrite (begin), writes, and then announces
// what is there (end, total). A reader takes the header, the bytes, and the header again, and drops
// what is no longer kept. A header is one write; a reader that meets half of one sees that from
// `check` and reads again.
//
// Threads: a writer and a reader each belong to one thread at a time. Only libc is needed: the
// helper links this file alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"

namespace longhaul::command {

/// What the header says.
struct output_extent {
  std::uint64_t capacity = 0;
  std::uint64_t total = 0;  ///< bytes ever appended
  std::uint64_t begin = 0;  ///< oldest offset that is kept
  std::uint64_t end =
      0;  ///< behind the newest offset that is kept; below `total` if bytes are lost
};

class output_writer {
 public:
  /// Makes the file, mode 0600, also in the place of an older one, whose readers keep it: it gets
  /// its name when its header is written. Requires: 1 ≤ `capacity` ≤
  /// `tunables::max_output_capacity`, else `std::invalid_argument`. Throws `std::system_error`,
  /// naming the path.
  output_writer(const std::string& path, std::uint64_t capacity);

  /// Appends to the stream. What cannot be written (full disk, I/O error) is lost, counted in
  /// `total`, and shows for readers; later bytes are kept again once that is possible.
  void append(std::string_view bytes) noexcept;

  std::uint64_t total() const noexcept { return total_; }
  /// `errno` of the first append that lost bytes; 0: none did.
  int error() const noexcept { return error_; }

 private:
  bool publish(const output_extent& next) noexcept;
  bool write_ring(std::uint64_t offset, std::string_view bytes) noexcept;
  bool write_at(std::uint64_t position, std::string_view bytes) noexcept;

  descriptor file_;
  output_extent extent_;  // as it is in the file
  std::uint64_t total_ = 0;
  int error_ = 0;
};

/// A part of the stream.
struct output_bytes {
  std::uint64_t offset = 0;  ///< where `bytes` begin: later than asked for if those are gone
  std::string bytes;
  output_extent extent;  ///< as it was after the read
};

/// Every member throws `std::runtime_error` for a file that is not what a writer makes (foreign,
/// damaged, shortened) and for one that cannot be read. Blocks as reading a file does.
class output_reader {
 public:
  /// Follows no symbolic link, takes regular files only.
  explicit output_reader(const std::string& path);

  output_extent extent() const;
  std::uint64_t total() const { return extent().total; }
  /// The oldest offset that is still kept.
  std::uint64_t first() const { return extent().begin; }

  /// Up to `most` bytes from `offset` on, or from the oldest that is kept if that is later. No
  /// bytes if `offset` is behind the newest that is kept, or a writer was faster many times in a
  /// row.
  output_bytes read(std::uint64_t offset,
                    std::size_t most = std::numeric_limits<std::size_t>::max()) const;
  /// The newest bytes that are kept, `most` at most.
  output_bytes tail(std::size_t most) const;

 private:
  std::string read_ring(const output_extent& extent, std::uint64_t offset, std::size_t count) const;
  std::size_t read_at(std::uint64_t position, char* into, std::size_t count) const;
  [[noreturn]] void damaged(std::string_view problem) const;

  std::string path_;
  descriptor file_;
};

}  // namespace longhaul::command
