// SPDX-License-Identifier: Apache-2.0
#include "postgres/packed.hpp"

#include <cstdint>
#include <type_traits>
#include <vector>

#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/stores/record_fields.hpp"
#include "postgres/values.hpp"

namespace longhaul::postgres {
namespace {

// Writes the members that are there.
class member_writer {
 public:
  explicit member_writer(json::object& into) : into_(into) {}

  template <class Member>
  void operator()(std::string_view name, const Member& member) {
    if constexpr (stores::derived<Member>) {
      value(name, member.get());
    } else {
      value(name, member);
    }
  }

 private:
  void value(std::string_view name, const std::string& text) {
    into_.string(name, stored_text(text));
  }
  void value(std::string_view name, const raw_json& json) {
    if (json) into_.raw(name, json);
  }
  void value(std::string_view name, stores::byte_view bytes) {
    std::string hex;
    for (const std::uint8_t byte : bytes) {
      constexpr std::string_view digits = "0123456789abcdef";
      hex.push_back(digits[byte >> 4U]);
      hex.push_back(digits[byte & 15U]);
    }
    into_.string(name, hex);
  }
  void value(std::string_view name, timestamp time) {
    into_.integer(name, time.time_since_epoch().count());
  }
  template <std::integral Number>
  void value(std::string_view name, Number number) {
    into_.integer(name, number);
  }
  template <class T>
  void value(std::string_view name, const std::optional<T>& maybe) {
    if (maybe) value(name, *maybe);
  }

  json::object& into_;
};

class member_reader {
 public:
  explicit member_reader(json::value from) : from_(from) {}

  template <class Member>
  void operator()(std::string_view name, Member&& member) {
    using member_type = std::remove_cvref_t<Member>;
    const json::value value = from_[name];
    if constexpr (stores::derived<member_type>) {  // all of these are bytes here
      std::vector<std::uint8_t> bytes;
      member.set(read_bytes(value, bytes));
    } else {
      read(value, member);
    }
  }

 private:
  static std::optional<stores::byte_view> read_bytes(json::value value,
                                                     std::vector<std::uint8_t>& bytes) {
    const auto hex = value.string();
    if (!hex) return std::nullopt;
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    for (std::size_t i = 0; i + 1 < hex->size(); i += 2) {
      bytes.push_back(static_cast<std::uint8_t>(digit((*hex)[i]) * 16 + digit((*hex)[i + 1])));
    }
    return stores::byte_view(bytes);
  }
  static void read(json::value value, std::string& text) {
    text = original_text(value.string().value_or(std::string()));
  }
  static void read(json::value value, raw_json& json) {
    if (value) json = raw_json::trusted(value.raw());
  }
  static void read(json::value value, timestamp& time) {
    time = timestamp(milliseconds(value.integer().value_or(0)));
  }
  static void read(json::value value, std::optional<timestamp>& time) {
    if (value) read(value, time.emplace());
  }
  template <std::integral Number>
  static void read(json::value value, Number& number) {
    number = static_cast<Number>(value.integer().value_or(0));
  }

  json::value from_;
};

template <class List, class Visit>
std::string write_all(const List& list, Visit visit) {
  std::string text = "[";
  for (const auto& each : list) {
    if (text.size() > 1) text.push_back(',');
    json::object object(text);
    member_writer column(object);
    visit(each, column);
    object.close();
  }
  return text + "]";
}

template <class List, class Visit>
std::shared_ptr<const List> read_all(std::string_view text, Visit visit) {
  auto list = std::make_shared<List>();
  for (json::elements all{json::value(text)}; all.next();) {
    member_reader column(all.value());
    visit(list->emplace_back(), column);
  }
  return list;
}

constexpr auto visit_inputs = [](auto& input, auto& column) { stores::visit_input(input, column); };
constexpr auto visit_attempts = [](auto& attempt, auto& column) {
  stores::visit_attempt(attempt, column);
};

}  // namespace

std::string packed(const task_inputs& inputs) { return write_all(inputs, visit_inputs); }
std::string packed(const task_attempts& attempts) { return write_all(attempts, visit_attempts); }

std::shared_ptr<const task_inputs> unpacked_inputs(std::string_view text) {
  return read_all<task_inputs>(text, visit_inputs);
}
std::shared_ptr<const task_attempts> unpacked_attempts(std::string_view text) {
  return read_all<task_attempts>(text, visit_attempts);
}

}  // namespace longhaul::postgres
