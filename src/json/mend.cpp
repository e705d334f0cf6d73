// SPDX-License-Identifier: Apache-2.0
#include "json/mend.hpp"

#include <bitset>
#include <cstddef>
#include <vector>

#include "base/text.hpp"
#include "json/tunables.hpp"
#include "json/validate.hpp"

namespace longhaul::json {
namespace {

constexpr std::string_view malformed_number = "not JSON: a malformed number";
constexpr std::string_view malformed_string = "not JSON: a malformed string";
constexpr std::string_view too_deep = "not accepted: JSON nested too deeply";
constexpr std::string_view structure =
    "not JSON: missing or superfluous commas, brackets, quotes or keys";
constexpr std::string_view half_pair = "not accepted: half a surrogate pair";

// One walk over the text, without recursion. `fault_` is the first fault.
class walk {
 public:
  walk(std::string_view text, std::string_view spared) : text_(text), spared_(spared) {}

  std::string_view run() {
    values();
    return fault_;
  }
  /// Where the escapes of half pairs begin, but for those that are spared.
  const std::vector<std::size_t>& halves() const noexcept { return halves_; }

 private:
  enum class place { value, first_element, first_key, key, behind_value };

  void values() {
    place next = place::value;
    while (fault_.empty()) {
      skip_space();
      if (at_ == text_.size()) return end(next);
      switch (next) {
        case place::first_element:
          if (text_[at_] == ']') {
            next = close();
            break;
          }
          [[fallthrough]];
        case place::value:
          next = value();
          break;
        case place::first_key:
          if (text_[at_] == '}') {
            next = close();
            break;
          }
          [[fallthrough]];
        case place::key:
          next = key();
          break;
        case place::behind_value:
          next = behind();
          break;
      }
    }
  }

  void end(place next) {
    if (next != place::behind_value || depth_ != 0) fail(structure);
  }

  place value() {
    switch (text_[at_]) {
      case '{':
        return open(true);
      case '[':
        return open(false);
      case '"':
        string();
        break;
      case 't':
        literal("true");
        break;
      case 'f':
        literal("false");
        break;
      case 'n':
        literal("null");
        break;
      default:
        number();
    }
    return place::behind_value;
  }

  place open(bool object) {
    if (depth_ == tunables::max_depth) return fail(too_deep);
    objects_[depth_++] = object;
    ++at_;
    return object ? place::first_key : place::first_element;
  }

  place close() {
    --depth_;
    ++at_;
    return place::behind_value;
  }

  place key() {
    if (text_[at_] != '"') return fail(structure);
    const std::size_t from = at_ + 1;
    string();
    if (!fault_.empty()) return place::key;
    const std::string_view name = text_.substr(from, at_ - 1 - from);
    skip_space();
    if (at_ == text_.size() || text_[at_] != ':') return fail(structure);
    ++at_;
    sparing_ = !spared_.empty() && is_message(depth_) && name == spared_;
    return place::value;
  }

  // What stands in an object at this depth is a member of a message.
  bool is_message(std::size_t depth) const { return depth == 1 || (depth == 2 && !objects_[0]); }

  place behind() {
    if (depth_ == 0) return fail(structure);
    const bool object = objects_[depth_ - 1];
    if (text_[at_] == (object ? '}' : ']')) return close();
    if (text_[at_] != ',') return fail(structure);
    ++at_;
    return object ? place::key : place::value;
  }

  void string() {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (static_cast<unsigned char>(c) < 0x20) break;
      if (c == '\\' && !escape()) break;
    }
    fail(malformed_string);
  }

  // `at_` stands on the backslash; leaves it on the last character of the escape.
  bool escape() {
    const std::size_t from = at_;
    if (++at_ >= text_.size()) return false;
    if (text_[at_] != 'u') return std::string_view("\"\\/bfnrt").find(text_[at_]) != text_.npos;
    if (!four_hex(at_ + 1)) return false;
    const char* digits = text_.data() + at_ + 1;
    at_ += 4;
    if (is_high_surrogate(digits) && text_.substr(at_ + 1, 2) == "\\u" && four_hex(at_ + 3) &&
        is_low_surrogate(text_.data() + at_ + 3)) {
      at_ += 6;
    } else if ((is_high_surrogate(digits) || is_low_surrogate(digits)) &&
               !(sparing_ && is_message(depth_))) {
      halves_.push_back(from);
    }
    return true;
  }

  bool four_hex(std::size_t from) const {
    if (from + 4 > text_.size()) return false;
    for (std::size_t i = from; i < from + 4; ++i) {
      if (!is_hex_digit(text_[i])) return false;
    }
    return true;
  }

  void literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) {
      fail(structure);
      return;
    }
    at_ += word.size();
  }

  void number() {
    if (text_[at_] == '-') ++at_;
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const std::size_t whole = digits();
    bool good = whole > 0 && !(zero && whole > 1);
    if (good && at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      good = digits() > 0;
    }
    if (good && at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      good = digits() > 0;
    }
    if (!good) fail(whole > 0 || zero ? malformed_number : structure);
  }

  std::size_t digits() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - from;
  }

  void skip_space() {
    while (at_ < text_.size() && is_json_space(text_[at_])) ++at_;
  }

  place fail(std::string_view why) {
    if (fault_.empty()) fault_ = why;
    return place::behind_value;
  }

  const std::string_view text_, spared_;
  std::size_t at_ = 0, depth_ = 0;
  std::bitset<tunables::max_depth> objects_;  // else arrays
  bool sparing_ = false;
  std::string_view fault_;
  std::vector<std::size_t> halves_;
};

}  // namespace

bool is_high_surrogate(const char* digits) noexcept {
  return to_lower(digits[0]) == 'd' && (digits[1] == '8' || digits[1] == '9' ||
                                        to_lower(digits[1]) == 'a' || to_lower(digits[1]) == 'b');
}

bool is_low_surrogate(const char* digits) noexcept {
  return to_lower(digits[0]) == 'd' && to_lower(digits[1]) >= 'c' && to_lower(digits[1]) <= 'f';
}

std::string_view mend(std::string& text, std::string_view spared) {
  walk over(text, spared);
  const std::string_view fault = over.run();
  if (!fault.empty()) return fault;
  for (const std::size_t half : over.halves()) text.replace(half, 6, R"(\ufffd)");
  return {};
}

std::string_view check(std::string_view text) {
  walk over(text, {});
  const std::string_view fault = over.run();
  return fault.empty() && !over.halves().empty() ? half_pair : fault;
}

}  // namespace longhaul::json
