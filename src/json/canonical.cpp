// SPDX-License-Identifier: Apache-2.0
#include "json/canonical.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "json/canonical_number.hpp"
#include "json/write.hpp"

namespace longhaul::json {
namespace {

// One walk over the source writes everything where it stands, and notes the objects whose members
// stand in another order than they should; a second one copies these in order. So no byte is moved
// once for each level that it is nested in.
class canonical_text {
 public:
  explicit canonical_text(std::string_view source)
      : at_(source.data()), end_(source.data() + source.size()) {}

  std::string run() {
    value();
    if (unordered_.empty()) return std::move(out_);
    std::ranges::sort(unordered_, {}, &object::begin);
    std::string result;
    result.reserve(out_.size());
    copy(result, 0, out_.size());
    return result;
  }

 private:
  // Places in `out_`.
  struct span {
    std::size_t begin = 0, end = 0;
  };
  struct member {
    std::string name;
    span text;  // with its name
  };
  struct object {
    std::size_t begin = 0, end = 0;  // with its braces
    std::vector<span> members;       // as they should stand
  };

  void value() {
    switch (*at_) {
      case '{':
        return members();
      case '[':
        return elements();
      case '"':
        return append_string(out_, string());
      case 't':
      case 'f':
      case 'n':
        out_ += token();
        return;
      default:
        append_canonical_number(out_, token());
    }
  }

  void elements() {
    ++at_;
    out_ += '[';
    while (next(']')) value();
    out_ += ']';
  }

  void members() {
    ++at_;
    const std::size_t begin = out_.size(), first = open_.size();
    bool ordered = true;
    out_ += '{';
    while (next('}')) {
      const std::size_t from = out_.size();
      std::string name = string();
      append_string(out_, name);
      skip_space();
      ++at_;  // the colon
      skip_space();
      out_ += ':';
      value();
      ordered = ordered && (open_.size() == first || open_.back().name < name);
      open_.push_back({std::move(name), {from, out_.size()}});
    }
    out_ += '}';
    if (!ordered) note_order(begin, first);
    open_.resize(first);
  }

  // The members from `first` on are those of the object that was just written.
  void note_order(std::size_t begin, std::size_t first) {
    const auto from = open_.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(from, open_.end(), [](const member& a, const member& b) {
      const auto order = a.name <=> b.name;
      return order == 0 ? a.text.begin < b.text.begin : order < 0;
    });
    object noted{begin, out_.size(), {}};
    for (auto one = from; one != open_.end(); ++one) {
      const bool last = one + 1 == open_.end() || (one + 1)->name != one->name;
      if (last) noted.members.push_back(one->text);
    }
    unordered_.push_back(std::move(noted));
  }

  void copy(std::string& result, std::size_t from, std::size_t to) const {
    auto next = std::ranges::lower_bound(unordered_, from, {}, &object::begin);
    while (next != unordered_.end() && next->begin < to) {
      result.append(out_, from, next->begin - from);
      char before = '{';
      for (const span& one : next->members) {
        result += std::exchange(before, ',');
        copy(result, one.begin, one.end);
      }
      result += '}';
      from = next->end;
      next = std::ranges::lower_bound(next, unordered_.end(), from, {}, &object::begin);
    }
    result.append(out_, from, to - from);
  }

  // Goes to the next element or member, or behind `close`: there is none.
  bool next(char close) {
    skip_space();
    if (*at_ == close) {
      ++at_;
      return false;
    }
    if (*at_ == ',') {
      ++at_;
      skip_space();
      out_ += ',';
    }
    return true;
  }

  // The content of the string that begins here, escapes resolved.
  std::string string() {
    const char* from = at_++;
    while (*at_ != '"') at_ += *at_ == '\\' ? 2 : 1;
    ++at_;
    return *json::value(between(from)).string();
  }

  std::string_view token() {
    const char* from = at_;
    while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !is_json_space(*at_)) ++at_;
    return between(from);
  }

  void skip_space() {
    while (is_json_space(*at_)) ++at_;
  }

  std::string_view between(const char* from) const {
    return {from, static_cast<std::size_t>(at_ - from)};
  }

  const char* at_;
  const char* end_;
  std::string out_;           // in the order of the source
  std::vector<member> open_;  // of the objects that have begun
  std::vector<object> unordered_;
};

}  // namespace

std::string canonical(value whole) {
  return whole ? canonical_text(whole.raw()).run() : std::string();
}

}  // namespace longhaul::json
