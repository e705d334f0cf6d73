// SPDX-License-Identifier: Apache-2.0
#include "tasks/failure.hpp"

#include "base/random.hpp"
#include "json/write.hpp"

namespace longhaul::tasks {

std::string new_error_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id;
  for (const char byte : random_bytes(4)) {
    const auto bits = static_cast<unsigned char>(byte);
    id += digits[bits >> 4U];
    id += digits[bits & 15U];
  }
  return id;
}

std::string with_error_id(std::string_view sentence, std::string_view error_id) {
  return std::string(sentence).append(" (error id ").append(error_id).append(")");
}

raw_json error_id_data(std::string_view error_id) {
  std::string data;
  json::object(data).string("errorId", error_id).close();
  return raw_json::trusted(std::move(data));
}

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace longhaul::tasks
