// SPDX-License-Identifier: Apache-2.0
#include "postgres/connection.hpp"

#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <utility>

#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

namespace asio = boost::asio;

// What libpq says has a line break at its end, and others between its lines.
std::string in_one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;)
    text.replace(at, text.find_first_not_of("\n\t ", at) - at, "; ");
  return text;
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

bool database_error::may_pass() const noexcept {
  if (is_outage()) return true;
  return sqlstate_ == "40001" || sqlstate_ == "40P01" || sqlstate_ == "55P03";
}

bool database_error::is_outage() const noexcept {
  // 08: connection, 57P: shutdown and start, 53300: too many connections, 25006: a standby.
  return sqlstate_.empty() || sqlstate_.starts_with("08") || sqlstate_.starts_with("57P") ||
         sqlstate_ == "53300" || sqlstate_ == "25006";
}

bool database_error::has_no_room() const noexcept {
  // 53: insufficient resources, 58: of the system.
  return !is_outage() && (sqlstate_.starts_with("53") || sqlstate_.starts_with("58"));
}

std::string_view database_error::in_short() const noexcept {
  if (sqlstate_ == "25006") return "the database of the tasks is one that cannot be written";
  if (is_outage()) return "the database of the tasks does not answer";
  if (sqlstate_ == "53100") return "the disk of the tasks' database is full";
  if (has_no_room()) return "the database of the tasks cannot write now";
  return "the database of the tasks refuses this";
}

std::vector<statement> begin_statements() {
  std::vector<statement> begin;
  begin.push_back({"BEGIN"});
  begin.push_back({"SELECT set_config('idle_in_transaction_session_timeout', '10s', true)"});
  return begin;
}

std::size_t rows::written() const {
  const std::string_view number = result_ ? PQcmdTuples(result_.get()) : "";
  std::size_t result = 0;
  std::from_chars(number.data(), number.data() + number.size(), result);
  return result;
}

connection::connection(asio::io_context& context, const std::string& where)
    : where_(where), socket_(context), deadline_(context) {}

void connection::close() noexcept {
  boost::system::error_code ignored;
  deadline_.cancel(ignored);
  if (socket_.is_open()) {
    socket_.cancel(ignored);
    socket_.release();  // libpq closes it
  }
  link_.reset();
}

bool connection::usable() const noexcept { return link_ && PQstatus(link_.get()) == CONNECTION_OK; }

bool connection::look() {
  if (!usable()) return false;
  if (PQconsumeInput(link_.get()) != 1) {
    close();
    return false;
  }
  take_news();  // of a listener that a pooler has left there
  return usable();
}

bool connection::in_transaction() const noexcept {
  return usable() && PQtransactionStatus(link_.get()) != PQTRANS_IDLE;
}

std::string connection::status_of(const char* setting) const {
  const char* text = PQparameterStatus(link_.get(), setting);
  return text != nullptr ? text : "";
}

std::string connection::place() const {
  const auto text = [](const char* part) { return std::string(part != nullptr ? part : ""); };
  return text(PQhost(link_.get())) + ":" + text(PQport(link_.get())) + "/" +
         text(PQdb(link_.get()));
}

void connection::fail(database_error::outcome what_became_of_it) {
  std::string message = link_ ? in_one_line(PQerrorMessage(link_.get())) : "";
  if (late_) {
    message = "the database does not answer";
    if (what_became_of_it == database_error::outcome::unknown) silent_ = asked_;
  }
  if (message.empty()) message = "the connection to the database was lost";
  close();
  throw database_error(message, "", what_became_of_it);
}

// --- waiting for the socket

void connection::watch_socket() {
  const int socket = PQsocket(link_.get());
  if (socket_.is_open() && socket_.native_handle() == socket) return;
  if (socket_.is_open()) socket_.release();
  if (socket >= 0) socket_.assign(socket);
}

void connection::set_deadline(std::chrono::steady_clock::duration limit) {
  late_ = false;
  deadline_.expires_after(limit);
  deadline_.async_wait([this, turn = ++turn_](boost::system::error_code error) {
    if (error || turn != turn_) return;
    late_ = true;
    if (socket_.is_open()) socket_.cancel();
  });
}

void connection::end_deadline() {
  ++turn_;
  deadline_.cancel();
}

awaitable<void> connection::ready(want event) {
  using namespace asio::experimental::awaitable_operators;
  using descriptor = asio::posix::stream_descriptor;
  if (late_ || !socket_.is_open()) co_return;
  boost::system::error_code read_error, write_error;
  if (event == want::read) {
    co_await socket_.async_wait(descriptor::wait_read,
                                asio::redirect_error(asio::use_awaitable, read_error));
  } else if (event == want::write) {
    co_await socket_.async_wait(descriptor::wait_write,
                                asio::redirect_error(asio::use_awaitable, write_error));
  } else {
    auto reading = socket_.async_wait(descriptor::wait_read,
                                      asio::redirect_error(asio::use_awaitable, read_error));
    auto writing = socket_.async_wait(descriptor::wait_write,
                                      asio::redirect_error(asio::use_awaitable, write_error));
    co_await (std::move(reading) || std::move(writing));
  }
}

// --- opening

