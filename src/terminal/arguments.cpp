// SPDX-License-Identifier: Apache-2.0
#include "terminal/arguments.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/schema_lookup.hpp"
#include "terminal/schema_words.hpp"
#include "terminal/typed_word.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

using detail::in_quotes;

constexpr std::size_t most_problems = 20;  // more would not be read

class problems {
 public:
  void add(const std::string& problem) {
    if (++count_ > most_problems) return;
    all_ += (all_.empty() ? "" : "\n") + plain(problem);
  }
  void add_to_others(const std::string& problem) {
    if (count_ > 0) add(problem);
  }
  void throw_if_any() const {
    if (count_ == 0) return;
    throw argument_error(count_ > most_problems ? all_ + "\n… and more" : all_);
  }

 private:
  std::size_t count_ = 0;
  std::string all_;
};

// Why no parameter of this name is taken; empty: it is.
std::string unknown_parameter(const parameter_list& parameters, std::string_view name) {
  if (parameters.find(name) || parameters.has_patterns()) return {};
  std::vector<std::string_view> known;
  for (const parameter& one : parameters.all()) known.push_back(one.name);
  const std::string refusal = "there is no parameter" + detail::unknown_name(known, name);
  const bool one_is_near = refusal.ends_with('?');
  const bool any_name = !parameters.closed() && (known.empty() || !one_is_near);
  return any_name ? std::string() : refusal;
}

// What the words give, by name.
class argument_reader {
 public:
  argument_reader(const raw_json& schema, const text_source& source)
      : parameters_(schema), source_(source) {}

  void read(const std::string& word) {
    if (!is_utf8(word)) return problems_.add(in_quotes(word) + " is not UTF-8");
    if (word.starts_with('@')) return read_object(word.substr(1));
    const std::string_view name = name_in_word(word);
    if (name.empty()) {
      return problems_.add(in_quotes(word) +
                           " is no argument: write key=value, key:=json or @file.json");
    }
    const bool json = word[name.size()] == ':';
    std::string value = word.substr(name.size() + (json ? 2 : 1));
    if (auto refusal = unknown_parameter(parameters_, name); !refusal.empty()) {
      return problems_.add(refusal);
    }
    if (json) return read_json(std::string(name), std::move(value));
    read_text(std::string(name), std::move(value));
  }

  read_words finish() {
    read_words result;
    std::string out;
    json::object o(out);
    for (const given& one : all_) {
      if (auto value = value_of(one); !value.empty()) o.raw(one.name, value);
    }
    o.close();
    if (const auto whole = json_of(out, "the arguments")) result.arguments = *whole;
    for (const parameter& one : parameters_.all()) {
      if (one.required && !places_.contains(one.name)) result.missing.push_back(one.name);
    }
    return result;
  }

  void throw_if_any() const { problems_.throw_if_any(); }
  // What is missing is no problem alone: it is asked for.
  void throw_if_any(const std::vector<std::string>& missing) {
    const std::vector<std::string_view> names(missing.begin(), missing.end());
    if (!names.empty()) problems_.add_to_others(detail::missing_members(names));
    problems_.throw_if_any();
  }

 private:
  struct given {
    std::string name;
    std::string json;                // that of a file, or behind `:=`; may be overridden
    std::vector<std::string> texts;  // behind `=`
    bool from_file = false;
  };

  given& slot(const std::string& name) {
    const auto [place, is_new] = places_.try_emplace(name, all_.size());
    if (is_new) all_.push_back({name, {}, {}, true});
    return all_[place->second];
  }

  void read_object(const std::string& path) {
    const auto text = text_of(path, "@" + path);
    if (!text) return;
    const auto parsed = json_of(*text, "@" + path);
    if (!parsed) return;
    const json::value object(*parsed);
    if (!object.is(json::kind::object)) {
      return problems_.add("@" + path + ": expected a JSON object, got " + detail::shown(object));
    }
    for (json::members m(object); m.next();) {
      if (parameters_.closed()) {
        const auto refusal = unknown_parameter(parameters_, m.key());
        if (!refusal.empty()) problems_.add(refusal);
      }
      slot(std::string(m.key())) = {std::string(m.key()), std::string(m.value().raw()), {}, true};
    }
  }

  void read_json(const std::string& name, std::string value) {
    if (value.starts_with('@')) {
      auto text = text_of(value.substr(1), in_quotes(name));
      if (!text) return;
      value = std::move(*text);
    }
    const auto parsed = json_of(value, in_quotes(name));
    if (!parsed) return;
    given& place = slot(name);
    if (!place.from_file) return problems_.add(in_quotes(name) + " is given twice");
    place = {name, std::string(parsed->view()), {}, false};
  }

  void read_text(const std::string& name, std::string value) {
    if (value.starts_with("@@")) {
      value.erase(0, 1);
    } else if (value.starts_with('@')) {
      auto text = text_of(value.substr(1), in_quotes(name));
      if (!text) return;
      value = std::move(*text);
    }
    given& place = slot(name);
    if (place.from_file) place = {name, {}, {}, false};
    if (!place.json.empty()) return problems_.add(in_quotes(name) + " is given twice");
    place.texts.push_back(std::move(value));
  }

