// SPDX-License-Identifier: Apache-2.0
// One table of the file: members are asked for by name and type; what has another type, is missing,
// or was never asked for becomes a fault. Only `read_config.cpp` and its parts include this: the
// TOML library stays there.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/read_config.hpp"
#include "config/tunables.hpp"
#include "longhaul/rate_limit.hpp"
#include "typed/wording.hpp"

namespace longhaul::config {

/// Faults as they are found; sorted by place in the end.
class fault_list {
 public:
  void add(const toml::source_position& at, std::string message);
  void add(const toml::node& at, std::string message) {
    add(at.source().begin, std::move(message));
  }
  /// What is likely not meant, but may be.
  void warn(const toml::node& at, std::string message);
  std::size_t size() const noexcept { return faults_.size(); }
  std::vector<fault> take();
  std::vector<fault> take_warnings();

 private:
  std::vector<fault> faults_, warnings_;
};

/// "a string", "an integer", …: what stands in the file.
std::string kind_of(const toml::node& node);
using detail::in_quotes;

class table_reader {
 public:
  /// `name`: how faults call the table, as `[[tool]] "compress"`.
  table_reader(const toml::table& table, std::string name, fault_list& faults);

  const toml::table& table() const noexcept { return table_; }
  const std::string& name() const noexcept { return name_; }
  fault_list& faults() noexcept { return faults_; }

  /// Each marks `key` as known. Null: it is not there, or a fault was noted.
  const toml::node* find(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                      std::int64_t greatest);
  std::optional<long double> number(std::string_view key);
  std::optional<milliseconds> duration(std::string_view key);
  /// The same, more than nothing.
  std::optional<milliseconds> limit(std::string_view key);
  /// Also "unlimited": the inner value is then empty.
  std::optional<std::optional<milliseconds>> duration_or_unlimited(std::string_view key);
  std::optional<std::uint64_t> size(std::string_view key, std::uint64_t least);
  std::optional<std::vector<std::string>> texts(std::string_view key);
  const toml::table* inner(std::string_view key);
  /// One of `words`, or of `other_words`, which are taken and not named; its number, those of
  /// `other_words` behind those of `words`.
  std::optional<std::size_t> word(std::string_view key, const std::vector<std::string_view>& words,
                                  const std::vector<std::string_view>& other_words = {});

  /// Reads `key` into its place, which keeps its value where the key is not there or is wrong. A
  /// new key of a table is one such line (and one of docs/programs.md, and a case of faults.txt).
  void set(std::string_view key, std::string& into);
  void set(std::string_view key, bool& into);
  void set(std::string_view key, std::optional<bool>& into);
  void set(std::string_view key, milliseconds& into);
  /// Also "unlimited": empty.
  void set(std::string_view key, std::optional<milliseconds>& into);
  void set(std::string_view key, std::vector<std::string>& into);
  void set(std::string_view key, std::optional<rate>& into);
  void set_count(std::string_view key, std::size_t& into, std::int64_t least = 1,
                 std::int64_t greatest = tunables::max_count);
  void set_bytes(std::string_view key, std::size_t& into, std::uint64_t least = 1);

  /// `key` was called `old` once, and may be until 1.0: a warning, or a fault if both are there.
  /// Called before `key` is asked for.
  void renamed(std::string_view old, std::string_view key);

  /// Notes a fault at the table's begin if `key` is not there; true if it is.
  bool require(std::string_view key, std::string_view example);
  void fail(const toml::node& at, const std::string& problem);
  void warn(const toml::node& at, const std::string& problem);
  /// A fault at the value of `key`, or at the table.
  void fail_at(std::string_view key, const std::string& problem);
  /// Notes all keys that nobody asked for.
  void finish();

 private:
  void know(std::string_view key);
  /// The value of `key`, or of what it was called once.
  const toml::node* at(std::string_view key) const;
  void wrong_type(std::string_view key, const toml::node& found, std::string_view wanted);

  const toml::table& table_;
  std::string name_;
  fault_list& faults_;
  std::vector<std::string_view> known_;
  std::vector<std::pair<std::string_view, std::string_view>> old_names_;  // (key, its old name)
};

/// Each `[[key]]` of the file; what is none is a fault.
void for_each_table(table_reader& top, std::string_view key,
                    const std::function<void(const toml::table&)>& use);

/// False, and a fault: the text is no valid UTF-8, or holds a NUL, which programs cannot be given.
bool check_text(table_reader& from, const toml::node& at, std::string_view key,
                std::string_view text);

}  // namespace longhaul::config
