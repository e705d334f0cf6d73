// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <map>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "base/tunables.hpp"

namespace longhaul {

struct logger::core {
  core(log_sink to, log_level from, const clock_source& time)
      : sink(std::move(to)), least(from), clock(time) {}

  log_sink sink;
  log_level least;
  const clock_source& clock;

  struct window {
    std::optional<monotonic_time> since;
    int said = 0;
    std::int64_t unsaid = 0;
  };
  guarded_mutex mutex;
  std::map<std::string, window, std::less<>> windows LONGHAUL_GUARDED_BY(mutex);

  /// How many went unsaid before this one; null: so does this one.
  std::optional<std::int64_t> admit(std::string_view event) {
    const monotonic_time now = clock.monotonic();
    const guard lock(mutex);
    auto found = windows.find(event);
    if (found == windows.end()) found = windows.emplace(event, window{}).first;
    window& current = found->second;
    if (!current.since || now - *current.since >= base::tunables::stranger_window) {
      current.since = now;
      current.said = 0;
    }
    if (current.said == base::tunables::stranger_lines) {
      ++current.unsaid;
      return std::nullopt;
    }
    ++current.said;
    return std::exchange(current.unsaid, 0);
  }
};

logger::logger(log_sink sink, std::optional<log_level> least, const clock_source& clock) {
  if (sink && least) core_ = std::make_shared<core>(std::move(sink), *least, clock);
}

bool logger::takes(log_level level) const noexcept { return core_ && level >= core_->least; }

void logger::operator()(log_level level, std::string_view event, std::string_view text,
                        fields with) const noexcept {
  if (!takes(level)) return;
  try {
    core_->sink({level, event, text, std::span(with.begin(), with.size())});
  } catch (...) {  // NOLINT(bugprone-empty-catch): what cannot be told is not told
  }
}

void logger::stranger(log_level level, std::string_view event, std::string_view text,
                      fields with) const noexcept {
  if (!takes(level)) return;
  try {
    const auto unsaid = core_->admit(event);
    if (!unsaid) return;
    std::vector<log_field> all(with);
    if (*unsaid > 0) all.emplace_back("unsaid", *unsaid);
    core_->sink({level, event, text, all});
  } catch (...) {  // NOLINT(bugprone-empty-catch): what cannot be told is not told
  }
}

std::optional<log_detail> log_detail_named(std::string_view name) {
  if (name == "off") return log_detail::off;
  if (name == "error") return log_detail::error;
  if (name == "info") return log_detail::info;
  if (name == "debug") return log_detail::debug;
  return std::nullopt;
}

std::optional<log_style> log_style_named(std::string_view name) {
  if (name == "text") return log_style::text;
  if (name == "json") return log_style::json;
  return std::nullopt;
}

std::string_view shown_id(std::string_view id) noexcept {
  constexpr std::size_t whole = 36, kept_back = 22;  // characters; stores/task_id.hpp
  return id.substr(0, id.size() >= whole ? id.size() - kept_back : id.size() / 3);
}

log_field task_field(std::string_view id) noexcept { return {"id", shown_id(id)}; }

}  // namespace longhaul
