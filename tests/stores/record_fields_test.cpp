// SPDX-License-Identifier: Apache-2.0
// What is written column by column is read again as the same record, in no database's types.
#include "longhaul/stores/record_fields.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <variant>
#include <vector>

namespace longhaul::test {
namespace {

using cell = std::variant<std::monostate, std::int64_t, double, std::string>;

class cells {
 public:
  template <class Member>
  void operator()(std::string_view name, const Member& member) {
    EXPECT_TRUE(names_.insert(std::string(name)).second) << name << " comes twice";
    if constexpr (stores::derived<Member>) {
      row_.push_back(to_cell(member.get()));
    } else {
      row_.push_back(to_cell(member));
    }
  }
  const std::vector<cell>& row() const { return row_; }

 private:
  static cell to_cell(const std::string& text) { return text; }
  static cell to_cell(std::string_view text) { return std::string(text); }
  static cell to_cell(stores::byte_view bytes) { return std::string(bytes.begin(), bytes.end()); }
  static cell to_cell(const raw_json& json) {
    return json ? cell(std::string(json.view())) : cell();
  }
  static cell to_cell(double number) { return number; }
  static cell to_cell(milliseconds length) { return std::int64_t{length.count()}; }
  template <class Clock>
  static cell to_cell(std::chrono::time_point<Clock, milliseconds> time) {
    return to_cell(time.time_since_epoch());
  }
  template <std::integral Number>
  static cell to_cell(Number number) {
    return static_cast<std::int64_t>(number);
  }
  template <class T>
  static cell to_cell(const std::optional<T>& maybe) {
    return maybe ? to_cell(*maybe) : cell();
  }

  std::set<std::string> names_;
  std::vector<cell> row_;
};

class cell_reader {
 public:
  explicit cell_reader(const std::vector<cell>& row) : row_(row) {}

  template <class Member>
  void operator()(std::string_view, Member&& member) {
    using type = std::remove_cvref_t<Member>;
    const cell& from = row_.at(next_++);
    if constexpr (stores::derived<type>) {
      typename type::value_type value{};
      read(from, value);
      member.set(value);
    } else {
      read(from, member);
    }
  }

 private:
  static void read(const cell& from, std::string& text) { text = std::get<std::string>(from); }
  static void read(const cell& from, std::string_view& text) { text = std::get<std::string>(from); }
  static void read(const cell& from, stores::byte_view& bytes) {
    const auto& text = std::get<std::string>(from);
    bytes = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  static void read(const cell& from, raw_json& json) {
    const auto* text = std::get_if<std::string>(&from);
    json = text != nullptr ? raw_json::trusted(*text) : raw_json();
  }
  static void read(const cell& from, double& number) { number = std::get<double>(from); }
  static void read(const cell& from, milliseconds& length) {
    length = milliseconds(std::get<std::int64_t>(from));
  }
  template <class Clock>
  static void read(const cell& from, std::chrono::time_point<Clock, milliseconds>& time) {
    time = std::chrono::time_point<Clock, milliseconds>(milliseconds(std::get<std::int64_t>(from)));
  }
  template <std::integral Number>
  static void read(const cell& from, Number& number) {
    number = static_cast<Number>(std::get<std::int64_t>(from));
  }
  template <class T>
  static void read(const cell& from, std::optional<T>& maybe) {
    maybe.reset();
    if (!std::holds_alternative<std::monostate>(from)) read(from, maybe.emplace());
  }

  const std::vector<cell>& row_;
  std::size_t next_ = 0;
};

template <class Visitor, class Origin, class Record>
void visit_all(Visitor& column, Origin& origin, Record& task) {
  stores::visit_origin(origin, column);
  stores::visit_visibility(task, column);
  stores::visit_state(task, column);
  stores::visit_end(task, column);
}

std::vector<cell> written(const task_record& task) {
  cells row;
  visit_all(row, *task.origin, task);
  return row.row();
}

std::vector<cell> written_again(const std::vector<cell>& row) {
  auto origin = std::make_shared<task_origin>();
  task_record task;
  task.origin = origin;
  cell_reader reader(row);
  visit_all(reader, *origin, task);
  return written(task);
}

task_record full_record() {
  auto origin = std::make_shared<task_origin>();
  origin->id = "id";
  origin->owner = "alice";
  origin->quota = "10.0.0.1";
  origin->tool = "render";
  origin->arguments = raw_json::trusted("{}");
  origin->request_meta = raw_json::trusted(R"({"progressToken":1})");
  origin->created_at = timestamp(milliseconds(5));
  origin->idempotency_key = "key";
  origin->arguments_hash.fill(7);
  origin->crash_policy = on_crash::rerun;
  origin->retry_on = retry_on::error | retry_on::timeout;
  origin->retry_backoff_max = milliseconds(11);
  origin->unique_hash.emplace().fill(9);
  origin->unique_for = milliseconds(12);
  origin->concurrency_key = "";
  origin->stall_limit = milliseconds(13);
  origin->expected = milliseconds(14);
  origin->retry_of = "another";
  origin->attempt_limit = milliseconds(1);
  origin->overall_limit = milliseconds(2);
  origin->answer_within = milliseconds(3);
  origin->external = true;
  origin->token = "token";
  task_record task;
  task.origin = origin;
  task.hidden = true;
  task.status = task_status::failed;
  task.status_message = "halfway";
  task.progress = progress_state{1, 2.5};
  task.retention = milliseconds(9);
  task.attempt_left = milliseconds(4);
  task.began_at = timestamp(milliseconds(6));
  task.process.emplace().bytes.fill(3);
  task.result.body = raw_json::trusted(R"({"code":1})");
  task.result.is_protocol_error = true;
  task.cancel_requested_at = timestamp(milliseconds(8));
  task.cancel_reason = "enough";
  return task;
}

TEST(record_fields, a_full_record_comes_back_as_it_was) {
  const auto row = written(full_record());
  EXPECT_EQ(written_again(row), row);
}

TEST(record_fields, what_is_empty_is_null_and_stays_empty) {
  auto origin = std::make_shared<task_origin>();
  origin->owner = origin->quota = "alice";
  task_record task;
  task.origin = origin;
  const auto row = written(task);
  EXPECT_EQ(written_again(row), row);
  const auto nulls = std::count_if(row.begin(), row.end(), [](const cell& each) {
    return std::holds_alternative<std::monostate>(each);
  });
  // quota, arguments, metadata, key and its hash, hash and key of the queue, four limits, what is
  // expected, what it repeats, token; both numbers of the progress, retention, what is left of
  // three limits, process; result, the time and the reason of a cancel.
  EXPECT_EQ(nulls, 14 + 7 + 3);
}

TEST(record_fields, half_a_progress_has_no_total) {
  task_record task = full_record();
  task.progress = progress_state{1, std::nullopt};
  const auto row = written(task);
  EXPECT_EQ(written_again(row), row);
}

TEST(record_fields, a_status_that_does_not_exist_is_damage) {
  task_record task = full_record();
  const stores::fields::status_of status{task};
  EXPECT_THROW(status.set(5), stores::damaged_record);
  EXPECT_EQ(task.status, task_status::failed);
}

TEST(record_fields, bytes_of_another_length_are_left_out) {
  task_record task = full_record();
  const std::vector<std::uint8_t> few = {1, 2, 3};
  stores::fields::who_runs_it{task.process}.set(stores::byte_view(few));
  EXPECT_FALSE(task.process);
}

}  // namespace
}  // namespace longhaul::test
