// SPDX-License-Identifier: Apache-2.0
// What a server sends, as a client and a terminal read it: events in pieces of any size, messages,
// tasks, tools with their schemas. The first byte says how large the pieces are.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "client/link.hpp"
#include "client/mirrored.hpp"
#include "client/sse_reader.hpp"
#include "client/task_view.hpp"
#include "json/view.hpp"
#include "longhaul/tool_call.hpp"
#include "terminal/arguments.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/tool_page.hpp"

namespace {

using namespace longhaul;

constexpr std::size_t limit = 2048;

std::vector<std::string> events_of(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> all;
  remote::sse_reader reader(limit);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const bool read = reader.feed(bytes.substr(at, piece), [&](const remote::sse_event& event) {
      all.push_back(event.id + '|' + event.data);
    });
    if (!read) break;
  }
  return all;
}

// What a terminal is shown moves no cursor, whatever a server says.
void check_plain(std::string_view text) {
  for (const char c : text) {
    if (c != '\n' && static_cast<unsigned char>(c) < ' ') std::abort();
  }
}

void read_one(std::string_view text) {
  raw_json message;
  try {
    message = remote::read_message(text, "a server");
  } catch (const client_error& e) {
    check_plain(e.what());
    return;
  }
  const json::value view(message);
  if (const auto task = remote::read_task(view["result"])) {
    check_plain(terminal::plain(task->message));
  }
  const tool_reply reply(message);
  check_plain(terminal::plain_lines(reply.text()));
  remote::mirrored_headers(message, message);
  const terminal::look narrow{.width = 40};
  check_plain(terminal::tool_page(message, "longhaul call", narrow));
  const std::vector<std::string> words = {"a=1", "b=x", "b=[2]", "c:=null"};
  try {
    terminal::read_arguments(message, words);
  } catch (const terminal::argument_error& e) {
    check_plain(e.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  // Pieces make no difference, but for where a reader that has too much gives up.
  const auto whole = events_of(bytes, bytes.size() + 1);
  const auto pieces = events_of(bytes, data[0] % 7 + 1U);
  if (bytes.size() < limit && whole != pieces) std::abort();
  read_one(bytes);
  return 0;
}
