// SPDX-License-Identifier: Apache-2.0
#include "postgres/schema.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "postgres/connection.hpp"

namespace longhaul::postgres {
namespace {

// `states` is written with every change, so it has room in its pages for that (an update that
// touches no indexed column then stays in its page and in no index), and is swept early.
//
// `ready`: it waits to be claimed, and may be at once; `due_at`: it will from then on. Fresh tasks
// and those that wait again have an index each, so that those of which there are many are in the
// order of their ids, which is that of time.
//
// `places`: runs that count for a concurrency key, each with a number of its own, until their
// handler has returned. That may be after their task has ended (a cancel ends it at once), so they
// stand beside it.
constexpr std::string_view version_1 = R"sql(
CREATE FUNCTION @.store_time() RETURNS bigint LANGUAGE sql VOLATILE
  AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

CREATE TABLE @.meta (
  name  text PRIMARY KEY,
  value bytea NOT NULL
);

CREATE TABLE @.tasks (
  id                text COLLATE "C" PRIMARY KEY,
  owner             text COLLATE "C" NOT NULL,
  quota             text COLLATE "C",
  hidden            boolean NOT NULL,
  tool              text COLLATE "C" NOT NULL,
  arguments         text,
  request_meta      text,
  created_at        bigint NOT NULL,
  idempotency_key   text COLLATE "C",
  arguments_hash    bytea,
  on_crash          bigint NOT NULL,
  max_attempts      bigint NOT NULL,
  retry_backoff     bigint NOT NULL,
  retry_backoff_max bigint NOT NULL,
  retry_on          bigint NOT NULL,
  unique_hash       bytea,
  unique_for        bigint NOT NULL,
  concurrency_key   text COLLATE "C",
  attempt_limit     bigint,
  overall_limit     bigint,
  answer_within     bigint,
  stall_limit       bigint,
  expected          bigint,
  retry_of          text COLLATE "C",
  external          boolean NOT NULL,
  token             text COLLATE "C",
  holds_hash        bytea
);
CREATE INDEX tasks_by_owner ON @.tasks (owner, id) WHERE NOT hidden;
CREATE UNIQUE INDEX tasks_by_key ON @.tasks (owner, tool, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX tasks_by_hash ON @.tasks (owner, tool, holds_hash)
  WHERE holds_hash IS NOT NULL;

CREATE TABLE @.states (
  id             text COLLATE "C" PRIMARY KEY,
  rev            bigint NOT NULL,
  epoch          bigint NOT NULL,
  attempt        bigint NOT NULL,
  began_at       bigint NOT NULL,
  status         bigint NOT NULL,
  message        text NOT NULL,
  progress       double precision,
  progress_total double precision,
  run_at         bigint NOT NULL,
  updated_at     bigint NOT NULL,
  retention      bigint,
  anchor         bigint NOT NULL,
  attempt_left   bigint,
  overall_left   bigint,
  answer_left    bigint,
  process        bytea,
  result         text,
  result_kind    bigint NOT NULL,
  cancelled_at   bigint,
  cancel_reason  text,
  quota          text COLLATE "C" NOT NULL,
  tool           text COLLATE "C" NOT NULL,
  line           text COLLATE "C" NOT NULL,
  external       boolean NOT NULL,
  ready          boolean NOT NULL,
  due_at         bigint,
  limit_at       bigint,
  remove_at      bigint,
  bytes          bigint NOT NULL
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX states_fresh ON @.states (quota, tool, line, id) WHERE ready AND epoch = 0;
CREATE INDEX states_again ON @.states (quota, tool, line, id) WHERE ready AND epoch > 0;
CREATE INDEX states_delayed ON @.states (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX states_running ON @.states (process) WHERE process IS NOT NULL;
CREATE INDEX states_limits ON @.states (limit_at) WHERE limit_at IS NOT NULL;
CREATE INDEX states_removals ON @.states (remove_at) WHERE remove_at IS NOT NULL;
CREATE INDEX states_external ON @.states (id) WHERE external AND status < 2;

CREATE TABLE @.places (
  tool   text COLLATE "C" NOT NULL,
  line   text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  id     text COLLATE "C" NOT NULL,
  epoch  bigint NOT NULL,
  holder bytea NOT NULL,
  PRIMARY KEY (tool, line, number)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX places_runs ON @.places (id, epoch);

CREATE TABLE @.bodies (
  id         text COLLATE "C" PRIMARY KEY,
  inputs     text,
  attempts   text,
  checkpoint text
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE TABLE @.counts (
  writer         bytea NOT NULL,
  quota          text COLLATE "C" NOT NULL,
  tool           text COLLATE "C" NOT NULL,
  working        bigint NOT NULL,
  input_required bigint NOT NULL,
  completed      bigint NOT NULL,
  failed         bigint NOT NULL,
  cancelled      bigint NOT NULL,
  queued         bigint NOT NULL,
  external       bigint NOT NULL,
  open_bytes     bigint NOT NULL,
  stored_bytes   bigint NOT NULL,
  at             bigint NOT NULL,
  PRIMARY KEY (writer, quota, tool)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE @.processes (
  id          bytea PRIMARY KEY,
  writer      bytea NOT NULL,
  host        text NOT NULL,
  pid         bigint NOT NULL,
  version     text NOT NULL,
  began_at    bigint NOT NULL,
  renewed_at  bigint NOT NULL,
  lease_until bigint NOT NULL,
  dead        boolean NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE @.outputs (
  id        text COLLATE "C" NOT NULL,
  stream    text COLLATE "C" NOT NULL,
  run       bytea NOT NULL,
  process   bytea,
  total     bigint NOT NULL,
  first     bigint NOT NULL,
  last      bigint NOT NULL,
  lost_from bigint,
  changed   bigint NOT NULL,
  parts     bigint NOT NULL,
  open      boolean NOT NULL,
  PRIMARY KEY (id, stream)
) WITH (fillfactor = 80);
CREATE INDEX outputs_open ON @.outputs (process) WHERE open;

CREATE TABLE @.output_parts (
  id     text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  at     bigint NOT NULL,
  bytes  bytea NOT NULL,
  PRIMARY KEY (id, stream, at)
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE TABLE @.paused (
  tool  text COLLATE "C" PRIMARY KEY,
  since bigint NOT NULL
);
)sql";

// What operators look for: tasks of a tool, and those that have not completed, by where they stand.
constexpr std::string_view version_2 = R"sql(
CREATE INDEX states_by_tool ON @.states (tool, id);
CREATE INDEX states_by_status ON @.states (status, id) WHERE status <> 2;
)sql";

constexpr std::array<std::string_view, 2> migrations = {version_1, version_2};

parameter name_of(const std::string& schema) { return parameter::text(schema); }

[[noreturn]] void refuse(const std::string& schema, std::int64_t version) {
  throw std::runtime_error("the schema \"" + schema + "\" has version " + std::to_string(version) +
                           "; this program knows versions up to " +
                           std::to_string(migrations.size()) + ": use a newer Longhaul");
}

}  // namespace

std::string in_schema(std::string_view sql, std::string_view schema) {
  std::string quoted = "\"";
  for (const char c : schema) quoted.append(c == '"' ? 2 : 1, c);
  quoted.push_back('"');
  std::string result;
  for (const char c : sql) c == '@' ? result.append(quoted) : result.append(1, c);
  return result;
}

std::int64_t newest_version() noexcept { return static_cast<std::int64_t>(migrations.size()); }

// The extended protocol takes no more than one at a time. No text in them has a semicolon but at
// their ends.
std::vector<std::string> statements_between(std::int64_t from, std::int64_t to,
                                            std::string_view schema) {
  std::vector<std::string> result;
  for (auto step = static_cast<std::size_t>(from); step < static_cast<std::size_t>(to); ++step) {
    std::string_view text = migrations.at(step);
    for (std::size_t end = 0; (end = text.find(';')) != std::string_view::npos;) {
      result.push_back(in_schema(text.substr(0, end), schema));
      text.remove_prefix(end + 1);
    }
  }
  return result;
}

awaitable<std::int64_t> version_of(connection& link, const std::string& schema) {
  std::vector<statement> ask;
  ask.push_back(
      {"SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'meta'", {name_of(schema)}});
  const auto there = co_await link.run(std::move(ask));
  if (there.front().empty()) co_return 0;
  const std::string sql = in_schema(
      "SELECT convert_from(value, 'UTF8')::bigint FROM @.meta WHERE name = 'version'", schema);
  std::vector<statement> read;
  read.push_back({sql});
  const auto found = co_await link.run(std::move(read));
  const std::int64_t version = found.front().empty() ? 0 : found.front().at(0, 0).integer();
  if (version > newest_version()) refuse(schema, version);
  co_return version;
}

awaitable<std::int64_t> upgrade(connection& link, const std::string& schema) {
  const std::int64_t before = co_await version_of(link, schema);
  if (before == newest_version()) co_return before;

  std::vector<statement> begin;
  begin.push_back({"BEGIN"});
  begin.push_back({"SELECT pg_advisory_xact_lock(hashtextextended('longhaul schema ' || $1, 0))",
                   {name_of(schema)}});
  co_await link.run(std::move(begin));
  const std::int64_t now = co_await version_of(link, schema);
  std::vector<std::string> texts;
  // Who may not make one may have been given one.
  std::vector<statement> ask;
  ask.push_back({"SELECT 1 FROM pg_namespace WHERE nspname = $1", {name_of(schema)}});
  const auto there = co_await link.run(std::move(ask));
  if (there.front().empty()) texts.push_back(in_schema("CREATE SCHEMA @", schema));
  std::ranges::move(statements_between(now, newest_version(), schema), std::back_inserter(texts));
  texts.push_back(in_schema("INSERT INTO @.meta VALUES ('version', convert_to('" +
                                std::to_string(newest_version()) +
                                "', 'UTF8')) ON CONFLICT (name) DO UPDATE SET value = "
                                "excluded.value",
                            schema));
  std::vector<statement> all;
  all.reserve(texts.size() + 1);
  for (const std::string& text : texts) all.push_back({text});
  all.push_back({"COMMIT"});
  co_await link.run(std::move(all));
  co_return now;
}

}  // namespace longhaul::postgres
