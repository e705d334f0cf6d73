// SPDX-License-Identifier: Apache-2.0
// Ids, tokens, digests and timestamps.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "base/base32.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "longhaul/stores/cursor.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/task.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

TEST(base32, writes_bits_most_significant_first_and_right_aligned) {
  const auto encode = [](std::vector<unsigned char> bits, std::size_t characters) {
    std::string text(characters, '?');
    encode_base32(std::as_bytes(std::span(bits)), text);
    return text;
  };
  EXPECT_EQ(encode({0x00}, 2), "00");
  EXPECT_EQ(encode({0x1f}, 2), "0z");
  EXPECT_EQ(encode({0x20}, 2), "10");
  EXPECT_EQ(encode({0xff}, 2), "7z");
  EXPECT_EQ(encode({0xff}, 4), "007z");
  EXPECT_EQ(encode({0x01, 0x00}, 4), "0080");
  // The example of the ULID specification: 1469918176385 ms.
  EXPECT_EQ(encode({0x01, 0x56, 0x3d, 0xf3, 0x64, 0x81}, 10), "01aryz6s41");
  EXPECT_EQ(encode(std::vector<unsigned char>(16, 0xff), 26), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
}

TEST(task_id, sorts_by_time) {
  const timestamp start(1'469'918'176'385ms);
  EXPECT_EQ(new_task_id(start).substr(0, 10), "01aryz6s41");
  std::string last;
  for (int i = 0; i < 5000; ++i) {
    const std::string id = new_task_id(start + milliseconds(i * 37));
    EXPECT_LT(last, id);
    last = id;
  }
}

// A task's id is all that protects it from strangers: what a log shows must not be enough.
TEST(task_id, is_shown_by_less_than_itself_in_a_log) {
  const std::string id = new_task_id(system_clock().now());
  EXPECT_EQ(shown_id(id), id.substr(0, 14));
  EXPECT_EQ(shown_id("v" + id), "v" + id.substr(0, 14));
  EXPECT_EQ(shown_id("abcdef"), "ab");
  EXPECT_EQ(shown_id(""), "");
  EXPECT_EQ(task_field(id).text, id.substr(0, 14));
}

TEST(task_id, cuts_times_that_do_not_fit) {
  EXPECT_EQ(new_task_id(timestamp(-1ms)).substr(0, 10), "0000000000");
  EXPECT_EQ(new_task_id(timestamp(milliseconds::max())).substr(0, 10), "7zzzzzzzzz");
}

TEST(task_id, is_told_from_other_text) {
  const std::string id = new_task_id(system_clock().now());
  EXPECT_EQ(id.size(), task_id_length);
  EXPECT_TRUE(is_task_id(id));
  EXPECT_FALSE(is_task_id(""));
  EXPECT_FALSE(is_task_id(id.substr(1)));
  EXPECT_FALSE(is_task_id(id + "0"));
  for (const char bad : {'i', 'l', 'o', 'u', 'A', ' ', '-', '\0', '\xff'}) {
    std::string other = id;
    other[20] = bad;
    EXPECT_FALSE(is_task_id(other)) << static_cast<int>(bad);
  }
}

TEST(task_id, never_repeats_also_across_threads) {
  constexpr std::size_t each = 20'000;
  std::array<std::vector<std::string>, 4> made;
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      for (std::size_t i = 0; i < each; ++i) mine.push_back(new_task_id(timestamp(1ms)));
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), made.size() * each);
}

TEST(random, every_bit_takes_both_values) {
  std::array<unsigned char, 16> ones{};
  std::array<unsigned char, 16> zeros{};
  for (int i = 0; i < 200; ++i) {
    const auto id = new_process_id();
    for (std::size_t b = 0; b < ones.size(); ++b) {
      ones[b] = static_cast<unsigned char>(ones[b] | id.bytes[b]);
      zeros[b] = static_cast<unsigned char>(zeros[b] | ~id.bytes[b]);
    }
  }
  for (std::size_t b = 0; b < ones.size(); ++b) {
    EXPECT_EQ(ones[b], 0xff);
    EXPECT_EQ(zeros[b], 0xff);
  }
}

TEST(random, fills_any_length) {
  for (const std::size_t length : {0U, 1U, 255U, 256U, 257U, 10'000U}) {
    std::vector<std::byte> bytes(length + 1, std::byte{0});
    fill_random(std::span(bytes).first(length));
    EXPECT_EQ(bytes.back(), std::byte{0});
    if (length >= 16) {
      EXPECT_TRUE(std::any_of(bytes.end() - 9, bytes.end() - 1,
                              [](std::byte b) { return b != std::byte{0}; }));
    }
  }
}

TEST(random, parent_and_child_of_a_fork_differ) {
  (void)random_token();  // there is something left in the pool
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const process_id mine = new_process_id();
    const bool written = write(ends[1], mine.bytes.data(), 16) == 16;
    _exit(written ? 0 : 1);
  }
  process_id childs;
  ASSERT_EQ(read(ends[0], childs.bytes.data(), 16), 16);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  close(ends[0]);
  close(ends[1]);
  EXPECT_NE(new_process_id(), childs);
}

TEST(random, tokens_are_long_enough) {
  const std::string token = random_token();
  EXPECT_EQ(token.size(), 26U);
  EXPECT_NE(token, random_token());
}

