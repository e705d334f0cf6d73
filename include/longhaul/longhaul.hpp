// SPDX-License-Identifier: Apache-2.0
// Everything of Longhaul that makers of tools include, and what coroutine handlers need of Asio.
// Who calls tools includes `longhaul/client.hpp`.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "longhaul/audit_log.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/completion.hpp"
#include "longhaul/content.hpp"
#include "longhaul/elicitation.hpp"
#include "longhaul/error_codes.hpp"
#include "longhaul/extension.hpp"
#include "longhaul/feature.hpp"
#include "longhaul/hosted_server.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/log.hpp"
#include "longhaul/middleware.hpp"
#include "longhaul/prompt.hpp"
#include "longhaul/question.hpp"
#include "longhaul/question_error.hpp"
#include "longhaul/rate_limit.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/resource.hpp"
#include "longhaul/result.hpp"
#include "longhaul/roots.hpp"
#include "longhaul/run.hpp"
#include "longhaul/sampling.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/server.hpp"
#include "longhaul/store.hpp"
#include "longhaul/task.hpp"
#include "longhaul/task_access.hpp"
#include "longhaul/task_context.hpp"
#include "longhaul/task_engine.hpp"
#include "longhaul/tool.hpp"
#include "longhaul/trace_context.hpp"
#include "longhaul/typed_tool.hpp"
