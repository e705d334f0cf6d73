// SPDX-License-Identifier: Apache-2.0
#include "command/arguments.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "command/shell_check.hpp"
#include "command/tunables.hpp"
#include "typed/rules.hpp"

namespace longhaul::command {
namespace {

using detail::in_quotes;

constexpr std::string_view brace_hint = "; where a brace itself is meant, write {{ or }}";

bool could_be_name(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

/// Reads the items of a template.
class argument_template::compiler {
 public:
  compiler(argument_template& target, const std::vector<parameter>& parameters)
      : target_(target), known_(parameters) {}

  void items(const std::vector<template_item>& all) {
    for (item_ = 0; item_ < all.size(); ++item_) {
      member_.reset();
      repeated_.reset();
      group next;
      if (const auto* one = std::get_if<std::string>(&all[item_])) {
        next.arguments.push_back(read(*one));
      } else {
        members(std::get<std::vector<std::string>>(all[item_]), next);
      }
      next.repeated = repeated_;
      const auto* written = std::get_if<std::string>(&all[item_]);
      if (item_ == 0 && written != nullptr) check_program(next, *written);
      check_numbers(next);
      target_.groups_.push_back(std::move(next));
    }
  }

 private:
  void fail(std::string message) {
    target_.faults_.push_back({.item = item_, .member = member_, .message = std::move(message)});
  }

  void members(const std::vector<std::string>& texts, group& next) {
    if (item_ == 0) {
      fail("the first item is the program itself; a group cannot stand there");
    }
    if (texts.empty()) fail("the group is empty: write arguments into it or leave it out");
    for (std::size_t i = 0; i < texts.size(); ++i) {
      member_ = i;
      next.arguments.push_back(read(texts[i]));
    }
  }

  void check_program(const group& next, std::string_view written) {
    const std::vector<piece>& pieces = next.arguments.front().pieces;
    const auto varies = [](const piece& p) { return p.parameter.has_value(); };
    if (std::ranges::any_of(pieces, varies)) {
      fail(written.find(' ') == std::string_view::npos
               ? "the program itself must be written out; a caller cannot choose it by a parameter"
               : "each argument is an item of its own: write [" + as_separate_items(written) + "]");
    } else if (pieces.empty()) {
      fail("the program's name is empty");
    }
  }

  // Numbers that the file allows, and each call with one would be refused.
  void check_numbers(const group& next) {
    for (const argument& one : next.arguments) {
      options_ended_ = options_ended_ || one.ends_options;
      if (options_ended_ || one.pieces.empty()) continue;
      const piece& first = one.pieces.front();
      if (!first.parameter || !first.literal.empty() || first.then) continue;
      const named& p = target_.parameters_[*first.parameter];
      if (!p.may_be_negative || p.allow_option) continue;
      fail("{" + p.name +
           "} stands where programs look for options, and its minimum is "
           "negative: write \"--\" before it if the program knows that, or allow_option = true in "
           "the parameter");
    }
  }

  argument read(std::string_view text) {
    argument next;
    next.ends_options = text == "--";
    if (text.find('\0') != std::string_view::npos) {
      fail("holds a NUL character, which cannot be passed to a program");
    }
    std::string literal;
    while (!text.empty()) {
      const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
      literal += text.substr(0, brace);
      text.remove_prefix(brace);
      if (text.size() >= 2 && text[0] == text[1]) {
        literal += text[0];
        text.remove_prefix(2);
      } else if (text.starts_with('}')) {
        fail("a '}' without its '{'" + std::string(brace_hint));
        text.remove_prefix(1);
      } else if (text.starts_with('{')) {
        const std::size_t end = text.find_first_of("{}", 1);
        if (end == std::string_view::npos || text[end] == '{') {
          fail("a '{' without its '}'" + std::string(brace_hint));
          break;
        }
        piece found = placeholder(text.substr(1, end - 1));
        found.literal = std::exchange(literal, {});
        next.pieces.push_back(std::move(found));
        text.remove_prefix(end + 1);
      }
    }
    if (!literal.empty()) next.pieces.push_back({.literal = std::move(literal)});
    return next;
  }

  // What stands between the braces. Without a parameter if it was wrong.
  piece placeholder(std::string_view inside) {
    const std::size_t mark = inside.find('?');
    const std::string_view name = inside.substr(0, mark);
    const auto index = find(name);
    if (!index) return unknown(inside, name), piece{};
    named& used = target_.parameters_[*index];
    used.used = true;
    piece result{.literal = {}, .parameter = index};
    if (mark != std::string_view::npos) {
      const std::string_view then = inside.substr(mark + 1);
      if (!used.boolean || used.repeated) {
        fail("{" + std::string(inside) + "}: only a boolean can be a condition, and " +
             in_quotes(name) + " is " + (used.repeated ? "a list" : "none") + "; write {" +
             std::string(name) + "} for its value");
      } else if (then.empty()) {
        fail("{" + std::string(inside) +
             "}: nothing stands behind '?'; write the argument there, " + "as in {" +
             std::string(name) + "?--" + std::string(name) + "}");
      }
      result.then = std::string(then);
    }
    if (used.repeated) repeat(*index);
    return result;
  }

  void unknown(std::string_view inside, std::string_view name) {
    if (name.empty()) {
      fail("{" + std::string(inside) + "} names no parameter" + std::string(brace_hint));
    } else if (!could_be_name(name)) {
      fail("there is no parameter " + in_quotes(name) + std::string(brace_hint));
    } else {
      fail("there is no parameter" + unknown_parameter(known_, name));
    }
  }

  void repeat(std::size_t index) {
    if (repeated_ && *repeated_ != index) {
      fail("two lists, " + in_quotes(target_.parameters_[*repeated_].name) + " and " +
           in_quotes(target_.parameters_[index].name) +
           ", in one argument or group: it could not be said how they go together");
    }
    repeated_ = index;
  }

  std::optional<std::size_t> find(std::string_view name) const {
    for (std::size_t i = 0; i < target_.parameters_.size(); ++i) {
      if (target_.parameters_[i].name == name) return i;
    }
    return std::nullopt;
  }

  argument_template& target_;
  const std::vector<parameter>& known_;
  std::size_t item_ = 0;
  std::optional<std::size_t> member_;
  std::optional<std::size_t> repeated_;  // by which the item is repeated
  bool options_ended_ = false;
};

argument_template::argument_template(const std::vector<template_item>& items,
                                     const std::vector<parameter>& parameters,
                                     std::string_view stdin_parameter) {
  for (const parameter& p : parameters) {
    std::vector<std::string> own = own_values(p);
    const bool number = p.type == value_type::integer || p.type == value_type::number;
    parameters_.push_back({.name = p.name,
                           .repeated = p.repeated,
                           .boolean = p.type == value_type::boolean,
                           .number = number,
                           .allow_option = p.allow_option,
                           .may_be_negative = number && p.minimum && *p.minimum < 0,
                           .own = {own.begin(), own.end()}});
  }
  if (items.empty()) {
    faults_.push_back(
        {.message = R"(is empty; its first item is the program, as in ["xz", "-k"])"});
  }
  compiler(*this, parameters).items(items);
  shell_findings shell = check_for_shell(items);
  std::ranges::move(shell.faults, std::back_inserter(faults_));
  warnings_ = std::move(shell.warnings);
  // A slip in an item leaves its parameter unused: one message is enough.
  const bool say_unused = faults_.empty();
  const auto input = std::ranges::find(parameters_, stdin_parameter, &named::name);
  if (!stdin_parameter.empty() && input == parameters_.end()) {
    faults_.push_back(
        {.standard_input = true,
         .message = "there is no parameter" + unknown_parameter(parameters, stdin_parameter)});
  } else if (!stdin_parameter.empty() && input->repeated) {
    faults_.push_back({.standard_input = true,
                       .message = in_quotes(stdin_parameter) +
                                  " is a list; standard input takes a single value"});
  }
  for (const named& p : parameters_) {
    if (p.used || !say_unused || (!stdin_parameter.empty() && p.name == stdin_parameter)) continue;
    faults_.push_back({.parameter = p.name,
                       .message = "is used nowhere in the command: write {" + p.name +
                                  "} there or leave the parameter out"});
  }
}

/// Builds the vector of one call.
class argument_template::expansion {
 public:
  expansion(const argument_template& from, const parameter_values& values)
      : from_(from), values_(values) {}

  std::vector<std::string> run() {
    for (const group& each : from_.groups_) {
      if (std::ranges::any_of(each.arguments, [&](const argument& a) { return left_out(a); })) {
        continue;
      }
      const std::size_t times = each.repeated ? list(*each.repeated).size() : 1;
      for (round_ = 0; round_ < times; ++round_) {
        for (const argument& one : each.arguments) add(one);
        if (problems_.full()) problems_.throw_if_any();
      }
    }
    problems_.throw_if_any();
    return std::move(result_);
  }

 private:
  const std::vector<std::string>& list(std::size_t parameter) const {
    return std::get<std::vector<std::string>>(values_[parameter]);
  }

  bool left_out(const argument& one) const {
    return std::ranges::any_of(one.pieces, [&](const piece& p) {
      if (!p.parameter) return false;
      const parameter_value& value = values_[*p.parameter];
      if (std::holds_alternative<std::monostate>(value)) return true;
      return p.then && std::get<std::string>(value) != "true";
    });
  }

  void add(const argument& one) {
    std::string text;
    const piece* begins = nullptr;  // the value that the argument begins with, or empty ones before
    for (const piece& p : one.pieces) {
      const bool at_front = text.empty() && p.literal.empty();
      text += p.literal;
      if (!p.parameter) continue;
      if (at_front && !p.then) begins = &p;
      text += p.then ? *p.then : value_of(*p.parameter);
      if (text.size() > tunables::max_argument_bytes) too_long(*p.parameter);
    }
    if (begins != nullptr) check_option(*begins->parameter, text);
    if (text.find('\0') != std::string::npos) refuse_nul(one);
    bytes_ += text.size() + 1 + sizeof(char*);
    if (bytes_ > tunables::max_command_bytes) {
      throw invalid_arguments("arguments: together they make a command line of more than " +
                              std::to_string(tunables::max_command_bytes) +
                              " bytes, which cannot be passed to a program");
    }
    options_ended_ = options_ended_ || one.ends_options;
    result_.push_back(std::move(text));
  }

  const std::string& value_of(std::size_t parameter) const {
    const parameter_value& value = values_[parameter];
    const auto* one = std::get_if<std::string>(&value);
    return one != nullptr ? *one : list(parameter)[round_];
  }

  std::string place(std::size_t parameter) const {
    const named& p = from_.parameters_[parameter];
    return "arguments." + p.name + (p.repeated ? "[" + std::to_string(round_) + "]" : "");
  }

  void check_option(std::size_t parameter, const std::string& text) {
    const named& p = from_.parameters_[parameter];
    if (!text.starts_with('-') || options_ended_ || p.allow_option) return;
    const std::string& value = value_of(parameter);
    if (!value.empty() && p.own.contains(value)) return;
    std::string problem = place(parameter) + ": makes the argument " + in_quotes(text) +
                          ", which begins with '-', so the program would take it for an option";
    if (p.number) {
      problem += "; give a number that is not negative";
    } else if (!value.empty()) {
      problem += "; write a path as " + in_quotes("./" + value) + ", other values otherwise";
    }
    problems_.add(problem + " (allow_option in the server's file permits it)");
  }

  [[noreturn]] void too_long(std::size_t parameter) const {
    throw invalid_arguments(place(parameter) + ": makes an argument of more than " +
                            std::to_string(tunables::max_argument_bytes) +
                            " bytes, which cannot be passed to a program");
  }

  [[noreturn]] void refuse_nul(const argument& one) const {
    for (const piece& p : one.pieces) {
      if (p.parameter && !p.then && value_of(*p.parameter).find('\0') != std::string::npos) {
        throw invalid_arguments(place(*p.parameter) +
                                ": holds a NUL character, which cannot be passed to a program");
      }
    }
    throw invalid_arguments("arguments: a NUL character cannot be passed to a program");
  }

  const argument_template& from_;
  const parameter_values& values_;
  std::vector<std::string> result_;
  detail::problem_list problems_;
  std::size_t round_ = 0;  // which text of the repeated parameter
  std::size_t bytes_ = sizeof(char*);
  bool options_ended_ = false;
};

std::vector<std::string> argument_template::expand(const parameter_values& values) const {
  return expansion(*this, values).run();
}

}  // namespace longhaul::command
