// SPDX-License-Identifier: Apache-2.0
#include "operator/routes.hpp"

#include <array>

namespace longhaul::operating {
namespace {

constexpr std::array ways = {
    way{"GET", "status", role::read, show_status},
    way{"GET", "tasks", role::read, show_tasks},
    way{"GET", "tasks/count", role::read, count_tasks},
    way{"GET", "tasks/*", role::read, show_task},
    way{"GET", "tasks/*/stdout", role::read, show_stdout},
    way{"GET", "tasks/*/stderr", role::read, show_stderr},
    way{"POST", "tasks/*/cancel", role::act, cancel_task},
    way{"POST", "tasks/*/answer", role::act, answer_task},
    way{"POST", "tasks/*/retry", role::act, retry_task},
    way{"POST", "tasks/*/retain", role::act, retain_task},
    way{"POST", "tasks/*/delete", role::act, delete_task},
    way{"POST", "tasks:cancel", role::act, cancel_tasks},
    way{"POST", "tasks:retry", role::act, retry_tasks},
    way{"POST", "tasks:delete", role::act, delete_tasks},
    way{"GET", "tools", role::read, show_tools},
    way{"POST", "tools/*/pause", role::act, pause_tool},
    way{"POST", "tools/*/resume", role::act, resume_tool},
    way{"POST", "tools/*/call", role::act, call_tool},
    way{"GET", "owners", role::read, show_owners},
    way{"GET", "processes", role::read, show_processes},
    way{"GET", "audit", role::read, show_audit},
    way{"GET", "events", role::read, follow_events},
    way{"GET", "openapi.json", role::read, show_description},
};

// Where Prometheus looks by itself.
constexpr way metrics{"GET", "metrics", role::read, show_metrics};

// Whether the parts of a path are these; `subject` is what stands for the star.
bool matches(std::string_view path, std::span<const std::string> parts, std::string_view& subject) {
  for (const std::string& part : parts) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view wanted = path.substr(0, end);
    if (wanted.empty()) return false;
    if (wanted == "*") {
      subject = part;
    } else if (wanted != part) {
      return false;
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return path.empty();
}

// HEAD is a GET whose body is not sent; but for streams, which are nothing but a body.
bool takes(const way& one, std::string_view method) {
  return one.method == method || (method == "HEAD" && one.method == "GET");
}

// What is at this path, whatever the method: false if it is none of its own.
bool look_at(const way& one, std::span<const std::string> parts, std::string_view method,
             found_route& found) {
  std::string_view subject;
  if (!matches(one.path, parts, subject)) return false;
  if (takes(one, method)) {
    found = {&one, subject, std::nullopt};
    return true;
  }
  if (!found.reply_allow) found.reply_allow = one.method == "GET" ? "GET, HEAD" : "POST";
  return false;
}

}  // namespace

std::span<const way> all_ways() noexcept { return ways; }

found_route find_route(const api_target& target, std::string_view method) {
  found_route found;
  const std::span<const std::string> parts = target.parts;
  if (look_at(metrics, parts, method, found)) return found;
  if (parts.size() < 3 || parts[0] != "api" || parts[1] != "v1") return found;
  for (const way& one : ways) {
    if (look_at(one, parts.subspan(2), method, found)) break;
  }
  return found;
}

}  // namespace longhaul::operating
