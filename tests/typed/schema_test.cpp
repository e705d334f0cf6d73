// SPDX-License-Identifier: Apache-2.0
// Schemas are compared as bytes: hosts show members in this order, and caches compare them so.
#include "longhaul/schema.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <list>
#include <map>
#include <random>
#include <set>
#include <unordered_map>
#include <variant>

namespace shapes {

enum class quality { draft, fine, final_cut };
BOOST_DESCRIBE_ENUM(quality, draft, fine, final_cut)

struct render_args {
  std::string scene;
  int frames = 24;
};
BOOST_DESCRIBE_STRUCT(render_args, (), (scene, frames))

struct numbers {
  std::int8_t i8;
  std::uint8_t u8;
  std::int16_t i16;
  std::uint32_t u32;
  std::int64_t i64;
  std::uint64_t u64;
  float f;
  double d;
  bool b;
};
BOOST_DESCRIBE_STRUCT(numbers, (), (i8, u8, i16, u32, i64, u64, f, d, b))

struct size {
  int width = 640;
  int height = 0;
};
BOOST_DESCRIBE_STRUCT(size, (), (width, height))

struct composed {
  quality level = quality::fine;
  quality other = quality::draft;
  std::optional<int> limit;
  std::optional<int> depth = 3;
  std::vector<std::string> tags;
  std::vector<bool> flags;
  std::map<std::string, size> sizes;
  size output;
  longhaul::raw_json extra;
};
BOOST_DESCRIBE_STRUCT(composed, (), (level, other, limit, depth, tags, flags, sizes, output, extra))

struct named {
  std::string name;
  int x = 1;
};
BOOST_DESCRIBE_STRUCT(named, (), (name, x))
struct dated {
  std::string date = "today";
};
BOOST_DESCRIBE_STRUCT(dated, (), (date))
struct derived : named, dated {
  bool own = true;
};
BOOST_DESCRIBE_STRUCT(derived, (named, dated), (own))

struct own_defaults {
  int zero = 0;
  int one = 1;
  double half = 0.5;
  bool yes = true;
  bool no = false;
  std::string empty;
  std::string filled = "a\"b";
  std::vector<int> none;
  std::vector<int> some = {1, 2};
  size standard;
  size special = {.width = 1, .height = 2};
};
BOOST_DESCRIBE_STRUCT(own_defaults, (),
                      (zero, one, half, yes, no, empty, filled, none, some, standard, special))

class hidden {
 public:
  int shown() const { return secret_; }

 private:
  int secret_ = 5;
  BOOST_DESCRIBE_CLASS(hidden, (), (), (), (secret_))
};

struct tree {
  std::string label;
  std::vector<tree> children;
};
BOOST_DESCRIBE_STRUCT(tree, (), (label, children))

struct odd {
  std::variant<int, std::string> either;
  std::array<int, 2> pair{};
  boost::json::value any;
};
BOOST_DESCRIBE_STRUCT(odd, (), (either, pair, any))

struct containers {
  std::list<int> list;
  std::set<std::string> set;
  std::unordered_map<std::string, double> map;
  std::vector<std::optional<int>> maybe;
  std::vector<std::vector<int>> grid;
};
BOOST_DESCRIBE_STRUCT(containers, (), (list, set, map, maybe, grid))

struct also_x {
  int x = 2;
};
BOOST_DESCRIBE_STRUCT(also_x, (), (x))
struct clash : named, also_x {};
BOOST_DESCRIBE_STRUCT(clash, (named, also_x), ())

struct nothing {};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

enum class unnamed_zero { one = 1, two = 2 };
BOOST_DESCRIBE_ENUM(unnamed_zero, one, two)
struct awkward {
  unnamed_zero number{};
  double threshold = std::numeric_limits<double>::quiet_NaN();
};
BOOST_DESCRIBE_STRUCT(awkward, (), (number, threshold))

struct option_args {
  std::string text;
  std::optional<std::string> note;
  int count = 24;
  std::int64_t big = 7;
  double ratio = 0.5;
  bool flag = true;
  quality level = quality::fine;
  std::vector<std::string> tags;
  std::vector<quality> levels;
  size nested;
};
BOOST_DESCRIBE_STRUCT(option_args, (),
                      (text, note, count, big, ratio, flag, level, tags, levels, nested))

}  // namespace shapes

