// SPDX-License-Identifier: Apache-2.0
#include "sqlite/timeline.hpp"

#include <fstream>
#include <sstream>

namespace longhaul::sqlite {
timeline::timeline(connection& file, const clock_source& clock, std::string boot)
    : clock_(clock), boot_(std::move(boot)) {
  statement query(file, "SELECT value FROM meta WHERE name = 'clock'");
  last_heard_ = clock.monotonic();
  if (!query.step()) return;

  const auto row = parse_clock(query.text(0));
  if (!row) throw sqlite_error("the clock row is damaged", SQLITE_CORRUPT);
  last_heard_ = row->mono;
  offset_ = row->offset;
  const bool same_boot = row->boot == boot_ && now().mono >= last_heard_;
  if (same_boot) return;
  const milliseconds away = elapsed(row->wall, clock.now());
  offset_ = saturating_add(last_heard_, away) - clock.monotonic();
}

bool timeline::due() const {
  return saved_ == monotonic_time::min() ||
         elapsed(saved_, now().mono) >= tunables::save_time_every;
}

bool timeline::skewed() const {
  if (saved_ == monotonic_time::min()) return true;
  const stores::instant at = now();
  const milliseconds skew = at.wall.time_since_epoch() - at.mono.time_since_epoch();
  return skew - saved_skew_ > tunables::save_time_every ||
         saved_skew_ - skew > tunables::save_time_every;
}

void timeline::save(connection& file) {
  const stores::instant at = now();
  const std::string text = std::to_string(offset_.count()) + " " +
                           std::to_string(at.mono.time_since_epoch().count()) + " " +
                           std::to_string(at.wall.time_since_epoch().count()) + " " + boot_;
  statement put(file, "INSERT OR REPLACE INTO meta VALUES ('clock', ?)");
  put.bind(1, std::string_view(text)).run();
  saved_ = at.mono;
  saved_skew_ = at.wall.time_since_epoch() - at.mono.time_since_epoch();
}

std::optional<clock_row> parse_clock(std::string_view text) {
  std::istringstream words{std::string(text)};
  milliseconds::rep offset = 0, mono = 0, wall = 0;
  if (!(words >> offset >> mono >> wall)) return std::nullopt;
  clock_row row{
      milliseconds(offset), monotonic_time(milliseconds(mono)), timestamp(milliseconds(wall)), {}};
  words >> row.boot;
  return row;
}

std::string machine_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  file >> boot;
  return boot;
}

}  // namespace longhaul::sqlite