TEST(digest, is_sha_256) {
  const auto hex = [](const digest& bytes) {
    std::string text;
    for (const auto b : bytes) {
      text += "0123456789abcdef"[b >> 4];
      text += "0123456789abcdef"[b & 15];
    }
    return text;
  };
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(digest, secrets_are_compared_whole) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "ab"));
}

TEST(cursor, comes_back_as_it_was) {
  const std::string id = new_task_id(timestamp(1ms));
  EXPECT_EQ(stores::parse_cursor(stores::make_cursor(id)), id);
  EXPECT_FALSE(stores::parse_cursor(""));
  EXPECT_FALSE(stores::parse_cursor("c1." + id + "0"));
}

TEST(iso8601, has_one_form) {
  EXPECT_EQ(iso8601(timestamp(0ms)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso8601(timestamp(1'750'000'000'007ms)), "2025-06-15T15:06:40.007Z");
  EXPECT_EQ(iso8601(timestamp(951'827'696'789ms)), "2000-02-29T12:34:56.789Z");
  EXPECT_EQ(iso8601(timestamp(-1ms)), "1969-12-31T23:59:59.999Z");
}

TEST(iso8601, stays_in_range) {
  EXPECT_EQ(iso8601(timestamp::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(iso8601(timestamp::min()), "0000-01-01T00:00:00.000Z");
}

TEST(system_clock, runs_forward) {
  const clock_source& clock = system_clock();
  EXPECT_GT(clock.now(), timestamp(1'700'000'000'000ms));
  auto last = clock.monotonic();
  for (int i = 0; i < 1000; ++i) {
    const auto next = clock.monotonic();
    EXPECT_GE(next, last);
    last = next;
  }
}

TEST(task_status, has_names_and_back) {
  for (const auto status : {task_status::working, task_status::input_required,
                            task_status::completed, task_status::failed, task_status::cancelled}) {
    EXPECT_EQ(parse_task_status(to_string(status)), status);
  }
  EXPECT_EQ(to_string(task_status::input_required), "input_required");
  EXPECT_FALSE(parse_task_status("Working"));
  EXPECT_FALSE(parse_task_status(""));
}

TEST(outcome, protocol_errors_are_json) {
  const auto plain = outcome::protocol_error(-32602, "say \"no\"\n");
  EXPECT_EQ(plain.body.view(), R"({"code":-32602,"message":"say \"no\"\n"})");
  EXPECT_TRUE(plain.is_protocol_error);
  const auto more = outcome::protocol_error(1, "m", raw_json::trusted(R"({"a":[1]})"));
  EXPECT_EQ(more.body.view(), R"({"code":1,"message":"m","data":{"a":[1]}})");
  EXPECT_NO_THROW(raw_json::parse(more.body.view()));
}

// --- the shown time-to-live

task_record with_retention(std::optional<milliseconds> retention) {
  task_record task;
  auto origin = std::make_shared<task_origin>();
  origin->created_at = timestamp(1'000'000ms);
  task.origin = origin;
  task.updated_at = origin->created_at;
  task.retention = retention;
  return task;
}

TEST(shown_ttl, null_is_unlimited) {
  EXPECT_EQ(shown_ttl(with_retention(std::nullopt), timestamp(5h)), std::nullopt);
}

TEST(shown_ttl, is_the_retention_until_half_of_it_has_passed_then_grows_in_steps) {
  const auto task = with_retention(100s);
  const auto at = [&](milliseconds age) {
    return shown_ttl(task, task.origin->created_at + age).value();
  };
  EXPECT_EQ(at(0s), 100s);
  EXPECT_EQ(at(50s), 100s);
  EXPECT_EQ(at(50s + 1ms), 200s);
  EXPECT_EQ(at(150s), 200s);
  EXPECT_EQ(at(150s + 1ms), 300s);
  EXPECT_EQ(at(-1h), 100s) << "a clock that went back";
}

TEST(shown_ttl, always_reaches_half_a_retention_ahead) {
  for (const milliseconds keep : {1ms, 2ms, 3ms, 7ms, 100ms, 999ms}) {
    const auto task = with_retention(keep);
    for (milliseconds age = 0ms; age < 3s; age += 1ms) {
      const auto shown = shown_ttl(task, task.origin->created_at + age).value();
      ASSERT_GE(2 * (shown - age), keep) << keep.count() << " " << age.count();
      ASSERT_EQ(shown % keep, 0ms);
    }
  }
}

TEST(shown_ttl, of_a_terminal_task_is_its_removal) {
  auto task = with_retention(100s);
  task.status = task_status::completed;
  task.updated_at += 7s;
  EXPECT_EQ(shown_ttl(task, task.updated_at + 5h), 107s);
}

TEST(shown_ttl, survives_extremes) {
  auto huge = with_retention(milliseconds::max());
  EXPECT_EQ(shown_ttl(huge, timestamp::max()), milliseconds::max());
  huge.status = task_status::failed;
  huge.updated_at = timestamp::max();
  EXPECT_EQ(shown_ttl(huge, timestamp(0ms)), milliseconds::max());
  EXPECT_EQ(shown_ttl(with_retention(0ms), timestamp(1'005'000ms)), 5s);
  EXPECT_EQ(shown_ttl(with_retention(-5ms), timestamp(1'005'000ms)), 5s);
}

}  // namespace
}  // namespace longhaul::test
