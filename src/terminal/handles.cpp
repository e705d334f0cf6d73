// SPDX-License-Identifier: Apache-2.0
#include "terminal/handles.hpp"

#include <algorithm>
#include <utility>

#include "base/clock_arithmetic.hpp"
#include "base/utf8.hpp"
#include "terminal/handle_line.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/private_folder.hpp"
#include "terminal/progress_view.hpp"
#include "terminal/tunables.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

const std::string handles_file = "handles", handles_lock = "handles.lock";

bool has_expired(const handle& one, timestamp now) {
  return one.expires.value_or(saturating_add(one.created, tunables::handle_life)) <= now;
}

bool is_named(const handle& one, std::string_view id, std::string_view server) {
  return one.id == id && one.server == without_password(server);
}

// In the order of the file: the oldest first. A part of a line at the begin is none.
std::vector<handle> handles_in(std::string_view text, timestamp now) {
  std::vector<handle> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > tunables::longest_handle) continue;
    auto one = read_handle(line);
    if (one && !has_expired(*one, now)) found.push_back(*std::move(one));
  }
  return found;
}

std::string lines_of(const std::vector<handle>& handles) {
  const std::size_t kept = std::min(handles.size(), tunables::handles_kept);
  std::string text;
  for (std::size_t i = handles.size() - kept; i < handles.size(); ++i) {
    text += handle_line(handles[i]);
  }
  return text;
}

void check_handle(const handle& next) {
  if (next.id.empty()) throw std::invalid_argument("a handle needs the id of its task");
  if (handle_line(next).size() > tunables::longest_handle) {
    throw std::invalid_argument(
        "too long to be remembered: how the server is reached has more "
        "than " +
        std::to_string(tunables::longest_handle >> 10U) + " KiB");
  }
}

// `01hx… (render at files, 3 min ago)`.
std::string candidate(const std::string& id, const handle& one, timestamp now) {
  return id + " (" + plain(one.tool) + " at " + plain(one.server) + ", " +
         duration_text(elapsed(one.created, now)) + " ago)";
}

[[noreturn]] void refuse_ambiguous(std::string_view prefix, const std::vector<handle>& found,
                                   timestamp now) {
  const std::vector<std::string> ids = short_ids(found);
  std::string text =
      detail::in_quotes(prefix) + " begins " + std::to_string(found.size()) + " ids: ";
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i == tunables::named_handles) {
      text += ", …";
      break;
    }
    text += (i == 0 ? "" : ", ") + candidate(ids[i], found[i], now);
  }
  throw no_such_handle(text + "; write more of it, or name the server");
}

[[noreturn]] void refuse_unknown(std::string_view prefix, const std::vector<handle>& known) {
  if (known.empty()) {
    throw no_such_handle("no task " + detail::in_quotes(prefix) +
                         ": nothing that was started from here is still known");
  }
  std::vector<std::string> ids = short_ids(known);
  ids.resize(std::min(ids.size(), tunables::named_handles));
  for (std::string& id : ids) id = plain(id);
  throw no_such_handle("no task" + detail::unknown_name({ids.begin(), ids.end()}, prefix) +
                       "; `longhaul tasks` shows what was started from here");
}

}  // namespace

std::string handles_folder(const variables& environment) {
  const std::string state = base_folder(environment, "XDG_STATE_HOME", ".local/state");
  if (!state.empty()) return state + "/longhaul";
  throw std::runtime_error(
      "neither XDG_STATE_HOME nor HOME says where started tasks may be remembered: set one");
}

std::vector<std::string> short_ids(const std::vector<handle>& handles) {
  std::vector<std::string_view> sorted;
  sorted.reserve(handles.size());
  for (const handle& one : handles) sorted.push_back(one.id);
  std::ranges::sort(sorted);
  const auto shared = [](std::string_view a, std::string_view b) {
    return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  };
  std::vector<std::string> result;
  for (const handle& one : handles) {
    const auto at = std::ranges::lower_bound(sorted, std::string_view(one.id));
    std::size_t length = tunables::short_id;
    if (at != sorted.begin()) length = std::max(length, shared(one.id, *(at - 1)) + 1);
    if (at + 1 != sorted.end()) length = std::max(length, shared(one.id, *(at + 1)) + 1);
    while (length < one.id.size() && is_continuation(one.id[length])) ++length;
    result.push_back(one.id.substr(0, length));
  }
  return result;
}

bool handle_book::change(const std::function<bool(std::vector<handle>&)>& edit) const {
  const private_folder folder = private_folder::made(folder_);
  const descriptor lock = folder.lock(handles_lock);
  std::vector<handle> all =
      handles_in(folder.read(handles_file, tunables::handles_read), clock_.now());
  if (!edit(all)) return false;
  folder.replace(handles_file, lines_of(all));
  return true;
}

void handle_book::remember(handle next) const {
  check_handle(next);
  change([&](std::vector<handle>& all) {
    std::erase_if(all, [&](const handle& one) { return is_named(one, next.id, next.server); });
    all.push_back(std::move(next));
    return true;
  });
}

bool handle_book::update(std::string_view id, std::string_view server,
                         const std::function<void(handle&)>& change_one) const {
  return change([&](std::vector<handle>& all) {
    const auto at =
        std::ranges::find_if(all, [&](const handle& one) { return is_named(one, id, server); });
    if (at == all.end()) return false;
    handle next = *at;
    change_one(next);
    next.id = at->id;
    next.server = at->server;
    check_handle(next);
    *at = std::move(next);
    return true;
  });
}

bool handle_book::forget(std::string_view id, std::string_view server) const {
  return change([&](std::vector<handle>& all) {
    return std::erase_if(all, [&](const handle& one) { return is_named(one, id, server); }) != 0;
  });
}

std::vector<handle> handle_book::all(std::string_view server) const {
  const private_folder folder = private_folder::existing(folder_);
  std::vector<handle> found =
      handles_in(folder.read(handles_file, tunables::handles_read), clock_.now());
  std::ranges::reverse(found);
  if (!server.empty()) {
    std::erase_if(found, [&](const handle& one) { return one.server != without_password(server); });
  }
  return found;
}

handle handle_book::find(std::string_view prefix, std::string_view server) const {
  const std::vector<handle> known = all(server);
  if (prefix == "last" && !known.empty()) return known.front();
  std::vector<handle> exact, begun;
  for (const handle& one : known) {
    if (one.id == prefix) exact.push_back(one);
    if (one.id.starts_with(prefix)) begun.push_back(one);
  }
  const std::vector<handle>& found = exact.empty() ? begun : exact;
  if (prefix.empty() || found.empty()) refuse_unknown(prefix, known);
  if (found.size() > 1) refuse_ambiguous(prefix, found, clock_.now());
  return found.front();
}

}  // namespace longhaul::terminal
