// SPDX-License-Identifier: Apache-2.0
#include "command/command_word.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace longhaul::command {
namespace {

// Reads the placeholders of a template's text.
command_word word_of(std::string_view text) {
  command_word word;
  word.written = text;
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
    word.literal += text.substr(0, brace);
    text.remove_prefix(brace);
    if (text.empty()) break;
    if (text.size() >= 2 && text[0] == text[1]) {
      word.literal += text[0];
      text.remove_prefix(2);
      continue;
    }
    const std::size_t end = std::min(text.find('}'), text.size() - 1);
    const std::string_view inside = text.substr(1, std::max<std::size_t>(end, 1) - 1);
    const std::size_t mark = inside.find('?');
    if (mark != std::string_view::npos) {
      word.literal += inside.substr(mark + 1);  // its author's own words
    } else {
      word.literal += value_mark;
      if (word.name.empty()) word.name = inside;
    }
    text.remove_prefix(end + 1);
  }
  return word;
}

}  // namespace

std::vector<command_word> words_of(const std::vector<template_item>& command) {
  std::vector<command_word> all;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const auto add = [&](const std::string& text, std::optional<std::size_t> member) {
      all.push_back(word_of(text));
      all.back().item = i;
      all.back().member = member;
    };
    if (const auto* one = std::get_if<std::string>(&command[i])) {
      add(*one, std::nullopt);
      continue;
    }
    const auto& group = std::get<std::vector<std::string>>(command[i]);
    for (std::size_t m = 0; m < group.size(); ++m) add(group[m], m);
  }
  return all;
}

std::string program_of(const command_word& word) {
  if (word.literal.find(value_mark) != std::string::npos) return {};
  std::string name = word.literal.substr(word.literal.rfind('/') + 1);
  const std::size_t letters = name.find_last_not_of("0123456789.-");
  const std::string plain = letters == std::string::npos ? name : name.substr(0, letters + 1);
  return plain.empty() ? name : plain;
}

template_fault fault_at(const command_word& word, std::string message) {
  return {.item = word.item, .member = word.member, .message = std::move(message)};
}

bool holds(std::string_view names, std::string_view name) {
  return !name.empty() && names.find(" " + std::string(name) + " ") != std::string_view::npos;
}

}  // namespace longhaul::command
