// SPDX-License-Identifier: Apache-2.0
// SQLite's C interface with owners and exceptions: a connection and its prepared statements.
//
// Threads: one at a time for a connection and all its statements.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {

/// What SQLite said. `code` is the extended result code.
class sqlite_error : public std::runtime_error {
 public:
  sqlite_error(const std::string& message, int code) : std::runtime_error(message), code_(code) {}
  int code() const noexcept { return code_; }
  int primary() const noexcept { return code_ & 0xff; }

 private:
  int code_;
};

/// What went wrong with the file at `path`, and what to do if that is known.
std::string in_words(const std::exception& e, const std::string& path);
/// The same for anybody: files lose the folders that they are in.
std::string without_folders(std::string words, const std::string& path);

enum class open_mode : std::uint8_t { read_only, read_write, create };

struct connection_options {
  open_mode mode = open_mode::read_write;
  /// How long to wait for another connection's lock.
  int busy_timeout_ms = tunables::busy_timeout_ms;
  /// SQLite's name of a file system layer; empty: the default one.
  std::string vfs = {};
  /// Nobody writes the file as long as it is open; then it can be read without room for an index
  /// of its log, which must be empty. Goes with `read_only`.
  bool immutable = false;
};

class connection {
 public:
  /// Throws `sqlite_error`.
  explicit connection(const std::string& path, const connection_options& options = {});

  /// Runs statements that give no rows. Throws `sqlite_error`.
  void run(const char* sql);
  void run(const std::string& sql) { run(sql.c_str()); }
  /// The first column of the first row. Throws `sqlite_error`, also if there is no row.
  std::int64_t number(const std::string& sql);
  std::string text(const std::string& sql);
  /// Rows that the last statement changed.
  int changes() const noexcept { return sqlite3_changes(handle_.get()); }
  /// Rows that were written since it was opened.
  std::int64_t total_changes() const noexcept { return sqlite3_total_changes64(handle_.get()); }
  bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }
  sqlite3* handle() const noexcept { return handle_.get(); }
  /// Throws `sqlite_error` with what the connection has to say, unless `code` is a success.
  void check(int code) const;

 private:
  struct closer {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, closer> handle_;
};

/// A prepared statement. Parameters are numbered from 1, columns from 0. Bound text and bytes are
/// not copied: they must live until the statement has been reset.
class statement {
 public:
  /// Throws `sqlite_error`.
  statement(connection& file, std::string_view sql);

  statement& bind(int at, std::int64_t value);
  statement& bind_number(int at, double value);
  statement& bind(int at, std::string_view text);
  statement& bind_blob(int at, std::span<const std::uint8_t> bytes);
  statement& bind_null(int at);
  template <class T>
  statement& bind(int at, const std::optional<T>& value) {
    return value ? bind(at, *value) : bind_null(at);
  }

  /// True: there is a row. Throws `sqlite_error`.
  bool step();
  /// Steps once, expects no row, and resets.
  void run();
  /// Makes it ready to be bound and run again.
  void reset() noexcept;

  bool is_null(int column) const noexcept;
  std::int64_t integer(int column) const noexcept;
  double number(int column) const noexcept;
  /// Lives until the next step or reset.
  std::string_view text(int column) const noexcept;
  std::span<const std::uint8_t> blob(int column) const noexcept;

 private:
  struct finalizer {
    void operator()(sqlite3_stmt* prepared) const noexcept { sqlite3_finalize(prepared); }
  };
  connection& file_;
  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

/// Resets a statement at the end of a scope.
class use {
 public:
  explicit use(statement& prepared) noexcept : statement_(prepared) {}
  ~use() { statement_.reset(); }
  use(const use&) = delete;
  use& operator=(const use&) = delete;
  statement* operator->() noexcept { return &statement_; }
  statement& operator*() noexcept { return statement_; }

 private:
  statement& statement_;
};

/// A transaction that is rolled back unless it was committed.
class transaction {
 public:
  enum class kind : std::uint8_t { read, write };
  transaction(connection& file, kind mode);
  ~transaction();
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  /// Throws `sqlite_error`.
  void commit();

 private:
  connection& file_;
};

}  // namespace longhaul::sqlite
