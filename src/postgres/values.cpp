// SPDX-License-Identifier: Apache-2.0
#include "postgres/values.hpp"

#include <simdjson.h>

#include <bit>

namespace longhaul::postgres {
namespace {

constexpr char escape = '\x01';

bool is_storable(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() == escape || text.find('\0') != std::string_view::npos) return false;
  return simdjson::validate_utf8(text.data(), text.size());
}

int digit(char c) noexcept { return c <= '9' ? c - '0' : c - 'a' + 10; }

}  // namespace

Oid array_of(type element) noexcept {
  switch (element) {
    case type::boolean:
      return 1000;
    case type::bytes:
      return 1001;
    case type::integer:
      return 1016;
    case type::text:
      return 1009;
    case type::real:
      break;
  }
  return 1022;
}

std::string stored_text(std::string_view text) {
  if (is_storable(text)) return std::string(text);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result(1, escape);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result.push_back(digits[byte >> 4U]);
    result.push_back(digits[byte & 15U]);
  }
  return result;
}

std::string original_text(std::string_view stored) {
  if (stored.empty() || stored.front() != escape) return std::string(stored);
  std::string result;
  for (std::size_t i = 1; i + 1 < stored.size(); i += 2) {
    result.push_back(static_cast<char>(digit(stored[i]) * 16 + digit(stored[i + 1])));
  }
  return result;
}

void append(std::string& out, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(number >> (8 * i)));
}

parameter parameter::integer(std::int64_t number) {
  std::string bytes;
  append(bytes, static_cast<std::uint64_t>(number), 8);
  return {static_cast<Oid>(type::integer), std::move(bytes)};
}

parameter parameter::text(std::string_view text) {
  return {static_cast<Oid>(type::text), stored_text(text)};
}

parameter parameter::bytes_of(stores::byte_view bytes) {
  return {static_cast<Oid>(type::bytes), std::string(bytes.begin(), bytes.end())};
}

void array::add_bytes(std::string_view bytes) {
  append(elements_, bytes.size(), 4);
  elements_.append(bytes);
  ++size_;
}

void array::add(std::int64_t number) {
  append(elements_, 8, 4);
  append(elements_, static_cast<std::uint64_t>(number), 8);
  ++size_;
}

void array::add(bool yes) { add_bytes({yes ? "\1" : "\0", 1}); }

void array::add(double number) {
  append(elements_, 8, 4);
  append(elements_, std::bit_cast<std::uint64_t>(number), 8);
  ++size_;
}

void array::add(std::string_view text) {
  is_storable(text) ? add_bytes(text) : add_bytes(stored_text(text));
}

void array::add(stores::byte_view bytes) {
  append(elements_, bytes.size(), 4);
  elements_.append(bytes.begin(), bytes.end());
  ++size_;
}

void array::add_null() {
  append(elements_, 0xffffffffU, 4);
  ++size_;
  has_nulls_ = true;
}

parameter array::as_parameter() const {
  std::string bytes;
  bytes.reserve(elements_.size() + 20);
  append(bytes, size_ == 0 ? 0 : 1, 4);
  append(bytes, has_nulls_ ? 1 : 0, 4);
  append(bytes, static_cast<std::uint64_t>(element_), 4);
  if (size_ > 0) {
    append(bytes, size_, 4);
    append(bytes, 1, 4);  // the first index
  }
  bytes.append(elements_);
  return {array_of(element_), std::move(bytes)};
}

std::int64_t field::integer() const noexcept {
  if (null_ || bytes_.empty()) return 0;
  // int2, int4 and int8 alike
  auto number = static_cast<std::uint64_t>(
      static_cast<std::int64_t>(static_cast<signed char>(bytes_.front())));
  for (const char c : bytes_.substr(1)) number = number << 8U | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(number);
}

double field::real() const noexcept {
  return std::bit_cast<double>(static_cast<std::uint64_t>(integer()));
}

}  // namespace longhaul::postgres
