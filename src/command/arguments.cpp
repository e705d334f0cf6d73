// SPDX-License-Identifier: Apache-2.0
#include "command/arguments.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "command/placeholders.hpp"
#include "command/shell_check.hpp"
#include "command/tunables.hpp"
#include "typed/rules.hpp"

namespace longhaul::command {
namespace {

using detail::in_quotes;

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
    const auto fault = [this](std::string message) { fail(std::move(message)); };
    for (template_part& part : split_template(text, fault)) {
      piece found = part.inside ? piece_of(*part.inside, fault) : piece();
      found.literal = std::move(part.literal);
      next.pieces.push_back(std::move(found));
    }
    return next;
  }

  // Without a parameter if what stands between the braces was wrong.
  piece piece_of(std::string_view inside, const template_fail& fault) {
    const std::string name(inside.substr(0, inside.find('?')));
    auto found = read_placeholder(inside, known_,
                                  "the argument there, as in {" + name + "?--" + name + "}", fault);
    if (!found) return {};
    named& used = target_.parameters_[found->parameter];
    used.used = true;
    if (used.repeated) repeat(found->parameter);
    return {.literal = {}, .parameter = found->parameter, .then = std::move(found->then)};
  }

  void repeat(std::size_t index) {
    if (repeated_ && *repeated_ != index) {
      fail("two lists, " + in_quotes(target_.parameters_[*repeated_].name) + " and " +
           in_quotes(target_.parameters_[index].name) +
           ", in one argument or group: it could not be said how they go together");
    }
    repeated_ = index;
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
