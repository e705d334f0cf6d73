// SPDX-License-Identifier: Apache-2.0
// Output files against a plain string that keeps everything, beside a writer in another process,
// on a disk that is full, and with files that no writer made.
#include "command/output_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>

#include "command/tunables.hpp"
#include "support/process_census.hpp"
#include "support/seed.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::command {
namespace {

using test::temporary_folder;
using test::text_of;

class output_file : public testing::Test {
 protected:
  temporary_folder folder_;
  std::string path_ = folder_.file("stdout");
};

TEST_F(output_file, is_empty_at_first) {
  const output_writer writer(path_, 100);
  const output_reader reader(path_);
  EXPECT_EQ(reader.total(), 0U);
  EXPECT_EQ(reader.first(), 0U);
  EXPECT_EQ(reader.read(0).bytes, "");
  EXPECT_EQ(reader.tail(10).bytes, "");
}

TEST_F(output_file, keeps_everything_that_fits) {
  output_writer writer(path_, 100);
  writer.append("one ");
  writer.append("two");
  const output_reader reader(path_);
  EXPECT_EQ(reader.read(0).bytes, "one two");
  EXPECT_EQ(reader.read(4).bytes, "two");
  EXPECT_EQ(reader.read(4, 1).bytes, "t");
  EXPECT_EQ(reader.tail(2).bytes, "wo");
  EXPECT_EQ(reader.tail(2).offset, 5U);
  EXPECT_EQ(reader.tail(1000).bytes, "one two");
  EXPECT_EQ(reader.read(7).bytes, "");
  EXPECT_EQ(reader.read(1'000'000).bytes, "");
  EXPECT_EQ(reader.read(0, 0).bytes, "");
}

TEST_F(output_file, keeps_the_newest_bytes_and_says_where_they_begin) {
  output_writer writer(path_, 8);
  writer.append("abcdef");
  writer.append("ghijk");
  const output_reader reader(path_);
  const output_bytes all = reader.read(0);
  EXPECT_EQ(all.bytes, "defghijk");
  EXPECT_EQ(all.offset, 3U);
  EXPECT_EQ(all.extent.total, 11U);
  EXPECT_EQ(all.extent.begin, 3U);
  EXPECT_EQ(all.extent.end, 11U);
  EXPECT_EQ(reader.tail(3).bytes, "ijk");
}

TEST_F(output_file, takes_more_at_once_than_it_can_keep) {
  output_writer writer(path_, 4);
  writer.append("0123456789");
  EXPECT_EQ(output_reader(path_).read(0).bytes, "6789");
  writer.append("ab");
  EXPECT_EQ(output_reader(path_).read(0).bytes, "89ab");
}

TEST_F(output_file, is_private_and_grows_only_as_far_as_it_is_written) {
  output_writer writer(path_, std::uint64_t{1} << 30);
  writer.append("abc");
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(info.st_size, 64 + 3);
}

TEST_F(output_file, never_grows_beyond_its_capacity) {
  output_writer writer(path_, 1000);
  for (int i = 0; i < 100; ++i) writer.append(std::string(77, 'x'));
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_size, 64 + 1000);
}

TEST_F(output_file, answers_as_a_string_that_keeps_everything_would) {
  std::mt19937_64 random(test::random_seed());
  for (int round = 0; round < 30; ++round) {
    const std::uint64_t capacity = 1 + random() % 300;
    output_writer writer(path_, capacity);
    const output_reader reader(path_);
    std::string all;
    for (int step = 0; step < 60; ++step) {
      std::string next(random() % (step % 7 == 0 ? 700 : 50), '\0');
      for (char& c : next) c = static_cast<char>(random());
      writer.append(next);
      all += next;

      const std::uint64_t first = all.size() - std::min<std::uint64_t>(all.size(), capacity);
      const std::uint64_t offset = random() % (all.size() + 10);
      const std::size_t most = random() % 400;
      const output_bytes part = reader.read(offset, most);
      const std::uint64_t from = std::max(first, offset);
      EXPECT_EQ(part.offset, from);
      EXPECT_EQ(part.bytes, from < all.size() ? all.substr(from, most) : "");
      EXPECT_EQ(part.extent.total, all.size());
      EXPECT_EQ(reader.first(), first);
      const output_bytes end = reader.tail(most);
      EXPECT_EQ(end.bytes, all.substr(std::max(first, all.size() - std::min(most, all.size()))));
    }
  }
}

