// SPDX-License-Identifier: Apache-2.0
#include "sqlite/schema.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {
namespace {

namespace fs = std::filesystem;

// What never changes about a task stands in `tasks`, what does in `states`: progress of a task with
// large arguments writes only the narrow row. Live tasks are all in memory while a server runs, so
// only what is looked for on disk has an index.
constexpr std::string_view version_1 = R"sql(
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  owner           TEXT NOT NULL,
  quota           TEXT,
  hidden          INTEGER NOT NULL,
  tool            TEXT NOT NULL,
  arguments       TEXT,
  request_meta    TEXT,
  created_at      INTEGER NOT NULL,
  idempotency_key TEXT,
  arguments_hash  BLOB,
  on_crash        INTEGER NOT NULL,
  max_attempts    INTEGER NOT NULL,
  retry_backoff   INTEGER NOT NULL,
  attempt_limit   INTEGER,
  overall_limit   INTEGER,
  answer_within   INTEGER,
  external        INTEGER NOT NULL,
  token           TEXT
) STRICT;
CREATE INDEX tasks_by_owner ON tasks (owner, id) WHERE hidden = 0;
CREATE UNIQUE INDEX tasks_by_key ON tasks (owner, tool, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

CREATE TABLE states (
  seq            INTEGER PRIMARY KEY REFERENCES tasks (seq),
  rev            INTEGER NOT NULL,
  epoch          INTEGER NOT NULL,
  attempt        INTEGER NOT NULL,
  status         INTEGER NOT NULL,
  ended          INTEGER NOT NULL,
  message        TEXT NOT NULL,
  progress       REAL,
  progress_total REAL,
  run_at         INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  retention      INTEGER,
  anchor         INTEGER NOT NULL,
  attempt_left   INTEGER,
  overall_left   INTEGER,
  answer_left    INTEGER,
  process        BLOB,
  questions      INTEGER NOT NULL,
  checkpointed   INTEGER NOT NULL,
  remove_at      INTEGER,
  result         TEXT,
  result_kind    INTEGER NOT NULL,
  cancelled_at   INTEGER,
  cancel_reason  TEXT
) STRICT;
CREATE INDEX live_states ON states (seq) WHERE ended = 0;
CREATE INDEX removals ON states (remove_at) WHERE remove_at IS NOT NULL;

CREATE TABLE inputs (
  seq          INTEGER NOT NULL REFERENCES tasks (seq),
  position     INTEGER NOT NULL,
  key          TEXT NOT NULL,
  request      TEXT NOT NULL,
  request_hash BLOB NOT NULL,
  response     TEXT,
  asked_rev    INTEGER NOT NULL,
  answered_at  INTEGER,
  PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  seq  INTEGER PRIMARY KEY REFERENCES tasks (seq),
  body TEXT NOT NULL
) STRICT;

CREATE TABLE finished (
  quota  TEXT NOT NULL,
  status INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  PRIMARY KEY (quota, status)
) STRICT, WITHOUT ROWID;

INSERT INTO meta VALUES ('secret', randomblob(32));
)sql";

// What every task takes up, so that bounds in bytes hold from the first moment on without reading
// all of them: `finished` has the sums of those that have ended.
std::string version_2() {
  return "ALTER TABLE states ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
         "ALTER TABLE finished ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
         "UPDATE states SET bytes = " +
         task_bytes(2) +
         ";"
         "UPDATE finished SET bytes = e.bytes FROM (SELECT coalesce(t.quota, t.owner) AS quota, "
         "s.status AS status, sum(s.bytes) AS bytes FROM states s JOIN tasks t USING (seq) "
         "WHERE s.ended = 1 GROUP BY 1, 2) AS e "
         "WHERE e.quota = finished.quota AND e.status = finished.status;";
}

// What people expect of a queue: when an attempt began and how those before ended, what makes a
// task unique, with whom it shares a limit, tools that are paused, and sums by tool.
constexpr std::string_view version_3 = R"sql(
ALTER TABLE tasks ADD COLUMN retry_backoff_max INTEGER NOT NULL DEFAULT 600000;
ALTER TABLE tasks ADD COLUMN retry_on INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN unique_hash BLOB;
ALTER TABLE tasks ADD COLUMN unique_for INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN concurrency_key TEXT;
ALTER TABLE tasks ADD COLUMN stall_limit INTEGER;
ALTER TABLE tasks ADD COLUMN expected INTEGER;
ALTER TABLE tasks ADD COLUMN retry_of TEXT;
CREATE INDEX tasks_by_hash ON tasks (owner, tool, unique_hash) WHERE unique_hash IS NOT NULL;

ALTER TABLE states ADD COLUMN began_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE attempts (
  seq      INTEGER NOT NULL REFERENCES tasks (seq),
  number   INTEGER NOT NULL,
  process  BLOB,
  began_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  how      TEXT NOT NULL,
  PRIMARY KEY (seq, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE paused (
  tool  TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

DROP TABLE finished;
CREATE TABLE finished (
  quota  TEXT NOT NULL,
  tool   TEXT NOT NULL,
  status INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  bytes  INTEGER NOT NULL,
  PRIMARY KEY (quota, tool, status)
) STRICT, WITHOUT ROWID;
INSERT INTO finished SELECT coalesce(t.quota, t.owner), t.tool, s.status, count(*), sum(s.bytes)
  FROM states s JOIN tasks t USING (seq) WHERE s.ended = 1 GROUP BY 1, 2, 3;
)sql";

// What operators look for: tasks of a tool, and those that failed, which are few.
constexpr std::string_view version_4 = R"sql(
CREATE INDEX tasks_by_tool ON tasks (tool);
CREATE INDEX failed_states ON states (seq) WHERE status > 2;
)sql";

// How long a question waited for its answer.
constexpr std::string_view version_5 = R"sql(
ALTER TABLE inputs ADD COLUMN asked_at INTEGER;
)sql";

}  // namespace

