// SPDX-License-Identifier: Apache-2.0
// From a described C++ struct to its JSON Schema, and between its values and JSON. What the schema
// promises is what reading checks.
//
//   struct render_args { std::string scene; int frames = 24; };
//   BOOST_DESCRIBE_STRUCT(render_args, (), (scene, frames))
//
// Types: `bool`, integers, floating point, `std::string`, enums described by `BOOST_DESCRIBE_ENUM`
// (by name), `std::optional`, `std::vector` and other sequences, `std::map<std::string, T>` and its
// like, described structs and their described bases, `std::filesystem::path` (as a string),
// `std::chrono` durations (as seconds), `raw_json` (any JSON), and whatever else Boost.JSON
// converts (its schema says nothing).
//
// A member may be missing if it is a `std::optional` or a `raw_json`, or if its value in a
// default-constructed struct differs from `T{}`: that value is then its `default`.
//
// Threads: everything here may be called from any thread.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "longhaul/detail/type_node.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul {

/// JSON that does not fit its schema. The text names the place, what was wanted and what was found,
/// and is fit for a model to read.
class invalid_arguments : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// How arguments are taken before they are checked (`server_options`).
struct argument_leniency {
  /// Members of these names are dropped where the tool does not declare them.
  std::vector<std::string> ignored = {};
  /// Strings that are the JSON text of what is wanted stay strings, and are refused.
  bool strict = false;
};

/// As the greatest length or number of items: no limit.
inline constexpr std::size_t unbounded = static_cast<std::size_t>(-1);

/// One value of a choice and how it is shown.
struct choice {
  std::string value = {};
  std::string title = {};  ///< empty: the value itself is shown
};

/// What is said about one member of a struct beyond its type. Checked when a schema is made of it:
/// options that do not fit the member's type throw `std::invalid_argument` there.
class field_options {
 public:
  explicit field_options(std::string name) : name_(std::move(name)) {}

  field_options& title(std::string text) { return title_ = std::move(text), *this; }
  field_options& description(std::string text) { return description_ = std::move(text), *this; }
  /// Least and greatest value of a number, both included.
  template <class A, class B>
    requires(std::is_arithmetic_v<A> && std::is_arithmetic_v<B>)
  field_options& range(A least, B greatest) {
    return min(least).max(greatest);
  }
  template <class A>
    requires std::is_arithmetic_v<A>
  field_options& min(A least) {
    return min_ = static_cast<long double>(least), *this;
  }
  template <class A>
    requires std::is_arithmetic_v<A>
  field_options& max(A greatest) {
    return max_ = static_cast<long double>(greatest), *this;
  }
  /// The same for durations: `range(1s, 2h)`.
  template <class Rep1, class Period1, class Rep2, class Period2>
  field_options& range(std::chrono::duration<Rep1, Period1> least,
                       std::chrono::duration<Rep2, Period2> greatest) {
    return min(least).max(greatest);
  }
  template <class Rep, class Period>
  field_options& min(std::chrono::duration<Rep, Period> least) {
    return min_ = std::chrono::duration<long double>(least).count(), *this;
  }
  template <class Rep, class Period>
  field_options& max(std::chrono::duration<Rep, Period> greatest) {
    return max_ = std::chrono::duration<long double>(greatest).count(), *this;
  }
  /// Length of a string in Unicode code points, both ends included.
  field_options& length(std::size_t least, std::size_t greatest) {
    return min_length_ = least, max_length_ = greatest, *this;
  }
  /// A regular expression that must match somewhere in a string (anchor it with `^` and `$`), in
  /// what ECMA-262, with and without its flag `u`, and RE2 share: no flags, no look-around, no back
  /// references, no `\p{…}`. Anything else throws and says what to write instead.
  field_options& pattern(std::string expression) { return pattern_ = std::move(expression), *this; }
  /// Number of elements of a sequence, both ends included.
  field_options& items(std::size_t least, std::size_t greatest) {
    return min_items_ = least, max_items_ = greatest, *this;
  }
  /// The only values of a string, or of the elements of a sequence of strings.
  field_options& choices(std::vector<choice> values) { return choices_ = std::move(values), *this; }
  field_options& required() { return required_ = true, *this; }
  field_options& optional() { return required_ = false, *this; }
  /// The value is mirrored in the HTTP header `Mcp-Param-<name>`, where intermediaries read it: no
  /// secrets. Strings, integers and booleans only. MCP 2026-07-28, "x-mcp-header".
  field_options& header(std::string name) { return header_ = std::move(name), *this; }
  /// JSON Schema `format` of a string, a hint that is not checked.
  field_options& format(std::string name) { return format_ = std::move(name), *this; }

  const std::string& name() const noexcept { return name_; }