  json::value schema_of(const std::string& name) const {
    const parameter* const known = parameters_.find(name);
    return known ? known->schema : parameters_.others();
  }

  // Empty: there is a problem, which is noted.
  std::string value_of(const given& one) {
    if (one.texts.empty()) return one.json;
    const json::value schema = schema_of(one.name), root = parameters_.root();
    try {
      if (one.texts.size() == 1) return typed_word(one.texts.front(), schema, root);
      if (takes_list(schema, root)) return typed_list(one.texts, schema, root);
      problems_.add(in_quotes(one.name) + " is given twice, and is no list");
    } catch (const unfit_word& unfit) {
      problems_.add(in_quotes(one.name) + ": " + unfit.what());
    }
    return {};
  }

  std::optional<std::string> text_of(const std::string& path, const std::string& at) {
    try {
      if (path.empty()) throw std::runtime_error("no file is named behind @; write @@ for an @");
      if (path == "-" && std::exchange(input_is_read_, true)) {
        throw std::runtime_error("standard input can be read only once");
      }
      std::string text = source_(path);
      if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
      if (!is_utf8(text)) throw std::runtime_error(path + " is not UTF-8");
      return text;
    } catch (const std::runtime_error& failure) {
      problems_.add(at + ": " + failure.what());
      return std::nullopt;
    }
  }

  std::optional<raw_json> json_of(std::string_view text, const std::string& at) {
    try {
      return raw_json::parse(text);
    } catch (const invalid_json& invalid) {
      problems_.add(at + ": this is no JSON: " + invalid.what());
      return std::nullopt;
    }
  }

  parameter_list parameters_;
  const text_source& source_;
  std::vector<given> all_;
  std::unordered_map<std::string, std::size_t> places_;
  problems problems_;
  bool input_is_read_ = false;
};

std::string file_problem(const std::string& path) {
  return path + " cannot be read: " + std::generic_category().message(errno);
}

std::string read_stream(std::istream& stream, const std::string& path) {
  std::string text;
  std::string block(std::size_t{1} << 16, '\0');
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         stream.gcount() > 0) {
    text.append(block, 0, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > most_argument_bytes) throw std::runtime_error(path + " is too large");
  }
  if (stream.bad()) throw std::runtime_error(file_problem(path));
  return text;
}

}  // namespace

std::string read_argument_file(const std::string& path) {
  if (path == "-") return read_stream(std::cin, "standard input");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(file_problem(path));
  return read_stream(file, path);
}

std::string_view name_in_word(std::string_view word) noexcept {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || word.starts_with('@')) return {};
  const bool json = equals > 0 && word[equals - 1] == ':';
  return word.substr(0, json ? equals - 1 : equals);
}

read_words read_arguments(const raw_json& input_schema, std::span<const std::string> words,
                          const text_source& source) {
  argument_reader reader(input_schema, source);
  for (const std::string& word : words) reader.read(word);
  read_words result = reader.finish();
  reader.throw_if_any(result.missing);
  return result;
}

read_words read_some_arguments(const raw_json& input_schema, std::span<const std::string> words,
                               const text_source& source) {
  argument_reader reader(input_schema, source);
  for (const std::string& word : words) reader.read(word);
  read_words result = reader.finish();
  reader.throw_if_any();
  return result;
}

std::string argument_question(const raw_json& input_schema, std::string_view name) {
  const parameter_list parameters(input_schema);
  const parameter* const asked = parameters.find(name);
  std::string result = plain(name);
  if (!asked) return result + ": ";
  const json::value root = parameters.root();
  result += " (" + type_words(asked->schema, root) + ")";
  const json::value preset = keyword(asked->schema, "default", root);
  if (preset) result += " [" + value_words(preset) + "]";
  return result + ": ";
}

raw_json read_argument(const raw_json& input_schema, std::string_view name,
                       std::string_view typed) {
  const auto refuse = [&](const std::string& problem) {
    throw argument_error(plain(in_quotes(name) + ": " + problem));
  };
  const parameter_list parameters(input_schema);
  const parameter* const asked = parameters.find(name);
  const json::value schema = asked ? asked->schema : parameters.others();
  const json::value root = parameters.root();
  if (!is_utf8(typed)) refuse("this is not UTF-8");
  if (trimmed(typed).empty()) {
    const json::value preset = keyword(schema, "default", root);
    if (!preset) refuse("a value is needed: " + type_words(schema, root));
    return raw_json::trusted(preset.raw());
  }
  try {
    return raw_json::parse(typed_word(typed, schema, root));
  } catch (const unfit_word& unfit) {
    refuse(unfit.what());
    throw;
  }
}

raw_json with_argument(const raw_json& arguments, std::string_view name, const raw_json& value) {
  std::string out;
  json::object o(out);
  for (json::members m{json::value(arguments)}; m.next();) {
    if (m.key() != name) o.raw(m.key(), m.value().raw());
  }
  o.raw(name, value).close();
  return raw_json::trusted(std::move(out));
}

}  // namespace longhaul::terminal
