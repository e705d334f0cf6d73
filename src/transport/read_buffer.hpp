// SPDX-License-Identifier: Apache-2.0
// Buffers that are used again and again. One thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "transport/tunables.hpp"

namespace longhaul::transport {

/// What has grown large goes; what is small is used again.
template <class Buffer>
void give_back(Buffer& buffer) {
  buffer.clear();
  if (buffer.capacity() * sizeof(typename Buffer::value_type) > tunables::kept_buffer) {
    Buffer().swap(buffer);
  }
}

/// Bytes that were received and are not dealt with yet. Unlike a string it hands out room without
/// filling it with zeros first.
class read_buffer {
 public:
  std::string_view bytes() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }

  /// Forgets bytes of the front. Requires: `count` <= `size`.
  void consume(std::size_t count) noexcept {
    begin_ += count;
    if (empty()) begin_ = end_ = 0;
  }
  /// If nothing is in it and it has more room than `kept`, it has none any more.
  void give_back(std::size_t kept) noexcept {
    if (!empty() || capacity_ <= kept) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }
  /// Room for `size` bytes behind the present ones, which may move.
  std::span<char> room(std::size_t size) {
    if (capacity_ - end_ < size) make_room(size);
    return {data_.get() + end_, size};
  }
  /// The first `count` bytes of the last `room` were written.
  void filled(std::size_t count) noexcept { end_ += count; }

 private:
  void make_room(std::size_t size) {
    const std::size_t kept = end_ - begin_;
    if (capacity_ < kept + size) {
      const std::size_t larger = kept + size;
      std::unique_ptr<char[]> data(new char[larger]);
      if (kept > 0) std::memcpy(data.get(), data_.get() + begin_, kept);
      data_ = std::move(data);
      capacity_ = larger;
    } else if (kept > 0) {
      std::memmove(data_.get(), data_.get() + begin_, kept);
    }
    begin_ = 0;
    end_ = kept;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace longhaul::transport
