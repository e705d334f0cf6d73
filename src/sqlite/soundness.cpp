// SPDX-License-Identifier: Apache-2.0
#include "sqlite/soundness.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <system_error>

#include "sqlite/schema.hpp"
#include "sqlite/timeline.hpp"

namespace longhaul::sqlite {
namespace {

namespace fs = std::filesystem;

// Everything that somebody has made in the file, by kind and name: its SQL without white space,
// which versions of SQLite write differently. SQLite's own things have reserved names.
std::map<std::pair<std::string, std::string>, std::string> made_in(connection& file) {
  std::map<std::pair<std::string, std::string>, std::string> result;
  statement query(file,
                  "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' "
                  "ESCAPE '\\'");
  while (query.step()) {
    std::string sql;
    for (const char c : query.text(2)) {
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') sql += c;
    }
    result[{std::string(query.text(0)), std::string(query.text(1))}] = std::move(sql);
  }
  return result;
}

void compare_schema(connection& file, std::vector<std::string>& into) {
  connection_options how;
  how.mode = open_mode::create;
  connection model(":memory:", how);
  const auto version = static_cast<std::size_t>(file.number("PRAGMA user_version"));
  for (const std::string_view step : all_migrations().first(version)) model.run(std::string(step));
  const auto expected = made_in(model), there = made_in(file);
  for (const auto& [object, sql] : expected) {
    const auto found = there.find(object);
    if (found == there.end()) {
      into.emplace_back("the " + object.first + " " + object.second +
                        " is missing: restore the file from a backup");
    } else if (found->second != sql) {
      into.emplace_back("the " + object.first + " " + object.second +
                        " was changed: restore the file from a backup");
    }
  }
  for (const auto& [object, sql] : there) {
    if (expected.contains(object)) continue;
    into.emplace_back("the " + object.first + " " + object.second +
                      " is not one of Longhaul's: remove it (DROP " + object.first + " \"" +
                      object.second + "\")");
  }
}

void look_at_meta(connection& file, std::vector<std::string>& into) {
  statement secret(file, "SELECT typeof(value), length(value) FROM meta WHERE name = 'secret'");
  if (!secret.step() || secret.text(0) != "blob" ||
      secret.integer(1) != static_cast<std::int64_t>(secret_bytes)) {
    into.emplace_back(
        "its secret is not 32 bytes: restore the file from a backup, or give it a new one, with "
        "which open questions get new ids (sqlite3 FILE \"INSERT OR REPLACE INTO meta VALUES "
        "('secret', randomblob(32))\")");
  }
  statement clock(file, "SELECT value FROM meta WHERE name = 'clock'");
  if (clock.step() && !parse_clock(clock.text(0))) {
    into.emplace_back(
        "its clock row is damaged: restore the file from a backup, or let the time begin anew, "
        "with which limits and retentions may end late (sqlite3 FILE \"DELETE FROM meta WHERE name "
        "= 'clock'\")");
  }
}

struct state_rule {
  std::string_view fault;
  const char* sql;
};
constexpr std::array<state_rule, 3> state_rules = {{
    {"it has not ended, but its status is another: task ",
     "SELECT t.id FROM states s INDEXED BY live_states JOIN tasks t ON t.seq = s.seq WHERE s.ended "
     "= 0 AND s.status NOT IN (0, 1)"},
    {"a live state without a task: seq ",
     "SELECT CAST(s.seq AS TEXT) FROM states s INDEXED BY live_states WHERE s.ended = 0 AND NOT "
     "EXISTS (SELECT 1 FROM tasks t WHERE t.seq = s.seq)"},
    {"ended tasks are counted under a status that does not exist, or below zero: those of ",
     "SELECT quota FROM finished WHERE status NOT IN (2, 3, 4) OR n < 0"},
}};

void look_at_rights(const std::string& path, rights treatment, std::vector<std::string>& into) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) return;
  const std::string name = fs::path(path).filename().string();
  if (!S_ISREG(about.st_mode)) {
    into.push_back(name + " is no plain file");
    return;
  }
  // Whoever only looks may be an administrator.
  const bool may_look = treatment == rights::looked_at && ::geteuid() == 0;
  if (about.st_uid != ::geteuid() && !may_look) {
    into.push_back(name + " belongs to another user (" + std::to_string(about.st_uid) +
                   "): run as that user, or chown it");
    return;
  }
  constexpr mode_t of_others = 0077;
  if ((about.st_mode & of_others) == 0) return;
  if (treatment == rights::tightened) {
    if (::chmod(path.c_str(), about.st_mode & 0700) == 0) return;
    into.push_back(name + " is open to others, and that cannot be changed: " +
                   std::generic_category().message(errno));
  } else if ((about.st_mode & 0022) != 0) {
    into.push_back(name + " may be written by others: chmod 600 it");
  }
}

}  // namespace

std::vector<std::string> faults_of(connection& file) {
  std::vector<std::string> found;
  compare_schema(file, found);
  if (!found.empty()) return found;  // what the rest would say means nothing
  look_at_meta(file, found);
  for (const state_rule& each : state_rules) {
    statement query(file, each.sql);
    while (query.step()) found.push_back(std::string(each.fault).append(query.text(0)));
  }
  return found;
}

std::vector<std::string> faults_of_rights(const std::string& path, rights treatment) {
  std::vector<std::string> found;
  const std::string real = fs::weakly_canonical(path).string();
  struct stat about{};
  if (::stat(real.c_str(), &about) == 0 && S_ISREG(about.st_mode) && about.st_nlink > 1) {
    found.push_back("it has " + std::to_string(about.st_nlink) +
                    " names (hard links), and its log belongs to one of them: remove the others");
  }
  for (const char* suffix : {"", "-wal", "-shm", ".lock"})
    look_at_rights(real + suffix, treatment, found);
  return found;
}

void refuse_faults(const std::string& path, const std::vector<std::string>& faults) {
  if (faults.empty()) return;
  throw std::runtime_error(path + ": " + faults.front() +
                           (faults.size() == 1 ? std::string()
                                               : " (and " + std::to_string(faults.size() - 1) +
                                                     " more: longhaul store check " + path + ")"));
}

}  // namespace longhaul::sqlite
