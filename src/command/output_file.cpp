// SPDX-License-Identifier: Apache-2.0
#include "command/output_file.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

constexpr std::size_t header_size = 64;
constexpr std::string_view magic("LHOUT\0\0\1", 8);

using header = std::array<char, header_size>;

void put_number(header& into, std::size_t position, std::uint64_t number) {
  for (std::size_t i = 0; i < 8; ++i) into[position + i] = static_cast<char>(number >> (8 * i));
}

std::uint64_t get_number(const header& from, std::size_t position) {
  std::uint64_t number = 0;
  for (std::size_t i = 8; i-- > 0;) {
    number = (number << 8) | static_cast<unsigned char>(from[position + i]);
  }
  return number;
}

// Differs with overwhelming probability between a header and a mixture of two.
std::uint64_t check_of(const output_extent& extent) {
  std::uint64_t sum = 0x4c48'4f55'5431'0001;
  for (const std::uint64_t number : {extent.capacity, extent.total, extent.begin, extent.end}) {
    sum = (sum ^ number) * 0x9e37'79b9'7f4a'7c15;
    sum ^= sum >> 29;
  }
  return sum;
}

header encode(const output_extent& extent) {
  header result{};
  std::copy(magic.begin(), magic.end(), result.begin());
  put_number(result, 8, extent.capacity);
  put_number(result, 16, extent.total);
  put_number(result, 24, extent.begin);
  put_number(result, 32, extent.end);
  put_number(result, 40, check_of(extent));
  return result;
}

bool has_magic(const header& text) { return std::equal(magic.begin(), magic.end(), text.begin()); }

// Null: half a header, or a damaged one.
std::optional<output_extent> decode(const header& text) {
  output_extent extent;
  extent.capacity = get_number(text, 8);
  extent.total = get_number(text, 16);
  extent.begin = get_number(text, 24);
  extent.end = get_number(text, 32);
  if (get_number(text, 40) != check_of(extent)) return std::nullopt;
  if (extent.capacity < 1 || extent.capacity > tunables::max_output_capacity) return std::nullopt;
  if (extent.begin > extent.end || extent.end > extent.total) return std::nullopt;
  if (extent.end - extent.begin > extent.capacity) return std::nullopt;
  return extent;
}

std::system_error failure(const std::string& problem, const std::string& path) {
  return {errno, std::generic_category(), problem + " " + path};
}

}  // namespace

output_writer::output_writer(const std::string& path, std::uint64_t capacity) {
  if (capacity < 1 || capacity > tunables::max_output_capacity) {
    throw std::invalid_argument("an output file keeps between 1 byte and 1 TiB");
  }
  const std::string unfinished = path + ".new";
  ::unlink(unfinished.c_str());
  file_.reset(::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_) throw failure("cannot create", unfinished);
  output_extent empty;
  empty.capacity = capacity;
  if (!publish(empty)) {
    errno = error_;
    const auto error = failure("cannot write", unfinished);
    ::unlink(unfinished.c_str());
    throw error;
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) throw failure("cannot create", path);
}

void output_writer::append(std::string_view bytes) noexcept {
  if (bytes.empty()) return;
  const bool joins = extent_.end == total_;  // else bytes were lost: what is kept has no holes
  total_ += bytes.size();
  if (bytes.size() > extent_.capacity) bytes.remove_prefix(bytes.size() - extent_.capacity);
  const std::uint64_t from = total_ - bytes.size();
  const std::uint64_t oldest = total_ - std::min(total_, extent_.capacity);

  if (extent_.begin < std::min(oldest, extent_.end)) {
    output_extent given_up = extent_;
    given_up.begin = std::min(oldest, extent_.end);
    if (!publish(given_up)) return;
  }
  output_extent next = extent_;
  next.total = total_;
  if (write_ring(from, bytes)) {
    next.begin = joins ? std::max(extent_.begin, oldest) : from;
    next.end = total_;
  }
  publish(next);
}

bool output_writer::publish(const output_extent& next) noexcept {
  const header text = encode(next);
  if (!write_at(0, {text.data(), text.size()})) return false;
  extent_ = next;
  return true;
}

bool output_writer::write_ring(std::uint64_t offset, std::string_view bytes) noexcept {
  const std::uint64_t position = offset % extent_.capacity;
  const std::uint64_t to_the_edge =
      std::min<std::uint64_t>(bytes.size(), extent_.capacity - position);
  return write_at(header_size + position, bytes.substr(0, to_the_edge)) &&
         write_at(header_size, bytes.substr(to_the_edge));
}

bool output_writer::write_at(std::uint64_t position, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (error_ == 0) error_ = written == 0 ? ENOSPC : errno;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    position += static_cast<std::uint64_t>(written);
  }
  return true;
}

output_reader::output_reader(const std::string& path) : path_(path) {
  // Non-blocking, for what is no file: opening a named pipe would wait for its writer.
  file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file_) throw failure("cannot open", path);
  struct stat info{};
  if (::fstat(file_.get(), &info) != 0) throw failure("cannot open", path);
  if (!S_ISREG(info.st_mode)) damaged("is no regular file");
  extent();
}

output_extent output_reader::extent() const {
  header text{};
  for (int attempt = 0; attempt < tunables::header_attempts; ++attempt) {
    if (read_at(0, text.data(), text.size()) != text.size()) damaged("is too short");
    if (!has_magic(text)) damaged("is no output file");
    if (const auto found = decode(text)) return *found;
    ::sched_yield();
  }
  damaged("has a damaged header");
}

output_bytes output_reader::read(std::uint64_t offset, std::size_t most) const {
  output_bytes result;
  result.extent = extent();
  for (int attempt = 0; attempt < tunables::read_attempts; ++attempt) {
    const output_extent before = result.extent;
    result.offset = std::max(offset, before.begin);
    if (result.offset >= before.end) return result;
    const std::uint64_t count = std::min<std::uint64_t>(most, before.end - result.offset);
    result.bytes = read_ring(before, result.offset, static_cast<std::size_t>(count));

    result.extent = extent();
    if (result.extent.capacity != before.capacity) damaged("has changed its size");
    const std::uint64_t kept_from = std::max(result.offset, result.extent.begin);
    if (kept_from < result.offset + count || count == 0) {
      result.bytes.erase(0, static_cast<std::size_t>(kept_from - result.offset));
      result.offset = kept_from;
      return result;
    }
    result.bytes.clear();
  }
  result.offset = std::max(offset, result.extent.begin);
  return result;
}

output_bytes output_reader::tail(std::size_t most) const {
  const output_extent now = extent();
  return read(now.end - std::min<std::uint64_t>(most, now.end - now.begin), most);
}

std::string output_reader::read_ring(const output_extent& extent, std::uint64_t offset,
                                     std::size_t count) const {
  std::string bytes(count, '\0');
  const std::uint64_t position = offset % extent.capacity;
  const auto to_the_edge =
      static_cast<std::size_t>(std::min<std::uint64_t>(count, extent.capacity - position));
  if (read_at(header_size + position, bytes.data(), to_the_edge) != to_the_edge ||
      read_at(header_size, bytes.data() + to_the_edge, count - to_the_edge) !=
          count - to_the_edge) {
    damaged("was shortened");
  }
  return bytes;
}

std::size_t output_reader::read_at(std::uint64_t position, char* into, std::size_t count) const {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got =
        ::pread(file_.get(), into + done, count - done, static_cast<off_t>(position + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw failure("cannot read", path_);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void output_reader::damaged(std::string_view problem) const {
  throw std::runtime_error(path_ + " " + std::string(problem));
}

}  // namespace longhaul::command