awaitable<void> connection::open() {
  close();
  // What a network loses is noticed soon; whoever says otherwise in the URL is heard last.
  const std::array<const char*, 8> names = {
      "keepalives_idle", "keepalives_interval",       "keepalives_count", "tcp_user_timeout",
      "client_encoding", "fallback_application_name", "dbname",           nullptr};
  const std::array<const char*, 8> values = {
      "5", "2", "3", "10000", "UTF8", "longhaul", where_.c_str(), nullptr};
  silent_.reset();
  asked_ = std::chrono::steady_clock::now();
  link_.reset(PQconnectStartParams(names.data(), values.data(), 1));
  if (!link_ || PQstatus(link_.get()) == CONNECTION_BAD) fail(database_error::outcome::refused);
  PQsetNoticeReceiver(link_.get(), &ignore_notice, nullptr);
  set_deadline(tunables::connect_time);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED && !late_) {
    watch_socket();
    co_await ready(next == PGRES_POLLING_READING ? want::read : want::write);
    // libpq may go on with another socket under the same number.
    if (socket_.is_open()) socket_.release();
    if (!late_) next = PQconnectPoll(link_.get());
  }
  end_deadline();
  if (late_ || next != PGRES_POLLING_OK) fail(database_error::outcome::refused);
  answered_ = asked_;
  watch_socket();
  PQsetnonblocking(link_.get(), 1);
  if (PQenterPipelineMode(link_.get()) != 1) fail(database_error::outcome::refused);
}

// --- running statements

void connection::send(const statement& one) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths, formats(one.parameters.size(), 1);
  for (const parameter& each : one.parameters) {
    types.push_back(each.kind);
    values.push_back(each.bytes ? each.bytes->data() : nullptr);
    lengths.push_back(each.bytes ? static_cast<int>(each.bytes->size()) : 0);
  }
  const std::string sql(one.sql);
  const int sent =
      PQsendQueryParams(link_.get(), sql.c_str(), static_cast<int>(types.size()), types.data(),
                        values.data(), lengths.data(), formats.data(), 1);
  if (sent != 1) fail(database_error::outcome::refused);
}

awaitable<void> connection::flush() {
  for (;;) {
    const int left = PQflush(link_.get());
    if (left == 0) co_return;
    if (left < 0 || late_) fail(database_error::outcome::unknown);
    co_await ready(want::either);
    if (PQconsumeInput(link_.get()) != 1) fail(database_error::outcome::unknown);
  }
}

awaitable<void> connection::take_results(std::vector<rows>& results, std::string& error,
                                         std::string& sqlstate) {
  for (;;) {
    while (PQisBusy(link_.get()) == 1) {
      co_await ready(want::read);
      if (late_ || PQconsumeInput(link_.get()) != 1) fail(database_error::outcome::unknown);
    }
    PGresult* const raw = PQgetResult(link_.get());
    if (raw == nullptr) {  // one statement is done
      if (!usable()) fail(database_error::outcome::unknown);
      continue;
    }
    rows result(raw);
    switch (PQresultStatus(raw)) {
      case PGRES_PIPELINE_SYNC:
        co_return;
      case PGRES_PIPELINE_ABORTED:
        break;
      case PGRES_FATAL_ERROR:
        if (error.empty()) {
          error = in_one_line(PQresultErrorMessage(raw));
          const char* state = PQresultErrorField(raw, PG_DIAG_SQLSTATE);
          sqlstate = state != nullptr ? state : "";
        }
        // The server said why, and closed the connection.
        if (!usable()) co_return;
        break;
      default:
        results.push_back(std::move(result));
    }
  }
}

awaitable<std::vector<rows>> connection::run(std::vector<statement> statements) {
  return run(std::move(statements), answer_time_);
}

awaitable<std::vector<rows>> connection::run(std::vector<statement> statements,
                                             std::chrono::steady_clock::duration limit) {
  if (!usable()) fail(database_error::outcome::refused);
  asked_ = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  for (const statement& each : statements) {
    for (const parameter& one : each.parameters) bytes += one.bytes ? one.bytes->size() : 0;
  }
  set_deadline(limit + std::chrono::seconds(bytes / tunables::slowest_link));
  for (const statement& each : statements) send(each);
  if (PQpipelineSync(link_.get()) != 1) fail(database_error::outcome::refused);
  std::vector<rows> results;
  std::string error, sqlstate;
  co_await flush();
  co_await take_results(results, error, sqlstate);
  end_deadline();
  answered_ = asked_;
  if (error.empty()) co_return results;
  const bool lost = !usable();
  const bool is_standby = sqlstate == "25006";  // by now: somebody else can write
  if (lost || is_standby) close();
  // A server that ends says so instead of an answer: of the statement that it was at.
  throw database_error(error, sqlstate,
                       lost ? database_error::outcome::unknown : database_error::outcome::refused);
}

// --- hearing of changes

awaitable<void> connection::listen(std::chrono::steady_clock::duration limit) {
  if (!usable()) fail(database_error::outcome::refused);
  set_deadline(limit);
  co_await ready(want::read);
  end_deadline();
  const bool over = std::exchange(late_, false);
  if (over) co_return;
  if (PQconsumeInput(link_.get()) != 1 || !usable()) fail(database_error::outcome::refused);
}

std::vector<news> connection::take_news() {
  std::vector<news> result;
  if (!link_) return result;
  while (PGnotify* one = PQnotifies(link_.get())) {
    result.push_back({one->relname, one->extra});
    PQfreemem(one);
  }
  return result;
}

}  // namespace longhaul::postgres
