// SPDX-License-Identifier: Apache-2.0
#include "bench/formatted.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>

namespace longhaul::bench {

std::string formatted(const char* format, ...) {
  std::va_list values;
  va_start(values, format);
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, values);
  va_end(values);
  return text.data();
}

}  // namespace longhaul::bench
