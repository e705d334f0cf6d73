// SPDX-License-Identifier: Apache-2.0
#include "record.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

#include "testing/tap.hpp"

namespace longhaul::test {
namespace {

std::mutex record_mutex;

// One file a process; null where nothing is recorded.
std::ofstream* record_file() {
  static const std::unique_ptr<std::ofstream> file = [] {
    const char* folder = std::getenv("LONGHAUL_WIRE_RECORD");
    if (folder == nullptr) return std::unique_ptr<std::ofstream>();
    auto opened = std::make_unique<std::ofstream>(
        std::string(folder) + "/" + std::to_string(::getpid()) + ".record", std::ios::binary);
    if (!*opened) {
      ADD_FAILURE() << "LONGHAUL_WIRE_RECORD: no file can be made in " << folder;
      return std::unique_ptr<std::ofstream>();
    }
    return opened;
  }();
  return file.get();
}

// One word of the line.
std::string word(std::string_view text) {
  std::string shown(text.empty() ? "-" : text);
  for (char& c : shown) c = c > ' ' && c <= '~' ? c : '?';
  return shown;
}

void record(std::string_view kind, std::uint64_t exchange, std::string_view revision,
            std::string_view session, std::string_view bytes) {
  std::ofstream* file = record_file();
  if (file == nullptr) return;
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string name =
      test == nullptr ? "" : std::string(test->test_suite_name()) + "." + test->name();
  const std::lock_guard lock(record_mutex);
  *file << kind << ' ' << exchange << ' ' << word(revision) << ' ' << word(session) << ' '
        << word(name) << ' ' << bytes.size() << '\n'
        << bytes << '\n'
        << std::flush;
}

// What goes through the test kit is kept as well.
struct kit_record final : testkit::tap {
  kit_record() { testkit::the_tap = this; }
  ~kit_record() override { testkit::the_tap = nullptr; }
  std::uint64_t new_exchange() override { return test::new_exchange(); }
  void sent(std::uint64_t exchange, std::string_view revision, std::string_view session,
            std::string_view body) override {
    record_sent(exchange, revision, session, body);
  }
  void received(std::uint64_t exchange, std::string_view session, std::string_view text) override {
    record_received(exchange, session, text);
  }
};
kit_record from_kit;

}  // namespace

std::uint64_t new_exchange() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

void record_sent(std::uint64_t exchange, std::string_view revision, std::string_view session,
                 std::string_view body) {
  record("sent", exchange, revision, session, body);
}

void record_received(std::uint64_t exchange, std::string_view session, std::string_view text) {
  record("received", exchange, "", session, text);
}

}  // namespace longhaul::test
