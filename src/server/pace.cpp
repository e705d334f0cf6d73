// SPDX-License-Identifier: Apache-2.0
#include "server/pace.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/clock_arithmetic.hpp"
#include "json/write.hpp"
#include "server/tunables.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::serving {
namespace {

double hair_of(double figure) {
  const double step = std::nextafter(figure, std::numeric_limits<double>::max()) - figure;
  return std::max(1e-9, 8 * step);
}

std::string figure_in_words(const tasks::progress_event& event) {
  std::string words;
  json::append_number(words, event.state.done);
  if (event.state.total) {
    words += " of ";
    json::append_number(words, *event.state.total);
  }
  if (!event.message.empty()) words.append(": ").append(event.message);
  return words;
}

}  // namespace

void notify_window::note(monotonic_time at) {
  if (sent_.size() == sent_.capacity()) sent_.erase(sent_.begin());
  sent_.push_back(at);
}

monotonic_time notify_window::allowed_at(monotonic_time now) {
  constexpr milliseconds span = std::chrono::seconds(1);
  while (!sent_.empty() && sent_.front() + span <= now) sent_.erase(sent_.begin());
  if (sent_.size() < tunables::notifications_together) return now;
  monotonic_time at = std::max(now, sent_.back() + tasks::tunables::notify_every);
  if (sent_.size() >= tunables::notifications_per_second) at = std::max(at, sent_.front() + span);
  return at;
}

double hair_above(double figure) { return figure + hair_of(figure); }

std::string in_words(milliseconds length) {
  const auto seconds = std::max<std::int64_t>(0, length.count() / 1000);
  const auto hours = seconds / 3600, minutes = seconds / 60 % 60;
  if (hours > 0) return std::to_string(hours) + " h " + std::to_string(minutes) + " m";
  if (minutes > 0) return std::to_string(minutes) + " m " + std::to_string(seconds % 60) + " s";
  return std::to_string(seconds) + " s";
}

void progress_pace::begin(monotonic_time now, const task_record& task) {
  if (quiet_since_) return;
  quiet_since_ = now;
  if (task.progress && !known_) known_ = tasks::progress_event{*task.progress, {}, task.epoch};
}

void progress_pace::offer(const tasks::progress_event& event) {
  if (known_ && event.epoch < known_->epoch) return;
  const bool same_run = known_ && event.epoch == known_->epoch;
  if (same_run && !(event.state.done > known_->state.done)) {
    // No news but in words: the next notification has them.
    if (event.state.done == known_->state.done && !event.message.empty()) {
      known_->message = event.message;
    }
    return;
  }
  known_ = event;
  unsent_ = true;
}

std::optional<double> progress_pace::told(const moment& at) const {
  return told_ && at.told ? std::max(*told_, *at.told) : (told_ ? told_ : at.told);
}

tasks::progress_event progress_pace::figure(const moment& at) const {
  tasks::progress_event event = *known_;
  const auto before = told(at);
  if (!before || event.state.done > *before) return event;
  const double done = event.state.done;
  const bool its_own = *before - done <= tunables::hairs_in_a_row * hair_of(done);
  if (!its_own) event.message = figure_in_words(event);
  event.state.done = hair_above(*before);
  if (!its_own || (event.state.total && event.state.done > *event.state.total)) {
    event.state.total.reset();
  }
  return event;
}

tasks::progress_event progress_pace::beat(const moment& at) const {
  if (known_) {
    tasks::progress_event event = figure(at);
    if (event.message.empty()) event.message = at.task.status_message;
    if (!at.waits.empty()) event.message = at.waits;
    return event;
  }
  tasks::progress_event event;
  event.state.done =
      std::floor(static_cast<double>(std::max(at.elapsed, milliseconds(0)).count()) / 1000);
  if (const auto before = told(at); before && event.state.done <= *before) {
    event.state.done = hair_above(*before);
  }
  if (const auto expected = at.task.origin->expected; expected && at.elapsed < *expected) {
    event.state.total = std::ceil(static_cast<double>(expected->count()) / 1000);
  }
  const bool waits = !at.waits.empty();
  event.message = waits ? at.waits : "running for " + in_words(at.elapsed);
  // Why it waits may say the same.
  const std::string& line = at.task.status_message;
  if (!line.empty() && event.message.find(line) == std::string::npos)
    event.message.append(": ").append(line);
  return event;
}

monotonic_time progress_pace::next_beat() const {
  if (!quiet_since_ || heartbeat_ <= milliseconds(0)) return monotonic_time::max();
  return saturating_add(*quiet_since_, heartbeat_);
}

monotonic_time progress_pace::next(monotonic_time now) {
  if (try_again_at_) return std::max(*try_again_at_, now);
  if (unsent_) return window_.allowed_at(now);
  const monotonic_time beat = next_beat();
  return beat == monotonic_time::max() ? beat : std::max(beat, window_.allowed_at(now));
}

std::optional<tasks::progress_event> progress_pace::due(const moment& at) {
  if (next(at.now) > at.now) return std::nullopt;
  return unsent_ ? figure(at) : beat(at);
}

std::optional<tasks::progress_event> progress_pace::rest(const moment& at) {
  return unsent_ ? std::optional(figure(at)) : std::nullopt;
}

void progress_pace::note(const moment& at, const tasks::progress_event& event, bool taken) {
  try_again_at_.reset();
  if (!taken) {
    try_again_at_ = at.now + tunables::not_taken_pause;
    return;
  }
  window_.note(at.now);
  if (quiet_since_) quiet_since_ = at.now;
  told_ = event.state.done;
  unsent_ = false;
}

}  // namespace longhaul::serving