// The byte at offset o of this stream says what o is, so a reader can tell old bytes from new.
char byte_at(std::uint64_t offset) {
  return static_cast<char>((offset * 0x9e37'79b9'7f4a'7c15) >> 56);
}

TEST_F(output_file, gives_no_overwritten_byte_while_another_process_writes) {
  constexpr std::uint64_t capacity = 10'000;
  {
    const output_writer first(path_, capacity);
  }
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::alarm(60);  // an end, should the test be killed
    output_writer writer(path_, capacity);
    std::string chunk;
    for (std::uint64_t at = 0;; at += chunk.size()) {
      chunk.resize(1 + (at * 7) % 1500);
      for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = byte_at(at + i);
      writer.append(chunk);
    }
  }
  ASSERT_TRUE(test::wait_until([&] { return output_reader(path_).total() > 5 * capacity; }));
  const output_reader reader(path_);
  std::uint64_t checked = 0, last_total = 0;
  for (int i = 0; i < 3000; ++i) {
    const output_bytes part = reader.read(0);
    ASSERT_LE(last_total, part.extent.total);
    last_total = part.extent.total;
    for (std::size_t k = 0; k < part.bytes.size(); ++k) {
      ASSERT_EQ(part.bytes[k], byte_at(part.offset + k)) << part.offset + k;
    }
    checked += part.bytes.size();
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_GT(checked, 0U);
}

TEST_F(output_file, replaces_an_older_one_whose_readers_keep_it) {
  output_writer old(path_, 10);
  old.append("old");
  const output_reader reader(path_);
  output_writer fresh(path_, 10);
  fresh.append("fresh");
  EXPECT_EQ(reader.read(0).bytes, "old");
  EXPECT_EQ(output_reader(path_).read(0).bytes, "fresh");
}

TEST_F(output_file, follows_no_link_and_reads_no_pipe) {
  const output_writer writer(folder_.file("real"), 10);
  ASSERT_EQ(::symlink(folder_.file("real").c_str(), folder_.file("link").c_str()), 0);
  EXPECT_THROW(output_reader{folder_.file("link")}, std::runtime_error);
  ASSERT_EQ(::mkfifo(folder_.file("pipe").c_str(), 0600), 0);
  EXPECT_THROW(output_reader{folder_.file("pipe")}, std::runtime_error);
  EXPECT_THROW(output_reader{folder_.path()}, std::runtime_error);
  EXPECT_THROW(output_reader{folder_.file("missing")}, std::system_error);
}

TEST_F(output_file, refuses_sizes_that_make_no_sense_and_places_that_do_not_exist) {
  EXPECT_THROW(output_writer(path_, 0), std::invalid_argument);
  EXPECT_THROW(output_writer(path_, tunables::max_output_capacity + 1), std::invalid_argument);
  EXPECT_THROW(output_writer(folder_.file("no/such"), 10), std::system_error);
}

TEST_F(output_file, a_shortened_file_is_an_error) {
  output_writer writer(path_, 100);
  writer.append(std::string(100, 'x'));
  const output_reader reader(path_);
  ASSERT_EQ(::truncate(path_.c_str(), 64 + 50), 0);
  EXPECT_EQ(reader.read(0, 50).bytes.size(), 50U);
  EXPECT_THROW(reader.read(0), std::runtime_error);
  EXPECT_THROW(reader.tail(1), std::runtime_error);
  ASSERT_EQ(::truncate(path_.c_str(), 63), 0);
  EXPECT_THROW(reader.total(), std::runtime_error);
  ASSERT_EQ(::truncate(path_.c_str(), 0), 0);
  EXPECT_THROW(output_reader{path_}, std::runtime_error);
}

TEST_F(output_file, a_foreign_file_is_an_error) {
  folder_.write("stdout", std::string(200, 'x'));
  EXPECT_THROW(output_reader{path_}, std::runtime_error);
  folder_.write("stdout", "short");
  EXPECT_THROW(output_reader{path_}, std::runtime_error);
}

TEST_F(output_file, every_damaged_byte_of_a_header_is_noticed) {
  {
    output_writer writer(path_, 100);
    writer.append("some output");
  }
  const std::string good = text_of(path_);
  for (std::size_t at = 0; at < 48; ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    folder_.write("stdout", bad);
    EXPECT_THROW(output_reader{path_}, std::runtime_error) << "byte " << at;
  }
  folder_.write("stdout", good);
  EXPECT_EQ(output_reader(path_).read(0).bytes, "some output");
}

// A limit on the size of files fails as a full disk does, for this process alone.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    before_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, before_);
  }

 private:
  rlimit old_{};
  void (*before_)(int) = nullptr;
};

TEST_F(output_file, what_a_full_disk_takes_away_is_counted_and_shows) {
  output_writer writer(path_, 10'000);
  {
    const file_size_limit limit(64 + 1000);
    writer.append(std::string(900, 'a'));
    EXPECT_EQ(writer.error(), 0);
    writer.append(std::string(200, 'b'));
    EXPECT_EQ(writer.error(), EFBIG);
    writer.append(std::string(50, 'c'));
  }
  const output_reader reader(path_);
  const output_bytes kept = reader.read(0);
  EXPECT_EQ(kept.bytes, std::string(900, 'a'));
  EXPECT_EQ(kept.extent.end, 900U);
  EXPECT_EQ(kept.extent.total, 1150U);
  EXPECT_EQ(writer.total(), 1150U);

  writer.append("after");  // there is room again: what is kept has no hole
  const output_bytes after = reader.read(0);
  EXPECT_EQ(after.bytes, "after");
  EXPECT_EQ(after.offset, 1150U);
  EXPECT_EQ(after.extent.total, 1155U);
  EXPECT_EQ(writer.error(), EFBIG);
}

TEST_F(output_file, on_a_full_disk_the_newest_are_kept_in_the_place_of_the_oldest) {
  output_writer writer(path_, 1000);
  const file_size_limit limit(64 + 500);
  for (int i = 0; i < 10; ++i) writer.append(std::string(100, static_cast<char>('0' + i)));
  EXPECT_EQ(output_reader(path_).read(0).bytes.size(), 500U);
  writer.append("newest");  // its place in the ring was written before
  const output_bytes kept = output_reader(path_).read(0);
  EXPECT_EQ(kept.bytes, "newest");
  EXPECT_EQ(kept.offset, 1000U);
}

TEST_F(output_file, a_disk_that_is_full_at_once_is_an_error) {
  const file_size_limit limit(0);
  EXPECT_THROW(output_writer(path_, 1000), std::system_error);
  EXPECT_FALSE(test::text_of(path_).size() > 0);
}

}  // namespace
}  // namespace longhaul::command
