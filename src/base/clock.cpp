// SPDX-License-Identifier: Apache-2.0
#include "longhaul/clock.hpp"

#include <time.h>

#include <algorithm>
#include <string_view>

namespace longhaul {
namespace {

milliseconds read_clock(clockid_t which) noexcept {
  timespec time{};
  clock_gettime(which, &time);
  return std::chrono::duration_cast<milliseconds>(std::chrono::seconds(time.tv_sec) +
                                                  std::chrono::nanoseconds(time.tv_nsec));
}

class machine_clock final : public clock_source {
 public:
  timestamp now() const override { return timestamp(read_clock(CLOCK_REALTIME)); }
  monotonic_time monotonic() const override { return monotonic_time(read_clock(CLOCK_BOOTTIME)); }
};

// Writes `number` right-aligned with leading zeros.
void put(std::string& text, std::size_t at, std::size_t digits, unsigned number) {
  for (std::size_t i = digits; i-- > 0; number /= 10) {
    text[at + i] = static_cast<char>('0' + number % 10);
  }
}

}  // namespace

const clock_source& system_clock() {
  static const machine_clock clock;
  return clock;
}

std::string iso8601(timestamp time) {
  using namespace std::chrono;
  // Four digits of the year are all that the form has room for.
  constexpr timestamp first = sys_days(year(0) / January / 1);
  constexpr timestamp last = sys_days(year(9999) / December / 31) + days(1) - milliseconds(1);
  time = std::clamp(time, first, last);

  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::string text("0000-00-00T00:00:00.000Z");
  put(text, 0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put(text, 5, 2, static_cast<unsigned>(date.month()));
  put(text, 8, 2, static_cast<unsigned>(date.day()));
  put(text, 11, 2, static_cast<unsigned>(clock.hours().count()));
  put(text, 14, 2, static_cast<unsigned>(clock.minutes().count()));
  put(text, 17, 2, static_cast<unsigned>(clock.seconds().count()));
  put(text, 20, 3, static_cast<unsigned>(clock.subseconds().count()));
  return text;
}

}  // namespace longhaul
