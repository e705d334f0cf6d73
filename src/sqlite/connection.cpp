// SPDX-License-Identifier: Apache-2.0
#include "sqlite/connection.hpp"

#include <filesystem>
#include <system_error>

namespace longhaul::sqlite {
namespace {

[[noreturn]] void fail(sqlite3* handle, int code) {
  const int extended = handle != nullptr ? sqlite3_extended_errcode(handle) : code;
  // The connection's own text belongs to its last call, which may have been another one.
  const bool same = handle != nullptr && (extended & 0xff) == (code & 0xff);
  throw sqlite_error(same ? sqlite3_errmsg(handle) : sqlite3_errstr(code), same ? extended : code);
}

int flags_of(open_mode mode) {
  switch (mode) {
    case open_mode::read_only:
      return SQLITE_OPEN_READONLY;
    case open_mode::read_write:
      return SQLITE_OPEN_READWRITE;
    case open_mode::create:
      break;
  }
  return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
}

// Null bytes would bind as NULL: an empty text has an address as well.
const void* address(const void* bytes) noexcept { return bytes != nullptr ? bytes : ""; }

}  // namespace

std::string in_words(const std::exception& e, const std::string& path) {
  std::string text = path + ": " + e.what();
  const auto* said = dynamic_cast<const sqlite_error*>(&e);
  switch (said != nullptr ? said->primary() : SQLITE_OK) {
    case SQLITE_FULL:
      return text + " (no space left on the device)";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return text + " (run: longhaul store check " + path + ")";
    default:
      return text;
  }
}

std::string without_folders(std::string words, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (const fs::path& whole : {fs::path(path), fs::weakly_canonical(path, error)}) {
    const std::string folder = whole.parent_path().string() + "/";
    if (folder.size() < 2) continue;
    for (auto at = words.find(folder); at != std::string::npos; at = words.find(folder, at)) {
      words.erase(at, folder.size());
    }
  }
  return words;
}

namespace {

// What SQLite takes a path from: a URI where one is needed.
std::string name_for(const std::string& path, bool immutable) {
  if (!immutable) return path;
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '_' || c == '-';
    if (plain) {
      uri += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += digits[byte >> 4U];
      uri += digits[byte & 15U];
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

connection::connection(const std::string& path, const connection_options& options) {
  sqlite3* opened = nullptr;
  // No shared cache, and no lock of its own: one thread at a time is our rule.
  const int code =
      sqlite3_open_v2(name_for(path, options.immutable).c_str(), &opened,
                      flags_of(options.mode) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                          SQLITE_OPEN_EXRESCODE | (options.immutable ? SQLITE_OPEN_URI : 0),
                      options.vfs.empty() ? nullptr : options.vfs.c_str());
  handle_.reset(opened);
  if (code != SQLITE_OK) fail(opened, code);
  sqlite3_busy_timeout(opened, options.busy_timeout_ms);
  // Nothing that somebody put into the file is run.
  for (const int run : {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                        SQLITE_DBCONFIG_TRUSTED_SCHEMA}) {
    sqlite3_db_config(opened, run, 0, nullptr);
  }
}

void connection::check(int code) const {
  if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) fail(handle_.get(), code);
}

void connection::run(const char* sql) {
  check(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
}

std::int64_t connection::number(const std::string& sql) {
  statement query(*this, sql);
  if (!query.step()) throw sqlite_error("no row for: " + sql, SQLITE_ERROR);
  return query.integer(0);
}

std::string connection::text(const std::string& sql) {
  statement query(*this, sql);
  if (!query.step()) throw sqlite_error("no row for: " + sql, SQLITE_ERROR);
  return std::string(query.text(0));
}

statement::statement(connection& file, std::string_view sql) : file_(file) {
  sqlite3_stmt* prepared = nullptr;
  file.check(sqlite3_prepare_v3(file.handle(), sql.data(), static_cast<int>(sql.size()),
                                SQLITE_PREPARE_PERSISTENT, &prepared, nullptr));
  handle_.reset(prepared);
}

statement& statement::bind(int at, std::int64_t value) {
  file_.check(sqlite3_bind_int64(handle_.get(), at, value));
  return *this;
}

statement& statement::bind_number(int at, double value) {
  file_.check(sqlite3_bind_double(handle_.get(), at, value));
  return *this;
}

statement& statement::bind(int at, std::string_view text) {
  file_.check(sqlite3_bind_text64(handle_.get(), at, static_cast<const char*>(address(text.data())),
                                  text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

statement& statement::bind_blob(int at, std::span<const std::uint8_t> bytes) {
  file_.check(
      sqlite3_bind_blob64(handle_.get(), at, address(bytes.data()), bytes.size(), SQLITE_STATIC));
  return *this;
}

statement& statement::bind_null(int at) {
  file_.check(sqlite3_bind_null(handle_.get(), at));
  return *this;
}

bool statement::step() {
  const int code = sqlite3_step(handle_.get());
  file_.check(code);
  return code == SQLITE_ROW;
}

void statement::run() {
  const use once(*this);
  step();
}

void statement::reset() noexcept { sqlite3_reset(handle_.get()); }

bool statement::is_null(int column) const noexcept {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

std::int64_t statement::integer(int column) const noexcept {
  return sqlite3_column_int64(handle_.get(), column);
}

double statement::number(int column) const noexcept {
  return sqlite3_column_double(handle_.get(), column);
}

std::string_view statement::text(int column) const noexcept {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::span<const std::uint8_t> statement::blob(int column) const noexcept {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

transaction::transaction(connection& file, kind mode) : file_(file) {
  file.run(mode == kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

transaction::~transaction() {
  // A failed COMMIT may have rolled back by itself.
  if (file_.in_transaction()) sqlite3_exec(file_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void transaction::commit() { file_.run("COMMIT"); }

}  // namespace longhaul::sqlite