std::string task_bytes(std::int64_t version) {
  const bool has_attempts = version >= 3;
  return std::string(R"sql((
  SELECT coalesce((SELECT 1024 + length(CAST(owner AS BLOB))
      + length(CAST(coalesce(quota, owner) AS BLOB)) + length(CAST(tool AS BLOB))
      + coalesce(length(CAST(arguments AS BLOB)), 0) + coalesce(length(CAST(request_meta AS BLOB)), 0)
      + coalesce(length(CAST(idempotency_key AS BLOB)), 0) + coalesce(length(CAST(token AS BLOB)), 0)
)sql") +
         (has_attempts ? R"sql(
      + coalesce(length(CAST(concurrency_key AS BLOB)), 0)
      + coalesce(length(CAST(retry_of AS BLOB)), 0)
)sql"
                       : "") +
         R"sql(
      FROM tasks WHERE tasks.seq = states.seq), 0)
    + length(CAST(states.message AS BLOB)) + coalesce(length(CAST(states.result AS BLOB)), 0)
    + coalesce(length(CAST(states.cancel_reason AS BLOB)), 0)
    + coalesce((SELECT length(CAST(body AS BLOB)) FROM checkpoints
                WHERE checkpoints.seq = states.seq), 0)
    + coalesce((SELECT sum(128 + length(CAST(key AS BLOB)) + length(CAST(request AS BLOB))
                           + coalesce(length(CAST(response AS BLOB)), 0))
                FROM inputs WHERE inputs.seq = states.seq), 0)
)sql" +
         (has_attempts ? R"sql(
    + coalesce((SELECT sum(64 + length(CAST(how AS BLOB))) FROM attempts
                WHERE attempts.seq = states.seq), 0)
)sql"
                       : "") +
         ")";
}

migrations all_migrations() {
  static const std::string second = version_2();
  static const std::array<std::string_view, 5> steps = {version_1, second, version_3, version_4,
                                                        version_5};
  return steps;
}

void make_folder_of(const std::string& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (!fs::exists(folder)) {
    fs::create_directories(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      throw std::runtime_error(folder.string() + ": " + std::generic_category().message(errno));
    }
  }
}

void make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error(path + ": " + std::generic_category().message(errno));
  ::close(file);
}

void prepare_writer(connection& file) {
  // Takes effect in an empty file only; later it needs a VACUUM.
  file.run("PRAGMA auto_vacuum = INCREMENTAL");
  if (file.text("PRAGMA journal_mode = WAL") != "wal") {
    throw sqlite_error("the file system does not allow a write-ahead log", SQLITE_CANTOPEN);
  }
  file.run("PRAGMA synchronous = FULL");
  file.run("PRAGMA temp_store = MEMORY");
  file.run("PRAGMA cache_size = -" + std::to_string(tunables::writer_cache_kib));
  file.run("PRAGMA journal_size_limit = " + std::to_string(tunables::log_kept));
  file.run("PRAGMA wal_autocheckpoint = 0");  // the checkpointer does it, off the writer's path
}

void prepare_reader(connection& file) {
  file.run("PRAGMA query_only = ON");
  file.run("PRAGMA temp_store = MEMORY");
  file.run("PRAGMA cache_size = -" + std::to_string(tunables::reader_cache_kib));
}

connection open_to_read(const std::string& path, const std::string& vfs, written_by whom) {
  connection_options how;
  how.vfs = vfs;
  try {
    connection file(path, how);
    file.number("SELECT count(*) FROM sqlite_schema");  // reads the log's index, or makes it
    return file;
  } catch (const sqlite_error& e) {
    const int code = e.primary();
    const bool no_room = code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_CANTOPEN ||
                         code == SQLITE_READONLY;
    std::error_code error;
    const auto log = fs::file_size(path + "-wal", error);
    if (whom == written_by::somebody || !no_room || (!error && log > 0))
      throw;  // the log has what the file has not
  }
  how.mode = open_mode::read_only;
  how.immutable = true;
  connection file(path, how);
  file.number("SELECT count(*) FROM sqlite_schema");
  return file;
}

std::int64_t version_of(connection& file, std::string_view path, migrations steps) {
  const std::int64_t version = file.number("PRAGMA user_version");
  const std::int64_t id = file.number("PRAGMA application_id");
  const auto newest = static_cast<std::int64_t>(steps.size());
  if (version == 0 && id == 0 && file.number("SELECT count(*) FROM sqlite_schema") == 0) return 0;
  if (id != application_id || version < 1) {
    throw std::runtime_error(std::string(path) + " is an SQLite file, but not one of Longhaul's");
  }
  if (version > newest) {
    throw std::runtime_error(std::string(path) + " has version " + std::to_string(version) +
                             "; this program knows versions up to " + std::to_string(newest) +
                             ": use a newer Longhaul");
  }
  return version;
}

std::int64_t upgrade(connection& file, std::string_view path, migrations steps) {
  if (const std::int64_t version = version_of(file, path, steps);
      version == static_cast<std::int64_t>(steps.size())) {
    return version;
  }
  transaction whole(file, transaction::kind::write);
  const std::int64_t before = version_of(file, path, steps);
  for (const std::string_view step : steps.subspan(static_cast<std::size_t>(before))) {
    file.run(std::string(step));
  }
  file.run("PRAGMA application_id = " + std::to_string(application_id));
  file.run("PRAGMA user_version = " + std::to_string(steps.size()));
  whole.commit();
  return before;
}

}  // namespace longhaul::sqlite
