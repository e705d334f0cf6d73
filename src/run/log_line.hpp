// SPDX-License-Identifier: Apache-2.0
// How a record looks on standard error. Text:
//   2026-11-26T09:00:00.000Z info task.end id=01kc… tool=hash outcome=completed ms=12
//   2026-11-26T09:00:00.000Z error task.exception id=01kc… disk full
// Fields first, then the text, so that no text passes for a field; values that are not one plain
// word are quoted. JSON: one object a line, the fields as members beside time, level, event, text.
#pragma once

#include <string>

#include "longhaul/clock.hpp"
#include "longhaul/log.hpp"

namespace longhaul {

/// Appends the record as one line, with its line break. What could end a line, or move what a
/// terminal shows, is escaped: control characters, separators and directions of Unicode, bytes that
/// are no UTF-8.
void append_log_line(std::string& out, const log_record& record, log_style style, timestamp when);

}  // namespace longhaul
