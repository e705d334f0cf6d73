// SPDX-License-Identifier: Apache-2.0
// How the revisions of the protocol differ, as data: one row for each, in revisions.cpp. A method
// asks the row of its request and never the date.
#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/era.hpp"

namespace longhaul::wire {

using namespace protocol;  // NOLINT(google-build-using-namespace): the vocabulary of the wire

/// What a revision's tool listing has.
struct tool_look {
  bool output_schema = true;
  bool any_output_root = true;  ///< false: output schemas that are no objects are wrapped
  bool task_support = false;    ///< `execution.taskSupport`
};

/// What a revision's listings have of every feature.
struct feature_look {
  bool titles = true;
  bool icons = true;
  bool meta = true;
};

/// How a revision wants results of `tools/call`.
struct result_look {
  enum class structured : std::uint8_t { any, objects, none };
  std::string_view lead = {};  ///< members at the front, each with a comma behind it, or empty
  std::string_view meta = {};  ///< members for `_meta`, without braces, or empty
  structured structured_content = structured::any;
  bool resource_links = true;  ///< false: they become text
};

/// How a task is spelled.
struct task_look {
  enum class dialect : std::uint8_t {
    none,       ///< the revision knows no tasks
    requested,  ///< 2025-11-25: the client asks for one (`params.task`)
    extension   ///< the tasks extension: the server decides
  };
  dialect tasks = dialect::none;
  std::string_view ttl = {}, poll_interval = {};  ///< names of the members, in milliseconds
  bool tool_error_is_failure = false;             ///< a tool's own error makes the task `failed`
};

/// What questions may be, and how they are sent where they are requests of their own.
struct question_look {
  bool forms = true;
  bool urls = true;
  bool sampling_tools = true;
  bool sampling_context = true;    ///< has a capability of its own; false: goes with sampling
  bool single_content = false;     ///< a sampling message has one item of content
  std::string_view left_out = {};  ///< a member of the question's params that is not sent
  bool url_ids = false;            ///< URL questions carry `elicitationId`
};

struct revision_look {
  revision version = newest_legacy;
  /// Requests stand alone: capabilities and version come with each, results say what they are
  /// (`resultType`, who the server is), questions are results. Else: sessions with `initialize`.
  bool stateless = false;
  bool batches = false;                  ///< takes arrays of messages
  bool null_error_ids = false;           ///< errors to an unreadable id carry `"id":null`
  bool readable_argument_errors = true;  ///< bad arguments: an `isError` result, not −32602
  /// A stream of a session begins with an event without a message, so that it can be taken up again
  /// from its beginning, and the server may close it before its end.
  bool primed_streams = false;
  feature_look features = {};
  tool_look tools = {};
  result_look results = {};
  task_look tasks = {};
  question_look questions = {};
};

const revision_look& look_of(revision version) noexcept;
/// The one without sessions.
const revision_look& modern_look() noexcept;

}  // namespace longhaul::wire