 private:
  friend struct field_access;
  std::string name_, title_, description_, format_;
  std::optional<std::string> header_, pattern_;
  std::optional<long double> min_, max_;  // holds every 64-bit integer and every double exactly
  std::optional<std::size_t> min_length_, max_length_, min_items_, max_items_;
  std::vector<choice> choices_;
  std::optional<bool> required_;
};

/// Options of the member of that name.
inline field_options field(std::string name, std::string description = {}) {
  field_options result(std::move(name));
  result.description(std::move(description));
  return result;
}

/// Options of a member of a described struct.
/// Throws `std::invalid_argument` if that member is not described.
template <detail::described_struct Struct, class Member>
  requires(!std::is_function_v<Member>)
field_options field(Member Struct::* member, std::string description = {}) {
  using members = boost::describe::describe_members<Struct, boost::describe::mod_any_access>;
  std::string name;
  boost::mp11::mp_for_each<members>([&]<class Descriptor>(Descriptor) {
    using pointer = std::remove_cv_t<decltype(Descriptor::pointer)>;
    if constexpr (std::same_as<pointer, Member Struct::*>) {
      if (Descriptor::pointer == member) name = Descriptor::name;
    }
  });
  if (name.empty())
    throw std::invalid_argument("field: this member of the struct is not described");
  return field(std::move(name), std::move(description));
}

namespace detail {

/// What a schema is for.
enum class schema_use : std::uint8_t {
  input,   ///< members with defaults may be missing
  output,  ///< every member that is always written is required
  form     ///< elicitation: flat, and unknown members are not mentioned
};
enum class unknown_members : std::uint8_t { refuse, ignore };

/// A type with the options of its members, checked and compiled. Cheap to copy.
class typed_schema {
 public:
  /// Throws `std::invalid_argument` for options that name no member or do not fit it.
  explicit typed_schema(const type_node& type, const std::vector<field_options>& fields = {});

  /// Throws `std::invalid_argument` where the use forbids the type.
  raw_json text(schema_use use = schema_use::input) const;
  /// Reads `json` into `object`, of the type this was made for. `root` names it in errors.
  /// Throws `invalid_arguments`.
  void read(const raw_json& json, void* object, std::string_view root,
            unknown_members unknown = unknown_members::refuse) const;

  /// Reads the arguments of a call into `object`: as they are, or else as they are meant, which is
  /// returned. Throws `invalid_arguments`. Requires: a described struct.
  raw_json accept(const raw_json& arguments, void* object, const argument_leniency& how) const;

  struct compiled;

 private:
  // Arguments as they are meant: strings that are JSON text of what is wanted are that JSON, and
  // members that are to be ignored are gone. Of those that need no change, the same bytes.
  raw_json tidy(const raw_json& arguments, const argument_leniency& how) const;

  std::shared_ptr<const compiled> compiled_;
};

/// The same for types without options. Throws `invalid_arguments`.
void read_json(const type_node& type, const raw_json& json, void* object, std::string_view root);
/// Throws `std::invalid_argument` for values that JSON cannot say.
raw_json write_json(const type_node& type, const void* object);

}  // namespace detail

/// JSON Schema (draft 2020-12) of arguments that are read into a `T`.
/// Throws `std::invalid_argument` for fields that name no member or do not fit it, and for types
/// that contain themselves.
template <class T>
raw_json schema_of(const std::vector<field_options>& fields = {}) {
  return detail::typed_schema(detail::node_of<T>(), fields).text();
}

/// JSON Schema of what `to_json` makes of a `T`.
template <class T>
raw_json output_schema_of() {
  return detail::typed_schema(detail::node_of<T>()).text(detail::schema_use::output);
}

/// Reads a `T`. Unknown and repeated members, missing required ones, and values beyond the range of
/// their type are refused; integers may be written as `3.0`; `null` empties a `std::optional`.
/// `root` is how errors call the whole value.
/// Throws `invalid_arguments`.
template <class T>
T from_json(const raw_json& json, std::string_view root = "value") {
  T result{};
  detail::read_json(detail::node_of<T>(), json, &result, root);
  return result;
}

/// The same with the options of members checked too.
/// Throws `invalid_arguments`; `std::invalid_argument` for options that do not fit.
template <class T>
T from_json(const raw_json& json, const std::vector<field_options>& fields,
            std::string_view root = "value") {
  T result{};
  detail::typed_schema(detail::node_of<T>(), fields).read(json, &result, root);
  return result;
}

/// Writes a value; empty optionals that are members are left out (written as `null` if their
/// default is not empty). Invalid UTF-8 becomes U+FFFD. Throws `std::invalid_argument` for NaN,
/// infinities and enum values without a name.
template <class T>
raw_json to_json(const T& value) {
  return detail::write_json(detail::node_of<T>(), &value);
}

}  // namespace longhaul
