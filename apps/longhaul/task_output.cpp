// SPDX-License-Identifier: Apache-2.0
// `longhaul tasks output`: what a program prints, read piece by piece from the resource of its
// task.
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <utility>

#include "json/view.hpp"
#include "known_tasks.hpp"
#include "protocol/base64.hpp"
#include "tasks.hpp"

namespace longhaul {
namespace {

constexpr auto read_every = std::chrono::milliseconds(500);

struct piece {
  std::string bytes;
  std::uint64_t next = 0;
  bool ended = false;
};

piece read_piece(const client& server, const std::string& address) {
  const raw_json result = server.read_resource(address);
  const json::value view(result);
  json::elements contents(view["contents"]);
  if (!contents.next()) {
    throw client_error(client_error::kind::broken, "the server gives no contents of " + address);
  }
  const json::value one = contents.value();
  piece result_piece;
  if (const auto blob = one["blob"].string()) {
    result_piece.bytes = protocol::base64_decode(*blob).value_or("");
  } else {
    result_piece.bytes = one["text"].string().value_or("");
  }
  const json::value meta = one["_meta"];
  result_piece.next =
      static_cast<std::uint64_t>(meta["longhaul.dev/nextOffset"].integer().value_or(0));
  result_piece.ended = meta["longhaul.dev/ended"].boolean().value_or(false);
  return result_piece;
}

// Null: the server is away. It may come back, and the task with it.
std::optional<piece> read_if_there(const client& server, const std::string& address) {
  using kind = client_error::kind;
  try {
    return read_piece(server, address);
  } catch (const client_error& e) {
    const kind why = e.why();
    if (why != kind::unreachable && why != kind::lost && why != kind::time_limit) throw;
    return std::nullopt;
  }
}

bool put(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace

int show_output(const tasks_command& command, seat& at) {
  tasks_command which = command;
  if (which.ids.empty()) which.ids = {"last"};
  const terminal::handle task = wanted_tasks(which, at, false).front();
  const remote_server server = open_server(task, command.remote, at);
  const std::string address =
      "longhaul://tasks/" + task.id + (command.errors ? "/stderr" : "/stdout");
  std::string query = command.tail ? "?tail=" + std::to_string(*command.tail) : "?offset=0";
  const bool waits = command.follow && !server.is_program;
  bool away = false;
  while (!at.interrupted()) {
    const auto one = waits ? read_if_there(*server.connection, address + query)
                           : read_piece(*server.connection, address + query);
    if (!one && !std::exchange(away, true)) at.say("longhaul: the server does not answer");
    if (one && !put(one->bytes)) break;
    const bool more = one && !one->bytes.empty();
    if (one) {
      away = false;
      query = "?offset=" + std::to_string(one->next);
      if (!more && (one->ended || !command.follow)) break;
    }
    if (!more) at.pause(read_every);
  }
  return 0;
}

}  // namespace longhaul
