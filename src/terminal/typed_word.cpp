// SPDX-License-Identifier: Apache-2.0
#include "terminal/typed_word.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "json/canonical.hpp"
#include "json/validate.hpp"
#include "json/write.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/schema_lookup.hpp"
#include "terminal/schema_words.hpp"
#include "typed/numbers.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

using json::kind;

// Lists of this one element within each other, and the kinds of them that are tried at each step:
// a schema may be a list of itself.
constexpr std::size_t most_lists = 3, most_kinds_of_lists = 3;

std::string_view without_space(std::string_view text) {
  while (!text.empty() && is_json_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_json_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string as_string(std::string_view text) {
  std::string result;
  json::append_string(result, text);
  return result;
}

// The text as JSON of this kind. Absent: it is none.
json::value json_of_kind(std::string_view text, kind wanted) {
  const json::value v(text);
  return v.is(wanted) && json::is_valid(text) ? v : json::value();
}

bool is_whole(json::value number) {
  const std::string_view digits = number.raw();
  if (digits.find_first_of(".eE") == std::string_view::npos) return true;
  if (detail::read_whole_number(number)) return true;
  // Beyond what a double tells apart, a fraction would have to be written out.
  const double size = number.number().value_or(0);
  return (size >= detail::first_skipping_double || -size >= detail::first_skipping_double) &&
         digits.find('.') == std::string_view::npos;
}

bool is_choice(json::value choice, std::string_view text) {
  if (choice.is(kind::string)) return choice.equals(text);
  const json::value given = json_of_kind(text, choice.type());
  return given && json::canonical(given) == json::canonical(choice);
}

class word_reader {
 public:
  word_reader(std::string_view text, json::value schema, json::value root, std::size_t depth)
      : text_(text), root_(root), depth_(depth), alternatives_(alternatives_of(schema, root)) {}

  std::string read() const {
    if (auto fits = fitting()) return *fits;
    if (const alternative* const list = only_list(); list && depth_ < most_lists) {
      return "[" + element_of(*list).read() + "]";  // it says what is wrong with the element
    }
    refuse();
  }

  // Null: the text is nothing of what may stand here. Words for that are many, and cost much.
  std::optional<std::string> fitting() const {
    if (auto one = choice()) return one;
    if (auto number = number_or_word()) return number;
    for (const auto& [type, wanted] :
         {std::pair(types::array, kind::array), std::pair(types::object, kind::object)}) {
      if (!allows(type)) continue;
      if (const auto whole = json_of_kind(text_, wanted)) return std::string(whole.raw());
    }
    if (allows(types::string) || allows_anything()) return as_string(text_);
    return list_of_one();
  }

 private:
  bool allows(type_set type) const {
    return std::ranges::any_of(alternatives_, [type](const alternative& one) {
      return one.choices.empty() && (one.allowed & type) != 0;
    });
  }
  bool allows_anything() const {
    return std::ranges::any_of(alternatives_, [](const alternative& one) {
      return one.choices.empty() && one.allowed == 0;
    });
  }

  std::optional<std::string> choice() const {
    for (const alternative& one : alternatives_) {
      for (const schema_choice& known : one.choices) {
        if (is_choice(known.value, text_)) return std::string(known.value.raw());
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> number_or_word() const {
    const std::string_view bare = without_space(text_);
    if (allows(types::integer) || allows(types::number)) {
      const json::value number = json_of_kind(bare, kind::number);
      if (number && (allows(types::number) || is_whole(number))) return std::string(bare);
    }
    if (allows(types::boolean) && (bare == "true" || bare == "false")) return std::string(bare);
    if (allows(types::null) && bare == "null") return std::string(bare);
    return std::nullopt;
  }

  static bool is_list(const alternative& one) {
    return one.choices.empty() && (one.allowed & types::array) != 0;
  }
  // Null: something else may stand here as well.
  const alternative* only_list() const {
    const alternative& one = alternatives_.front();
    const bool only = alternatives_.size() == 1 && is_list(one) && one.allowed == types::array;
    return only ? &one : nullptr;
  }
  word_reader element_of(const alternative& list) const {
    return {text_, list.schema["items"], root_, depth_ + 1};
  }

  std::optional<std::string> list_of_one() const {
    if (depth_ == most_lists) return std::nullopt;
    std::size_t tried = 0;
    for (const alternative& one : alternatives_) {
      if (!is_list(one)) continue;
      if (++tried > most_kinds_of_lists) break;
      if (const auto element = element_of(one).fitting()) return "[" + *element + "]";
    }
    return std::nullopt;
  }

  // `; did you mean "red"?` behind what was given, if there are choices and one is near.
  std::string given() const {
    std::vector<std::string> texts;
    for (const alternative& one : alternatives_) {
      for (const schema_choice& known : one.choices) {
        if (auto text = known.value.string()) texts.push_back(std::move(*text));
      }
    }
    std::string result = detail::unknown_name({texts.begin(), texts.end()}, text_);
    return result.ends_with('?') ? result : " " + detail::in_quotes(text_);
  }

  [[noreturn]] void refuse() const {
    throw unfit_word("expected " + type_words(alternatives_, root_) + ", got" + plain(given()));
  }

  std::string_view text_;
  json::value root_;
  std::size_t depth_;
  std::vector<alternative> alternatives_;
};

// The first that a list may be; absent: nothing may.
const alternative* list_in(const std::vector<alternative>& several) {
  for (const alternative& one : several) {
    if (one.choices.empty() && (one.allowed & types::array) != 0) return &one;
  }
  return nullptr;
}

}  // namespace

std::string typed_word(std::string_view text, json::value schema, json::value root) {
  return word_reader(text, schema, root, 0).read();
}

bool takes_list(json::value schema, json::value root) {
  return list_in(alternatives_of(schema, root)) != nullptr;
}

std::string typed_list(std::span<const std::string> texts, json::value schema, json::value root) {
  if (texts.size() == 1) return typed_word(texts.front(), schema, root);
  const auto several = alternatives_of(schema, root);
  const alternative* const list = list_in(several);
  const json::value items = list ? list->schema["items"] : json::value();
  std::string result = "[";
  for (const std::string& text : texts) {
    if (result.size() > 1) result += ',';
    result += typed_word(text, items, root);
  }
  return result + "]";
}

bool is_utf8(std::string_view text) {
  std::string mended;
  json::append_utf8(mended, text);
  return mended == text;
}

}  // namespace longhaul::terminal
