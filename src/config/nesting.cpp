// SPDX-License-Identifier: Apache-2.0
#include "config/nesting.hpp"

#include <algorithm>
#include <vector>

#include "config/tunables.hpp"

namespace longhaul::config {
namespace {

class scanner {
 public:
  explicit scanner(std::string_view text) : text_(text) {}

  std::optional<place_in_file> run() {
    while (at_ < text_.size()) {
      step();
      if (outer_ + dots_ > tunables::max_levels) return place();
    }
    return std::nullopt;
  }

 private:
  void step() {
    switch (text_[at_]) {
      case '\n':
      case ',':
        dots_ = 0;
        break;
      case '#':
        at_ = std::min(text_.find('\n', at_), text_.size());
        return;
      case '"':
      case '\'':
        return string(text_[at_]);
      case '.':
        ++dots_;
        break;
      case '[':
      case '{':
        open_.push_back(dots_ + 1);
        outer_ += dots_ + 1;
        dots_ = 0;
        break;
      case ']':
      case '}':
        if (!open_.empty()) {
          outer_ -= open_.back();
          open_.pop_back();
        }
        break;
      default:
        break;
    }
    ++at_;
  }

  // Goes behind it; a string without its end ends with its line, or with the file.
  void string(char quote) {
    const bool basic = quote == '"';
    const std::string_view mark = basic ? R"(""")" : "'''";
    const bool many_lines = text_.substr(at_).starts_with(mark);
    at_ += many_lines ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      if (basic && text_[at_] == '\\') {
        ++at_;
      } else if (many_lines ? text_.substr(at_).starts_with(mark) : text_[at_] == quote) {
        at_ += many_lines ? 3 : 1;
        // One or two quotes before the end belong to the text: """a"""" is a".
        for (int more = 0; many_lines && more < 2 && text_.substr(at_).starts_with(quote); ++more) {
          ++at_;
        }
        return;
      } else if (!many_lines && text_[at_] == '\n') {
        return;
      }
    }
    at_ = text_.size();
  }

  place_in_file place() const {
    const std::string_view before = text_.substr(0, at_ - 1);
    const std::size_t begin = before.rfind('\n') + 1;  // of the line; npos + 1 is 0
    place_in_file result;
    result.line += static_cast<std::size_t>(std::ranges::count(before, '\n'));
    result.column +=
        static_cast<std::size_t>(std::ranges::count_if(before.substr(begin), [](char c) {
          return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        }));
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;  // levels of each bracket that is open, with its key's
  std::size_t outer_ = 0;          // their sum
  std::size_t dots_ = 0;           // of the key that stands here
};

}  // namespace

std::optional<place_in_file> too_deep(std::string_view text) { return scanner(text).run(); }

}  // namespace longhaul::config