namespace longhaul {
namespace {

using namespace shapes;
using fields = std::vector<field_options>;

template <class T>
std::string schema(const fields& options = {}) {
  return std::string(schema_of<T>(options).view());
}

/// What reading says, without the name of the exception's base.
template <class T>
std::string refusal(std::string_view json, const fields& options = {}) {
  try {
    (void)from_json<T>(raw_json::parse(json), options, "arguments");
  } catch (const invalid_arguments& error) {
    return error.what();
  }
  return "accepted";
}

std::string option_error(const field_options& option) {
  try {
    (void)schema_of<option_args>({option});
  } catch (const invalid_arguments& error) {
    return std::string("wrong class: ") + error.what();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

template <class T>
std::string written(const T& value) {
  return std::string(to_json(value).view());
}
template <class T>
T parsed(std::string_view json) {
  return from_json<T>(raw_json::parse(json));
}

// --- schemas

TEST(schema_of, members_with_a_default_of_their_own_are_optional) {
  EXPECT_EQ(schema<render_args>(),
            R"({"type":"object","properties":{"scene":{"type":"string"},)"
            R"("frames":{"type":"integer",)"
            R"("default":24}},"required":["scene"],"additionalProperties":false})");
}

TEST(schema_of, numbers_have_the_bounds_of_narrow_types) {
  EXPECT_EQ(schema<numbers>(),
            R"({"type":"object","properties":{)"
            R"("i8":{"type":"integer","minimum":-128,"maximum":127},)"
            R"("u8":{"type":"integer","minimum":0,"maximum":255},)"
            R"("i16":{"type":"integer","minimum":-32768,"maximum":32767},)"
            R"("u32":{"type":"integer","minimum":0},)"
            R"("i64":{"type":"integer"},"u64":{"type":"integer","minimum":0},)"
            R"("f":{"type":"number"},"d":{"type":"number"},"b":{"type":"boolean"}},)"
            R"("required":["i8","u8","i16","u32","i64","u64","f","d","b"],)"
            R"("additionalProperties":false})");
}

constexpr std::string_view size_schema = R"({"type":"object","properties":{)"
                                         R"("width":{"type":"integer","default":640},)"
                                         R"("height":{"type":"integer"}},)"
                                         R"("required":["height"],"additionalProperties":false)";

TEST(schema_of, enums_optionals_containers_and_nested_structs) {
  const std::string size(size_schema);
  EXPECT_EQ(schema<composed>(),
            R"({"type":"object","properties":{)"
            R"("level":{"type":"string","enum":["draft","fine","final_cut"],"default":"fine"},)"
            R"("other":{"type":"string","enum":["draft","fine","final_cut"]},)"
            R"("limit":{"type":"integer"},)"
            R"("depth":{"type":"integer","default":3},)"
            R"("tags":{"type":"array","items":{"type":"string"}},)"
            R"("flags":{"type":"array","items":{"type":"boolean"}},)"
            R"("sizes":{"type":"object","properties":{},"additionalProperties":)" +
                size + R"(}},"output":)" + size +
                R"(},"extra":{}},"required":["other","tags","flags","sizes","output"],)"
                R"("additionalProperties":false})");
}

TEST(schema_of, bases_come_first) {
  EXPECT_EQ(
      schema<derived>(),
      R"({"type":"object","properties":{"name":{"type":"string"},)"
      R"("x":{"type":"integer","default":1},)"
      R"("date":{"type":"string","default":"today"},"own":{"type":"boolean","default":true}},)"
      R"("required":["name"],"additionalProperties":false})");
}

TEST(schema_of, defaults_are_those_that_differ_from_an_empty_value) {
  const std::string text = schema<own_defaults>();
  EXPECT_NE(text.find(R"("required":["zero","no","empty","none","standard"])"), text.npos) << text;
  for (const char* part :
       {R"("one":{"type":"integer","default":1})", R"("half":{"type":"number","default":0.5})",
        R"("yes":{"type":"boolean","default":true})",
        R"("filled":{"type":"string","default":"a\"b"})", R"("default":[1,2])",
        R"("default":{"width":1,"height":2})"}) {
    EXPECT_NE(text.find(part), text.npos) << part;
  }
}

TEST(schema_of, private_members_and_empty_structs) {
  EXPECT_EQ(
      schema<hidden>(),
      R"({"type":"object","properties":{"secret_":{"type":"integer","default":5}},"additionalProperties":false})");
  EXPECT_EQ(parsed<hidden>(R"({"secret_":9})").shown(), 9);
  EXPECT_EQ(schema<nothing>(), R"({"type":"object","properties":{},"additionalProperties":false})");
}

TEST(schema_of, sequences_maps_and_optional_elements) {
  const std::string text = schema<containers>();
  for (const char* part :
       {R"("set":{"type":"array","items":{"type":"string"}})",
        R"("map":{"type":"object","properties":{},"additionalProperties":{"type":"number"}})",
        R"("maybe":{"type":"array","items":{"anyOf":[{"type":"integer"},{"type":"null"}]}})",
        R"("grid":{"type":"array","items":{"type":"array","items":{"type":"integer")"}) {
    EXPECT_NE(text.find(part), text.npos) << part << " in " << text;
  }
}

TEST(schema_of, types_that_boost_json_converts_say_nothing) {
  EXPECT_EQ(schema<odd>(), R"({"type":"object","properties":{"either":{},"pair":{},"any":{}},)"
                           R"("required":["either","pair","any"],"additionalProperties":false})");
}

TEST(schema_of, roots_that_are_no_structs) {
  EXPECT_EQ(schema<std::string>(), R"({"type":"string"})");
  EXPECT_EQ(schema<std::uint64_t>(), R"({"type":"integer","minimum":0})");
  EXPECT_EQ(schema<std::vector<bool>>(), R"({"type":"array","items":{"type":"boolean"}})");
  EXPECT_EQ(schema<std::optional<bool>>(), R"({"anyOf":[{"type":"boolean"},{"type":"null"}]})");
  EXPECT_THROW(schema<std::string>({field("x")}), std::invalid_argument);
}

TEST(schema_of, a_type_that_contains_itself_has_values_but_no_schema) {
  EXPECT_THROW(schema<tree>(), std::invalid_argument);
  const auto t = parsed<tree>(R"({"label":"a","children":[{"label":"b","children":[]}]})");
  ASSERT_EQ(t.children.size(), 1u);
  EXPECT_EQ(written(t), R"({"label":"a","children":[{"label":"b","children":[]}]})");
}

TEST(schema_of, two_members_of_one_name_are_refused) {
  for (int again = 0; again < 2; ++again) EXPECT_THROW(schema<clash>(), std::invalid_argument);
}

TEST(schema_of, defaults_that_are_no_json_are_not_shown) {
  EXPECT_EQ(schema<awkward>(),
            R"({"type":"object","properties":{"number":{"type":"string","enum":["one","two"]},)"
            R"("threshold":{"type":"number"}},"required":["number"],)"
            R"("additionalProperties":false})");
}

TEST(output_schema_of, requires_whatever_is_always_written) {
  EXPECT_EQ(output_schema_of<render_args>().view(),
            R"({"type":"object","properties":{"scene":{"type":"string"},)"
            R"("frames":{"type":"integer"}},)"
            R"("required":["scene","frames"],"additionalProperties":false})");
  const std::string text(output_schema_of<composed>().view());
  EXPECT_NE(text.find(R"("required":["level","other","depth","tags","flags","sizes","output"])"),
            text.npos);
  EXPECT_NE(text.find(R"("depth":{"anyOf":[{"type":"integer"},{"type":"null"}]})"), text.npos)
      << text;
  EXPECT_NE(text.find(R"("required":["width","height"])"), text.npos) << "nested ones too";
  EXPECT_EQ(text.find("default"), text.npos);
}

// --- options

std::string property(const field_options& option) {
  const std::string text = schema<option_args>({option});
  const std::size_t from = text.find("\"" + option.name() + "\":");
  std::size_t to = text.find('{', from);
  for (int depth = 0; to < text.size(); ++to) {
    if (text[to] == '{') ++depth;
    if (text[to] == '}' && --depth == 0) break;
  }
  return text.substr(from, to + 1 - from);
}

TEST(field, each_option_in_the_schema) {
  EXPECT_EQ(property(field(&option_args::text, "Say it").title("Text")),
            R"("text":{"type":"string","title":"Text","description":"Say it"})");
  EXPECT_EQ(property(field("text").length(1, 64).pattern("^[a-z]+$").format("date")),
            R"("text":{"type":"string","minLength":1,"maxLength":64,"pattern":"^[a-z]+$",)"
            R"("format":"date"})");
  EXPECT_EQ(property(field(&option_args::count, "Frames").range(1, 10'000)),
            R"("count":{"type":"integer","description":"Frames","minimum":1,"maximum":10000,)"
            R"("default":24})");
  EXPECT_EQ(property(field(&option_args::big).min(std::numeric_limits<std::int64_t>::min())),
            R"("big":{"type":"integer","minimum":-9223372036854775808,"default":7})");
  EXPECT_EQ(property(field(&option_args::big).max(std::numeric_limits<std::int64_t>::max())),
            R"("big":{"type":"integer","maximum":9223372036854775807,"default":7})");
  EXPECT_EQ(property(field(&option_args::ratio).range(0, 0.75)),
            R"("ratio":{"type":"number","minimum":0,"maximum":0.75,"default":0.5})");
  EXPECT_EQ(property(field(&option_args::tags).items(0, 3)),
            R"("tags":{"type":"array","minItems":0,"maxItems":3,"items":{"type":"string"}})");
  EXPECT_EQ(property(field(&option_args::note).length(0, 5)),
            R"("note":{"type":"string","minLength":0,"maxLength":5})");
}

TEST(field, lengths_without_a_limit) {
  EXPECT_EQ(property(field("text").length(1, unbounded)),
            R"("text":{"type":"string","minLength":1})");
  EXPECT_EQ(property(field("tags").items(2, unbounded)),
            R"("tags":{"type":"array","minItems":2,"items":{"type":"string"}})");
  const fields some = {field(&render_args::scene).length(2, unbounded)};
  EXPECT_EQ(refusal<render_args>(R"({"scene":"a"})", some),
            R"(arguments.scene: expected a string of at least 2 characters, got "a")");
}

TEST(field, choices_with_and_without_titles) {
  EXPECT_EQ(property(field("text").choices({{"a", ""}, {"b", ""}})),
            R"("text":{"type":"string","enum":["a","b"]})");
  EXPECT_EQ(property(field("level").choices({{"fine", "Fine"}, {"draft", ""}})),
            R"("level":{"type":"string","oneOf":[{"const":"fine","title":"Fine"},)"
            R"({"const":"draft","title":"draft"}],"default":"fine"})");
  EXPECT_EQ(property(field("tags").choices({{"a", "A"}})),
            R"("tags":{"type":"array","items":{"type":"string","anyOf":[{"const":"a",)"
            R"("title":"A"}]}})");
}

TEST(field, headers_and_the_integers_that_fit_them) {
  EXPECT_EQ(property(field("text").header("Region")),
            R"("text":{"type":"string","x-mcp-header":"Region"})");
  EXPECT_EQ(property(field("flag").header("X-1")),
            R"("flag":{"type":"boolean","default":true,"x-mcp-header":"X-1"})");
  EXPECT_EQ(property(field("big").header("Big")),
            R"("big":{"type":"integer","minimum":-9007199254740991,"maximum":9007199254740991,)"
            R"("default":7,"x-mcp-header":"Big"})");
  EXPECT_EQ(property(field("count").range(1, 100).header("Count")),
            R"("count":{"type":"integer","minimum":1,"maximum":100,"default":24,)"
            R"("x-mcp-header":"Count"})");
}

TEST(field, required_and_optional_override_the_rule) {
  const std::string text = schema<option_args>(
      {field("count").required(), field("text").optional(), field("note").required()});
  EXPECT_NE(text.find(R"("required":["note","count","tags","levels","nested"])"), text.npos)
      << text;
  EXPECT_NE(text.find(R"("text":{"type":"string","default":""})"), text.npos);
  EXPECT_NE(text.find(R"("count":{"type":"integer"})"), text.npos);
}

TEST(field, of_an_inherited_member) {
  const std::string text = schema<derived>({field(&derived::date, "When")});
  EXPECT_NE(text.find(R"("date":{"type":"string","description":"When","default":"today"})"),
            text.npos);
}

TEST(field, options_that_do_not_fit_are_refused) {
  const auto f = [](const char* name) { return field(name); };
  EXPECT_EQ(option_error(f("cuont")), R"(field: no member "cuont"; did you mean "count"?)");
  EXPECT_EQ(option_error(field(&render_args::scene)),
            R"(field: no member "scene"; there is one of "text", "note", "count", "big", "ratio", )"
            R"("flag", "level", "tags", "levels", "nested")");
  EXPECT_EQ(option_error(f("text").range(1, 2)),
            R"(field "text": range is for integers and numbers)");
  EXPECT_EQ(option_error(f("count").range(2, 1)),
            R"(field "count": range: the least exceeds the greatest)");
  EXPECT_EQ(option_error(f("count").min(0.5)),
            R"(field "count": range: a bound of an integer is no integer)");
  EXPECT_EQ(option_error(f("count").max(3'000'000'000)),
            R"(field "count": range: a bound is beyond what the member's type holds)");
  EXPECT_EQ(option_error(f("ratio").min(NAN)), R"(field "ratio": range: a bound is not a number)");
  EXPECT_EQ(option_error(f("count").range(100, 200)),
            R"(field "count": its default does not fit: count: expected an integer between 100 )"
            R"(and 200, got 24)");
  EXPECT_EQ(option_error(f("count").length(1, 2)), R"(field "count": length is for strings)");
  EXPECT_EQ(option_error(f("text").length(2, 1)),
            R"(field "text": length: the least exceeds the greatest)");
  EXPECT_EQ(option_error(f("count").pattern("x")), R"(field "count": pattern is for strings)");
  EXPECT_EQ(option_error(f("text").pattern("(")),
            R"(field "text": pattern: it has a '(' without its ')')");
  EXPECT_EQ(
      option_error(f("text").pattern("(?=x)")),
      R"(field "text": pattern: it holds '(?=', which not every host reads alike: RE2 has no )"
      "look-around; say it without, or check it in the tool");
  EXPECT_EQ(option_error(f("flag").format("date")), R"(field "flag": format is for strings)");
  EXPECT_EQ(option_error(f("text").items(1, 2)), R"(field "text": items is for sequences)");
  EXPECT_EQ(option_error(f("tags").items(2, 1)),
            R"(field "tags": items: the least exceeds the greatest)");
  EXPECT_EQ(option_error(f("count").choices({{"1", ""}})),
            R"(field "count": choices is for strings, enums and sequences of them)");
  EXPECT_EQ(option_error(f("text").choices({{"a", ""}, {"a", ""}})),
            R"(field "text": choices: "a" is there twice)");
  EXPECT_EQ(option_error(f("levels").choices({{"best", ""}})),
            R"(field "levels": choices: the enum has no "best")");
  EXPECT_EQ(option_error(f("ratio").header("R")),
            R"(field "ratio": header is for strings, integers and booleans)");
  EXPECT_EQ(option_error(f("tags").header("R")),
            R"(field "tags": header is for strings, integers and booleans)");
  for (const char* bad : {"", "a b", "a:b", "a\r\nX", "é", "a\x7F", "(a)"}) {
    EXPECT_NE(option_error(f("text").header(bad)).find("is not an HTTP token"), std::string::npos);
  }
  EXPECT_EQ(option_error(f("text").optional().length(1, 5)),
            R"(field "text": its default does not fit: text: expected a string of 1 to 5 )"
            R"(characters, got "")");
}

TEST(field, options_that_contradict_each_other_are_refused) {
  EXPECT_THROW(schema<option_args>({field("text"), field("text")}), std::invalid_argument);
  try {
    (void)schema<option_args>({field("text").header("Region"), field("note").header("REGION")});
    FAIL() << "accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), R"(field "note": header "REGION" is taken by another member)");
  }
}

// --- reading

TEST(from_json, fills_in_defaults) {
  const auto args = parsed<render_args>(R"({"scene":"a"})");
  EXPECT_EQ(args.scene, "a");
  EXPECT_EQ(args.frames, 24);
  EXPECT_EQ(parsed<render_args>(R"({"frames":1,"scene":"\u0041\n"})").scene, "A\n");
}

TEST(from_json, roots_that_are_no_structs) {
  EXPECT_EQ(parsed<int>("7"), 7);
  EXPECT_EQ(parsed<std::string>(R"("a")"), "a");
  EXPECT_EQ(parsed<std::vector<bool>>("[true,false]"), (std::vector<bool>{true, false}));
  EXPECT_EQ(parsed<std::optional<int>>("null"), std::nullopt);
  EXPECT_EQ(parsed<quality>(R"("fine")"), quality::fine);
  EXPECT_EQ((parsed<std::map<std::string, int>>(R"({"a":1})")),
            (std::map<std::string, int>{{"a", 1}}));
  EXPECT_EQ(parsed<raw_json>(R"([1.0])").view(), "[1.0]");
}

TEST(from_json, integers_may_be_written_with_a_fraction_of_zero) {
  for (const char* text : {"3", "3.0", "3.000", "3e0", "30e-1", "0.3e1"}) {
    EXPECT_EQ(parsed<int>(text), 3) << text;
  }
  EXPECT_EQ(parsed<int>("-3.0"), -3);
  EXPECT_EQ(parsed<int>("-0.0"), 0);
  EXPECT_EQ(parsed<unsigned>("-0"), 0u);
  EXPECT_EQ(parsed<std::int64_t>("9007199254740991.0"), 9007199254740991);
  EXPECT_EQ(refusal<std::int64_t>("9007199254740993.0"),
            "arguments: expected an integer, got 9007199254740993.0")
      << "a double does not hold it";
}

TEST(from_json, integers_at_the_ends_of_their_types) {
  EXPECT_EQ(parsed<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parsed<std::int64_t>("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parsed<std::uint64_t>("18446744073709551615"),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parsed<std::int8_t>("-128"), -128);
  EXPECT_EQ(refusal<std::int64_t>("9223372036854775808"),
            "arguments: expected an integer of 64 bits, got 9223372036854775808");
  EXPECT_EQ(refusal<std::uint64_t>("-1"), "arguments: expected an integer of at least 0, got -1");
  EXPECT_EQ(refusal<std::int8_t>("128"),
            "arguments: expected an integer between -128 and 127, got 128");
  EXPECT_EQ(refusal<float>("1e39"), "arguments: expected a number that a float holds, got 1e39");
}

TEST(from_json, says_where_what_was_wanted_and_what_was_found) {
  const fields limits = {field(&render_args::frames).range(1, 10'000)};
  EXPECT_EQ(refusal<render_args>(R"({"scene":"a","frames":"abc"})", limits),
            R"(arguments.frames: expected an integer between 1 and 10000, got "abc")");
  EXPECT_EQ(refusal<render_args>(R"({"scene":"a","frames":0})", limits),
            "arguments.frames: expected an integer between 1 and 10000, got 0");
  EXPECT_EQ(refusal<render_args>(R"({"scene":"a","frames":10001})", limits),
            "arguments.frames: expected an integer between 1 and 10000, got 10001");
  EXPECT_EQ(refusal<render_args>(R"({"scene":"a","frames":1.5})", limits),
            "arguments.frames: expected an integer between 1 and 10000, got 1.5");
  EXPECT_EQ(refusal<render_args>(R"({"scene":"a","frames":null})", limits),
            "arguments.frames: expected an integer between 1 and 10000, got null");
  EXPECT_EQ(refusal<render_args>(R"({"scene":["a"]})"),
            "arguments.scene: expected a string, got an array");
  EXPECT_EQ(refusal<render_args>(R"([])"), "arguments: expected an object, got an array");
  EXPECT_EQ(refusal<render_args>(R"({})"), R"(arguments: missing member "scene")");
  EXPECT_EQ(refusal<size>(R"({"height":true})"), "arguments.height: expected an integer, got true");
  EXPECT_EQ(refusal<std::vector<size>>(R"([{"height":1},{"height":{}}])"),
            "arguments[1].height: expected an integer, "
            "got an object");
  EXPECT_EQ((refusal<std::map<std::string, bool>>(R"({"a b":0})")),
            R"(arguments["a b"]: expected true or false, got 0)");
  EXPECT_EQ((refusal<std::map<std::string, bool>>(R"({"":0})")),
            R"(arguments[""]: expected true or false, got 0)");
  EXPECT_EQ(refusal<quality>(R"("best")"),
            R"(arguments: expected one of "draft", "fine", "final_cut", got "best")");
  EXPECT_EQ(refusal<double>(R"("1")"), R"(arguments: expected a number, got "1")");
}

TEST(from_json, names_all_missing_members_at_once) {
  EXPECT_EQ(refusal<composed>("{}"),
            R"(arguments: missing members "other", "tags", "flags", "sizes", "output")");
}

TEST(from_json, unknown_members_bring_a_suggestion) {
  EXPECT_EQ(refusal<render_args>(R"({"scene":"a","frmaes":1})"),
            R"(arguments: unknown member "frmaes"; did you mean "frames"?)");
  EXPECT_EQ(refusal<render_args>(R"({"Scene":"a"})"),
            "arguments: unknown member \"Scene\"; did you mean \"scene\"?\n"
            "arguments: missing member \"scene\"");
  EXPECT_EQ(refusal<composed>(R"({"out-put":1})"),
            "arguments: unknown member \"out-put\"; did you mean \"output\"?\n"
            "arguments: missing members \"other\", \"tags\", \"flags\", \"sizes\", \"output\"");
  EXPECT_EQ(refusal<render_args>(R"({"colour":"a"})"),
            "arguments: unknown member \"colour\"; there is one of \"scene\", \"frames\"\n"
            "arguments: missing member \"scene\"");
  EXPECT_EQ(refusal<dated>(R"({"colour":"a"})"),
            R"(arguments: unknown member "colour"; there is "date")");
  EXPECT_EQ(refusal<nothing>(R"({"x":1})"), R"(arguments: unknown member "x"; there are none)");
  EXPECT_EQ(refusal<option_args>(R"({"nested":{"widht":1}})"),
            "arguments.nested: unknown member \"widht\"; did you mean \"width\"?\n"
            "arguments.nested: missing member \"height\"\n"
            "arguments: missing members \"text\", \"tags\", \"levels\"");
}

TEST(from_json, repeated_members_are_refused) {
  EXPECT_EQ(refusal<render_args>(R"({"scene":"a","sc\u0065ne":"b"})"),
            R"(arguments: member "scene" is there twice)");
  EXPECT_EQ((refusal<std::map<std::string, int>>(R"({"a":1,"a":2})")),
            R"(arguments: member "a" is there twice)");
}

TEST(from_json, null_empties_an_optional) {
  EXPECT_EQ(parsed<composed>(R"({"other":"fine","tags":[],"flags":[],"sizes":{},)"
                             R"("output":{"height":1},"depth":null})")
                .depth,
            std::nullopt);
  EXPECT_EQ(parsed<std::vector<std::optional<int>>>("[1,null]"),
            (std::vector<std::optional<int>>{1, std::nullopt}));
}

TEST(from_json, checks_what_the_schema_promises) {
  const auto error = [](const field_options& option, const std::string& value) {
    const std::string rest = R"("tags":[],"levels":[],"nested":{"height":1})";
    std::string json = "{";
    if (option.name() != "text") json += R"("text":"x",)";
    if (option.name() == "tags") {
      json += R"("levels":[],"nested":{"height":1})";
    } else if (option.name() == "levels") {
      json += R"("tags":[],"nested":{"height":1})";
    } else {
      json += rest;
    }
    json += ",\"" + option.name() + "\":" + value + "}";
    return refusal<option_args>(json, {option});
  };
  const auto length = field("text").length(1, 3);
  EXPECT_EQ(error(length, R"("é€🚀")"), "accepted") << "code points, not bytes";
  EXPECT_EQ(error(length, R"("")"),
            R"(arguments.text: expected a string of 1 to 3 characters, got "")");
  EXPECT_EQ(error(length, R"("abcd")"),
            R"(arguments.text: expected a string of 1 to 3 characters, got "abcd")");
  EXPECT_EQ(error(field("note").length(2, 2), R"("abc")"),
            R"(arguments.note: expected a string of 2 characters, got "abc")");
  EXPECT_EQ(error(field("note").length(2, 2), "null"), "accepted");

  const auto pattern = field("text").length(1, 9).pattern("^[a-z]+$");
  EXPECT_EQ(error(pattern, R"("abc")"), "accepted");
  EXPECT_EQ(error(pattern, R"("a1")"),
            R"(arguments.text: expected a string of 1 to 9 characters that matches ^[a-z]+$, )"
            R"(got "a1")");
  EXPECT_EQ(error(field("text").pattern("b"), R"("abc")"), "accepted") << "somewhere in it";

  EXPECT_EQ(error(field("ratio").range(0, 1), "1"), "accepted");
  EXPECT_EQ(error(field("ratio").range(0, 1), "1.01"),
            "arguments.ratio: expected a number between 0 and 1, got 1.01");
  EXPECT_EQ(error(field("ratio").min(0.25), "0.2"),
            "arguments.ratio: expected a number of at least 0.25, got 0.2");
  EXPECT_EQ(error(field("big").max(9), "10"),
            "arguments.big: expected an integer of at most 9, got 10");
  EXPECT_EQ(error(field("big").header("Big"), "9007199254740992"),
            "arguments.big: expected an integer between -9007199254740991 and 9007199254740991, "
            "got 9007199254740992");

  const auto items = field("tags").items(1, 2);
  EXPECT_EQ(error(items, R"(["a","b"])"), "accepted");
  EXPECT_EQ(error(items, "[]"), "arguments.tags: expected an array of 1 to 2 elements, got 0");
  EXPECT_EQ(error(items, R"(["a","b","c"])"),
            "arguments.tags: expected an array of 1 to 2 elements, got more");

  EXPECT_EQ(error(field("text").choices({{"a", "A"}, {"b", ""}}), R"("c")"),
            R"(arguments.text: expected one of "a", "b", got "c")");
  EXPECT_EQ(error(field("level").choices({{"fine", ""}}), R"("draft")"),
            R"(arguments.level: expected "fine", got "draft")");
  EXPECT_EQ(error(field("tags").choices({{"a", ""}, {"b", ""}}), R"(["a","c"])"),
            R"(arguments.tags[1]: expected one of "a", "b", got "c")");
}

TEST(from_json, long_input_is_cut_in_errors) {
  const std::string error = refusal<int>("\"" + std::string(5000, 'x') + "\"");
  EXPECT_LT(error.size(), 200u);
  EXPECT_NE(error.find("xxx…\""), std::string::npos) << error;
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += "é";
  EXPECT_NO_THROW((void)to_json(refusal<int>("\"" + accents + "\"")));
  EXPECT_EQ(refusal<int>("\"" + accents + "\"").find("\xEF\xBF\xBD"), std::string::npos)
      << "never cut inside a character";
  EXPECT_LT(refusal<render_args>("{\"" + std::string(5000, 'y') + "\":1}").size(), 200u);
}

TEST(from_json, nothing_is_refused) {
  try {
    (void)from_json<int>(raw_json());
    FAIL() << "accepted";
  } catch (const invalid_arguments& error) {
    EXPECT_STREQ(error.what(), "value: expected a value, got nothing");
  }
}

TEST(from_json, what_boost_json_refuses_is_refused) {
  const std::string error = refusal<odd>(R"({"either":[],"pair":[1,2],"any":1})");
  EXPECT_TRUE(error.starts_with("arguments.either: does not fit (")) << error;
  EXPECT_TRUE(error.ends_with("), got an array")) << error;
}

TEST(from_json, nested_values_start_from_the_defaults_of_their_own_type) {
  const auto value =
      parsed<own_defaults>(R"({"zero":0,"no":false,"empty":"","none":[],"standard":{"height":1},)"
                           R"("special":{"height":5},"some":[9]})");
  EXPECT_EQ(value.special.width, 640) << "as the nested schema says";
  EXPECT_EQ(value.some, std::vector<int>{9}) << "a default is replaced, not extended";
}

// --- writing

TEST(to_json, writes_members_in_order_and_leaves_out_what_is_empty) {
  composed value;
  value.tags = {"a\n", "\xFF"};
  value.flags = {true, false};
  value.sizes["x"] = {1, 2};
  value.depth.reset();
  EXPECT_EQ(
      written(value),
      "{\"level\":\"fine\",\"other\":\"draft\",\"depth\":null,\"tags\":[\"a\\n\",\"\xEF\xBF\xBD\"],"
      "\"flags\":[true,false],\"sizes\":{\"x\":{\"width\":1,\"height\":2}},"
      "\"output\":{\"width\":640,\"height\":0}}");
  value.extra = raw_json::trusted("[1.0]");
  value.limit = 4;
  EXPECT_NE(written(value).find(R"("limit":4)"), std::string::npos);
  EXPECT_NE(written(value).find(R"("extra":[1.0])"), std::string::npos);
}

TEST(to_json, of_what_json_cannot_say_is_refused) {
  EXPECT_THROW(written(std::nan("")), std::invalid_argument);
  EXPECT_THROW(written(std::vector<float>{HUGE_VALF}), std::invalid_argument);
  EXPECT_THROW(written(awkward{}), std::invalid_argument);
}

TEST(to_json, of_types_that_boost_json_converts) {
  odd value;
  value.either = "\xC3(";
  value.any = {1, -2.5, "x", nullptr, true, {{"k", std::numeric_limits<std::uint64_t>::max()}}};
  const std::string text = written(value);
  EXPECT_EQ(text,
            "{\"either\":\"\xEF\xBF\xBD(\",\"pair\":[0,0],\"any\":[1,-2.5,\"x\",null,true,"
            "{\"k\":18446744073709551615}]}");
  EXPECT_NO_THROW((void)raw_json::parse(text));
}

TEST(to_json, and_back) {
  EXPECT_EQ(parsed<quality>(written(quality::final_cut)), quality::final_cut);
  EXPECT_EQ(parsed<double>(written(0.1)), 0.1);
  EXPECT_EQ(parsed<float>(written(0.1f)), 0.1f);
  EXPECT_EQ(parsed<std::uint64_t>(written(std::uint64_t{1} << 63)), std::uint64_t{1} << 63);
  const std::set<std::string> set{"b", "a"};
  EXPECT_EQ(parsed<std::set<std::string>>(written(set)), set);
  boost::json::value any = {{"pi", 3.141592653589793}, {"n", -1}};
  EXPECT_EQ(parsed<boost::json::value>(written(any)), any);
}

TEST(to_json, random_values_come_back_as_they_were) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto text = [&] {
    static constexpr const char* parts[] = {"a", "\"", "\\", "\n", "é", "🚀", "\x01", "{", ","};
    std::string out;
    for (std::uint64_t n = random() % 6; n > 0; --n) out += parts[random() % std::size(parts)];
    return out;
  };
  for (int round = 0; round < 1000; ++round) {
    composed value;
    value.level = static_cast<quality>(random() % 3);
    if (random() % 2 != 0) value.limit = static_cast<int>(random());
    if (random() % 2 != 0) value.depth = static_cast<int>(random());
    for (auto n = random() % 4; n > 0; --n) value.tags.push_back(text());
    for (auto n = random() % 4; n > 0; --n) value.flags.push_back(random() % 2 == 0);
    for (auto n = random() % 4; n > 0; --n) {
      value.sizes[text()] = {static_cast<int>(random()), static_cast<int>(random())};
    }
    const raw_json json = raw_json::parse(written(value));
    const auto back = from_json<composed>(json);
    ASSERT_EQ(back.tags, value.tags);
    ASSERT_EQ(back.flags, value.flags);
    ASSERT_EQ(back.limit, value.limit);
    ASSERT_EQ(back.level, value.level);
    ASSERT_EQ(back.sizes.size(), value.sizes.size());
    ASSERT_EQ(back.depth, value.depth) << "empty, though its default is not";
    ASSERT_EQ(to_json(back), json);

    numbers n{static_cast<std::int8_t>(random()),
              static_cast<std::uint8_t>(random()),
              static_cast<std::int16_t>(random()),
              static_cast<std::uint32_t>(random()),
              static_cast<std::int64_t>(random()),
              random(),
              static_cast<float>(random()) / 3,
              std::ldexp(double(random()), int(random() % 100)),
              random() % 2 == 0};
    const auto m = from_json<numbers>(to_json(n));
    ASSERT_EQ(m.i8, n.i8);
    ASSERT_EQ(m.u8, n.u8);
    ASSERT_EQ(m.i64, n.i64);
    ASSERT_EQ(m.u64, n.u64);
    ASSERT_EQ(m.f, n.f);
    ASSERT_EQ(m.d, n.d);
    ASSERT_EQ(m.b, n.b);
  }
}

}  // namespace
}  // namespace longhaul
