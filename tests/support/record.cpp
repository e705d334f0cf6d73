// SPDX-License-Identifier: Apache-2.0
#include "support/record.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

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

std::string header_of(std::string_view head, std::string_view name) {
  const std::string start = "\r\n" + std::string(name) + ": ";
  const auto at = head.find(start);
  if (at == std::string_view::npos) return {};
  const auto value = head.substr(at + start.size());
  return std::string(value.substr(0, value.find("\r\n")));
}

void record_http(std::string_view request, std::string_view reply) {
  constexpr std::string_view blank = "\r\n\r\n";
  const auto asked = request.find(blank), answered = reply.find(blank);
  if (record_file() == nullptr || !request.starts_with("POST ") ||
      answered == std::string_view::npos) {
    return;
  }
  const std::string_view head = reply.substr(0, answered);
  std::string_view body = reply.substr(answered + blank.size());
  const std::uint64_t exchange = new_exchange();
  record_sent(exchange, header_of(request, "MCP-Protocol-Version"),
              header_of(request, "Mcp-Session-Id"), request.substr(asked + blank.size()));
  const std::string session = header_of(head, "Mcp-Session-Id");
  if (header_of(head, "Content-Type") != "text/event-stream") {
    record_received(exchange, session, body);
    return;
  }
  // An event that the reader did not wait for may be cut off.
  constexpr std::string_view data = "\ndata: ";
  for (auto at = body.find(data); at != std::string_view::npos; at = body.find(data)) {
    body.remove_prefix(at + data.size());
    const auto end = body.find('\n');
    if (end == std::string_view::npos) return;
    if (end > 0) record_received(exchange, session, body.substr(0, end));
  }
}

}  // namespace longhaul::test
