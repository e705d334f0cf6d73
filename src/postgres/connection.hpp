// SPDX-License-Identifier: Apache-2.0
// One connection to a database: libpq, without blocking, in pipeline mode.
//
//   run(statements) ──► all are sent, one Sync ──► their results, or the first error
//
// Without BEGIN what is sent together is one transaction, committed by the Sync (PostgreSQL,
// "Message Flow", Pipelining). Statements are never prepared by name, so that a pooler may hand
// each transaction to another server.
//
// Threads: those of the executor that it was opened on, one coroutine at a time.
#pragma once

#include <libpq-fe.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/tunables.hpp"
#include "postgres/values.hpp"

namespace longhaul::postgres {

template <class T>
using awaitable = boost::asio::awaitable<T>;

/// Why the database did not do something.
class database_error : public std::runtime_error {
 public:
  enum class outcome : std::uint8_t {
    refused,  ///< nothing of it has happened
    unknown   ///< the connection was lost while it was under way
  };
  database_error(const std::string& message, std::string sqlstate, outcome what_became_of_it)
      : std::runtime_error(message), sqlstate_(std::move(sqlstate)), outcome_(what_became_of_it) {}

  /// Five characters (PostgreSQL, "Error Codes"); empty: no server said it.
  const std::string& sqlstate() const noexcept { return sqlstate_; }
  bool outcome_unknown() const noexcept { return outcome_ == outcome::unknown; }
  /// The same may well succeed in a moment: lost races, a server that restarts or is full.
  bool may_pass() const noexcept;
  /// Nobody answers, or takes nothing now.
  bool is_outage() const noexcept;
  /// It answers, and cannot write: its disk or its memory is full, or its disk fails.
  bool has_no_room() const noexcept;
  /// For anybody: no names or paths in it.
  std::string_view in_short() const noexcept;

 private:
  std::string sqlstate_;
  outcome outcome_;
};

struct statement {
  std::string_view sql;  ///< must live until it has run
  std::vector<parameter> parameters = {};
};

/// BEGIN, for what takes more than one way there and back. Whoever is frozen in the middle of it
/// loses his locks after ten seconds. Two results.
std::vector<statement> begin_statements();

/// The rows that a statement gave.
class rows {
 public:
  rows() = default;
  explicit rows(PGresult* result) : result_(result) {}

  int size() const noexcept { return result_ ? PQntuples(result_.get()) : 0; }
  bool empty() const noexcept { return size() == 0; }
  /// How many rows it wrote.
  std::size_t written() const;
  field at(int row, int column) const { return {result_.get(), row, column}; }

 private:
  struct clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  std::unique_ptr<PGresult, clear> result_;
};

struct news {
  std::string channel, text;
};

class connection {
 public:
  /// `where`: a connection string or URL as libpq takes it.
  connection(boost::asio::io_context& context, const std::string& where);
  ~connection() { close(); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// How long one answer may take (`tunables::answer_time`).
  void wait_for_answers(std::chrono::steady_clock::duration limit) { answer_time_ = limit; }

  /// Throws `database_error`.
  awaitable<void> open();
  bool usable() const noexcept;
  /// The same, after what has come meanwhile: a server may have ended.
  bool look();
  void close() noexcept;

  /// Throws `database_error`; then what was under way is rolled back, or its outcome unknown.
  awaitable<std::vector<rows>> run(std::vector<statement> statements);
  /// The same, for whom `limit` is as long as an answer may take.
  awaitable<std::vector<rows>> run(std::vector<statement> statements,
                                   std::chrono::steady_clock::duration limit);
  /// When it was last asked something that has been answered; opening it counts.
  std::chrono::steady_clock::time_point answered_what_was_asked_at() const { return answered_; }
  /// When it was asked what it never answered: it was given up for that.
  std::optional<std::chrono::steady_clock::time_point> silent_since() const { return silent_; }
  /// A transaction is open that BEGIN began.
  bool in_transaction() const noexcept;

  /// Waits until something comes, or `limit` is over.
  awaitable<void> listen(std::chrono::steady_clock::duration limit);
  std::vector<news> take_news();
  int server_version() const noexcept { return PQserverVersion(link_.get()); }
  /// "HOST:PORT/DATABASE", for people.
  std::string place() const;
  /// What the server says about one of its settings at connect; empty: nothing.
  std::string status_of(const char* setting) const;

 private:
  enum class want : std::uint8_t { read, write, either };
  awaitable<void> ready(want event);
  awaitable<void> take_results(std::vector<rows>& results, std::string& error,
                               std::string& sqlstate);
  void send(const statement& one);
  awaitable<void> flush();
  void watch_socket();
  void set_deadline(std::chrono::steady_clock::duration limit);
  void end_deadline();
  [[noreturn]] void fail(database_error::outcome what_became_of_it);

  struct finish {
    void operator()(PGconn* link) const noexcept { PQfinish(link); }
  };
  const std::string where_;
  std::chrono::steady_clock::duration answer_time_ = tunables::answer_time;
  std::unique_ptr<PGconn, finish> link_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer deadline_;
  bool late_ = false;
  std::chrono::steady_clock::time_point asked_{}, answered_{};
  std::optional<std::chrono::steady_clock::time_point> silent_;
  std::uint64_t turn_ = 0;  // of the deadline: one that was cancelled may still come
};

}  // namespace longhaul::postgres
