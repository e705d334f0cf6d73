// SPDX-License-Identifier: Apache-2.0
#include "sqlite/maintenance.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "sqlite/lock_file.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/soundness.hpp"
#include "sqlite/task_reader.hpp"
#include "sqlite/timeline.hpp"
#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {
namespace {

namespace fs = std::filesystem;

/// From this version on every row says what its task takes up.
constexpr std::int64_t version_with_bytes = 2;

/// `stores::queued`, of the rows `t` (tasks) and `s` (states).
const std::string is_queued = "(s.status = 0 AND s.process IS NULL AND t.external = 0)";

connection open_existing(const std::string& path) {
  if (!fs::exists(path)) throw std::runtime_error(path + ": there is no such file");
  // Read-only would not do: a log that a killed server left is read into shared memory first.
  connection file(path);
  version_of(file, path);
  return file;
}

connection open_beside(const std::string& path) {
  connection file = open_existing(path);
  prepare_reader(file);
  return file;
}

std::int64_t bytes_of(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

void collect(connection& file, const char* sql, std::string_view before,
             std::vector<std::string>& into) {
  statement query(file, sql);
  while (query.step()) into.push_back(std::string(before).append(query.text(0)));
}

// A sentence, and the query that gives the ids (or names) for which it is true.
struct row_rule {
  std::string_view fault;
  const char* sql;
};
constexpr std::array<row_rule, 9> row_rules = {{
    {"task without a state: ", "SELECT id FROM tasks WHERE seq NOT IN (SELECT seq FROM states)"},
    {"state without a task: seq ",
     "SELECT CAST(seq AS TEXT) FROM states WHERE seq NOT IN (SELECT seq FROM tasks)"},
    {"status and end disagree: task ",
     "SELECT id FROM tasks JOIN states USING (seq) WHERE ended <> (status >= 2) OR status > 4"},
    {"it has not ended, but is to be removed: task ",
     "SELECT id FROM tasks JOIN states USING (seq) WHERE ended = 0 AND remove_at IS NOT NULL"},
    {"an id of another length: ", "SELECT id FROM tasks WHERE length(id) <> 36"},
    {"not JSON: arguments, metadata or result of task ",
     "SELECT id FROM tasks JOIN states USING (seq) WHERE NOT (json_valid(coalesce(arguments, 0)) "
     "AND json_valid(coalesce(request_meta, 0)) AND json_valid(coalesce(result, 0)))"},
    {"not JSON: question, answer or checkpoint of task ",
     "SELECT id FROM tasks WHERE seq IN (SELECT seq FROM inputs WHERE NOT (json_valid(request) AND "
     "json_valid(coalesce(response, 0))) UNION SELECT seq FROM checkpoints WHERE NOT "
     "json_valid(body))"},
    {"questions are missing: task ",
     "SELECT id FROM tasks t JOIN states s USING (seq) WHERE questions <> "
     "(SELECT count(*) FROM inputs i WHERE i.seq = t.seq) OR checkpointed <> "
     "(SELECT count(*) FROM checkpoints c WHERE c.seq = t.seq)"},
    {"ended tasks are miscounted: those of ",
     "SELECT quota FROM (SELECT quota, status, n FROM finished UNION ALL "
     "SELECT coalesce(quota, owner), status, -count(*) FROM tasks JOIN states USING (seq) "
     "WHERE ended = 1 GROUP BY 1, 2) GROUP BY quota, status HAVING sum(n) <> 0"},
}};

struct backup_finisher {
  void operator()(sqlite3_backup* running) const noexcept { sqlite3_backup_finish(running); }
};

// What has its name must be on the disk, and so must the name.
void make_durable(const std::string& path) {
  for (const std::string& each : {path, fs::absolute(path).parent_path().string()}) {
    const int file = ::open(each.c_str(), O_RDONLY | O_CLOEXEC);
    const bool good = file >= 0 && ::fsync(file) == 0;
    const int error = errno;
    if (file >= 0) ::close(file);
    if (!good) throw std::runtime_error(each + ": " + std::generic_category().message(error));
  }
}

void copy_pages(connection& source, connection& copy,
                const std::function<void(int, int)>& progress) {
  const std::unique_ptr<sqlite3_backup, backup_finisher> running(
      sqlite3_backup_init(copy.handle(), "main", source.handle(), "main"));
  if (!running) copy.check(sqlite3_errcode(copy.handle()));
  int code = SQLITE_OK;
  while (code == SQLITE_OK) {
    code = sqlite3_backup_step(running.get(), tunables::backup_pages);
    const int all = sqlite3_backup_pagecount(running.get());
    if (progress) progress(all - sqlite3_backup_remaining(running.get()), all);
  }
  if (code != SQLITE_DONE) throw sqlite_error(sqlite3_errstr(code), code);
}

}  // namespace

std::vector<std::string> check(const std::string& path) {
  connection file = open_beside(path);
  const transaction one_moment(file, transaction::kind::read);
  std::vector<std::string> found;
  collect(file, "PRAGMA integrity_check", "", found);
  if (found == std::vector<std::string>{"ok"}) found.clear();
  if (!found.empty()) return found;  // what the rest would say of such a file means nothing
  const std::int64_t version = version_of(file, path);
  found = faults_of_rights(path, rights::looked_at);
  const std::vector<std::string> refused = faults_of(file);
  found.insert(found.end(), refused.begin(), refused.end());
  if (!refused.empty()) return found;
  collect(file, "SELECT \"table\" FROM pragma_foreign_key_check", "a row of no task in ", found);
  for (const row_rule& each : row_rules) collect(file, each.sql, each.fault, found);
  if (version < version_with_bytes) return found;
  const std::string bytes = task_bytes(version);
  collect(
      file,
      ("SELECT t.id FROM states JOIN tasks t USING (seq) WHERE states.bytes <> " + bytes).c_str(),
      "what it takes up is miscounted: task ", found);
  collect(file,
          "SELECT quota FROM (SELECT quota, status, bytes FROM finished UNION ALL "
          "SELECT coalesce(quota, owner), status, -sum(bytes) FROM tasks JOIN states USING (seq) "
          "WHERE ended = 1 GROUP BY 1, 2) GROUP BY quota, status HAVING sum(bytes) <> 0",
          "what ended tasks take up is miscounted: those of ", found);
  return found;
}

void backup(const std::string& path, const std::string& copy_path,
            const std::function<void(int, int)>& progress) {
  connection from = open_beside(path);
  if (fs::exists(copy_path)) {
    throw std::runtime_error(copy_path + " exists already: name a file that does not");
  }
  const std::string unfinished = copy_path + ".part";
  fs::remove(unfinished);
  make_private_file(unfinished);
  try {
    {
      connection copy(unfinished);
      const transaction one_moment(from, transaction::kind::read);
      from.number("SELECT count(*) FROM meta");  // from here on we see this moment
      copy_pages(from, copy, progress);
    }
    make_durable(unfinished);
    if (std::rename(unfinished.c_str(), copy_path.c_str()) != 0) {
      throw std::runtime_error(copy_path + ": " + std::generic_category().message(errno));
    }
    make_durable(copy_path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw;
  }
}

file_size vacuum(const std::string& path) {
  if (!fs::exists(path)) throw std::runtime_error(path + ": there is no such file");
  const lock_file lock(path);
  connection file = open_existing(path);
  file_size size;
  size.before = bytes_of(path) + bytes_of(path + "-wal");
  prepare_writer(file);
  file.run("VACUUM");
  file.run("PRAGMA wal_checkpoint(TRUNCATE)");
  size.after = bytes_of(path);
  return size;
}

stores::migrated migrate(const std::string& path) {
  if (!fs::exists(path)) throw std::runtime_error(path + ": there is no such file");
  const lock_file lock(path);
  connection file = open_existing(path);
  prepare_writer(file);
  stores::migrated version;
  version.before = upgrade(file, path);
  version.after = newest_version();
  return version;
}

void list(const std::string& path, const stores::list_filter& which,
          const std::function<void(const stores::listed_task&)>& take) {
  connection file = open_beside(path);
  const transaction one_moment(file, transaction::kind::read);
  statement query(
      file,
      "SELECT t.id, t.tool, t.owner, t.created_at, s.status, s.updated_at, s.attempt, s.message, " +
          is_queued +
          " FROM tasks t JOIN states s USING (seq) WHERE t.hidden = 0 "
          "AND (?1 IS NULL OR s.status = ?1) AND (?2 IS NULL OR t.tool = ?2) "
          "AND (?3 IS NULL OR t.owner = ?3) AND (?5 IS NULL OR " +
          is_queued + " = ?5) ORDER BY t.seq DESC LIMIT ?4");
  if (which.status) {
    query.bind(1, static_cast<std::int64_t>(*which.status));
  } else {
    query.bind_null(1);
  }
  which.tool ? query.bind(2, std::string_view(*which.tool)) : query.bind_null(2);
  which.owner ? query.bind(3, std::string_view(*which.owner)) : query.bind_null(3);
  which.queued ? query.bind(5, std::int64_t{*which.queued}) : query.bind_null(5);
  query.bind(4, which.limit == 0 ? -1 : static_cast<std::int64_t>(which.limit));
  while (query.step()) {
    stores::listed_task task;
    task.id = query.text(0);
    task.tool = query.text(1);
    task.owner = query.text(2);
    task.created = timestamp(milliseconds(query.integer(3)));
    const std::int64_t status = query.integer(4);
    if (status < 0 || status > static_cast<std::int64_t>(task_status::cancelled)) continue;
    task.status = static_cast<task_status>(status);
    task.updated = timestamp(milliseconds(query.integer(5)));
    task.attempt = query.integer(6);
    task.message = query.text(7);
    task.queued = query.integer(8) != 0;
    take(task);
  }
}

file_stats stats_of(const std::string& path) {
  connection file = open_beside(path);
  const transaction one_moment(file, transaction::kind::read);
  file_stats result;
  result.version = version_of(file, path);
  const std::int64_t page = file.number("PRAGMA page_size");
  result.bytes = file.number("PRAGMA page_count") * page;
  result.free_bytes = file.number("PRAGMA freelist_count") * page;
  result.log_bytes = bytes_of(path + "-wal");
  const std::array<std::int64_t*, 5> by_status = {&result.working, &result.input_required,
                                                  &result.completed, &result.failed,
                                                  &result.cancelled};
  statement counts(file, "SELECT status, count(*) FROM states GROUP BY status");
  while (counts.step()) {
    const auto status = static_cast<std::size_t>(counts.integer(0));
    if (status < by_status.size()) *by_status[status] = counts.integer(1);
  }
  result.queued = file.number(
      "SELECT count(*) FROM states s JOIN tasks t USING (seq) WHERE s.ended = 0 AND " + is_queued);
  statement times(file, "SELECT min(created_at), max(created_at) FROM tasks");
  if (times.step() && !times.is_null(0)) {
    result.oldest = timestamp(milliseconds(times.integer(0)));
    result.newest = timestamp(milliseconds(times.integer(1)));
  }
  return result;
}

}  // namespace longhaul::sqlite
