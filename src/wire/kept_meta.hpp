// SPDX-License-Identifier: Apache-2.0
// What a call keeps of the `_meta` of its request: the progress token, the trace that it belongs to
// (which may have come in headers instead), and what its caller can be asked. W3C Trace Context;
// MCP 2026-07-28 "Trace Context".
//
// Pure functions.
#pragma once

#include "json/view.hpp"
#include "longhaul/raw_json.hpp"
#include "server/questions.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::wire {

/// An object, or absent if there is nothing to keep. What makes it larger than
/// `tunables::kept_meta` is left out, and so is a trace that is malformed. `_meta` goes before the
/// headers; `http` is null on a pipe.
raw_json kept_meta(json::value meta, const serving::question_modes& modes,
                   const http_request* http);

}  // namespace longhaul::wire
