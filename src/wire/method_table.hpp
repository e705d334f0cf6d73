// SPDX-License-Identifier: Apache-2.0
// Every method that clients may call, once, for all revisions. A new one is a function in a file of
// `methods/` and a row in method_table.cpp: dispatch, the check of Mcp-Name and the advertised
// capabilities follow from the row.
//
// Pure functions over a constant table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "json/write.hpp"
#include "wire/context.hpp"

namespace longhaul::wire {

/// Answers one request. `request` lives until the coroutine ends.
using method_handler = awaitable<wire_reply>(context& shared, const incoming& request);

/// What a server may offer, and how it says so; where it does not, the methods of it do not exist.
/// Each is defined in the file of its methods.
struct feature {
  bool (*offered)(const serving::dispatcher& server, const revision_look& look);
  /// Writes its member of the server's capabilities.
  void (*advertise)(json::object& into, const serving::dispatcher& server,
                    const revision_look& look, const serving::caller& who);
  /// An extension, by its id: requests that stand alone have to declare it. It is advertised with
  /// the others where the revision has extensions, else as `advertise` does.
  std::string_view extension = {};
};

struct method_row {
  std::string_view name;
  method_handler* answer;
  std::uint8_t revisions;            ///< bits, by `revision`
  const feature* part_of = nullptr;  ///< null: always there
  /// The member of `params` that names what this is about: a string, which Mcp-Name mirrors.
  std::string_view named_by = {};
  /// It ends at once, and may free what others wait for.
  bool urgent = false;
  /// Who cannot be told from others must not see it.
  bool identified_only = false;
};

/// All of them.
std::span<const method_row> method_rows() noexcept;
/// Null: no method of this revision.
const method_row* find_method(revision version, std::string_view name) noexcept;
/// True if requests of this name end at once, whatever the revision.
bool is_urgent(std::string_view method) noexcept;

/// Answers a request of any revision.
awaitable<wire_reply> answer_request(context& shared, const incoming& request);

/// The members of the server's capabilities in this revision, for this caller.
void append_capabilities(json::object& into, const serving::dispatcher& server,
                         const revision_look& look, const serving::caller& who);

inline constexpr std::string_view tasks_extension = "io.modelcontextprotocol/tasks";
/// True if this very request declares this extension.
bool declares(const request_meta& meta, std::string_view extension);

}  // namespace longhaul::wire
