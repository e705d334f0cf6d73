// SPDX-License-Identifier: Apache-2.0
// Schemas are compared as bytes, messages as whole sentences: both are read by hosts and models.
#include "command/parameter.hpp"
#include "command/check_parameter.hpp"
#include "command/tunables.hpp"

#include <gtest/gtest.h>

namespace longhaul::command {
namespace {

using texts = std::vector<std::string>;

parameter named(std::string name, value_type type = value_type::string) {
  parameter p;
  p.name = std::move(name);
  p.type = type;
  return p;
}

parameter list(std::string name, value_type type = value_type::string) {
  parameter p = named(std::move(name), type);
  p.repeated = true;
  return p;
}

parameter with(parameter p, const std::function<void(parameter&)>& change) {
  change(p);
  return p;
}

parameter_values read(const parameter_set& set, std::string_view arguments) {
  return set.read(raw_json::parse(arguments));
}

/// The one value of a call with `p` alone, or what `read` threw.
parameter_value value_of(const parameter& p, const std::string& json) {
  try {
    return read(parameter_set({p}), R"({")" + p.name + R"(":)" + json + "}").front();
  } catch (const invalid_arguments& error) {
    return "refused: " + std::string(error.what());
  }
}

/// The same of a call whose arguments are taken as they are meant, as servers take them.
parameter_value value_meant(const parameter& p, const std::string& json) {
  const parameter_set set({p});
  const auto given = raw_json::parse(R"({")" + p.name + R"(":)" + json + "}");
  return set.read(set.tidy(given, {})).front();
}

std::string refusal(const parameter_set& set, std::string_view arguments) {
  try {
    (void)read(set, arguments);
  } catch (const invalid_arguments& error) {
    return error.what();
  }
  return "accepted";
}

parameter_value one(std::string text) { return text; }

/// "keyword: message", one a line.
std::string faults_of(const parameter& p) {
  std::string all;
  for (const parameter_fault& fault : check_parameter(p)) {
    all += (all.empty() ? "" : "\n") + fault.keyword + ": " + fault.message;
  }
  return all;
}

TEST(parameter, no_parameters_make_a_schema_without_properties) {
  EXPECT_EQ(parameter_set({}).input_schema().view(),
            R"({"type":"object","properties":{},"additionalProperties":false})");
  EXPECT_EQ(refusal(parameter_set({}), R"({"x":1})"),
            R"(arguments: unknown member "x"; there are none)");
}

TEST(parameter, the_schema_says_what_is_checked_in_the_order_of_the_parameters) {
  const parameter file = with(named("file"), [](parameter& p) {
    p.title = "File";
    p.description = "Path of the file";
    p.required = true;
    p.min_length = 1;
    p.max_length = 4096;
    p.pattern = "^/";
  });
  const parameter level = with(named("level", value_type::integer), [](parameter& p) {
    p.minimum = 0;
    p.maximum = 9;
    p.default_value = raw_json::trusted("6");
  });
  const parameter format = with(named("format"), [](parameter& p) {
    p.choices = {"xz", "gz"};
    p.required = true;
  });
  const parameter rate =
      with(named("rate", value_type::number), [](parameter& p) { p.minimum = 0.5L; });
  const parameter tags = with(list("tags"), [](parameter& p) {
    p.description = "Any number";
    p.choices = {"a", "b"};
    p.min_items = 1;
  });
  const parameter keep = named("keep", value_type::boolean);
  EXPECT_EQ(parameter_set({file, level, format, rate, tags, keep}).input_schema().view(),
            R"({"type":"object","properties":{)"
            R"("file":{"type":"string","title":"File","description":"Path of the file",)"
            R"("minLength":1,"maxLength":4096,"pattern":"^/"},)"
            R"("level":{"type":"integer","minimum":0,"maximum":9,"default":6},)"
            R"("format":{"type":"string","enum":["xz","gz"]},)"
            R"("rate":{"type":"number","minimum":0.5},)"
            R"("tags":{"type":"array","description":"Any number","minItems":1,)"
            R"("items":{"type":"string","enum":["a","b"]}},)"
            R"("keep":{"type":"boolean"}},)"
            R"("required":["file","format"],"additionalProperties":false})");
}

TEST(parameter, values_become_the_texts_that_programs_read) {
  EXPECT_EQ(value_of(named("s"), R"("a \"b\"\n$(c) {d}")"), one("a \"b\"\n$(c) {d}"));
  EXPECT_EQ(value_of(named("s"), R"("")"), one(""));
  EXPECT_EQ(value_of(named("s"), R"("\u00e9\ud83d\ude00")"), one("é😀"));
  const parameter integer = named("i", value_type::integer);
  EXPECT_EQ(value_of(integer, "3"), one("3"));
  EXPECT_EQ(value_of(integer, "3.0"), one("3"));
  EXPECT_EQ(value_of(integer, "1e3"), one("1000"));
  EXPECT_EQ(value_of(integer, "-0"), one("0"));
  EXPECT_EQ(value_of(integer, "-9223372036854775808"), one("-9223372036854775808"));
  const parameter number = named("n", value_type::number);
  EXPECT_EQ(value_of(number, "0.1"), one("0.1"));
  EXPECT_EQ(value_of(number, "100000.0"), one("100000"));
  EXPECT_EQ(value_of(number, "1e15"), one("1000000000000000"));
  EXPECT_EQ(value_of(number, "-0.0"), one("0"));
  EXPECT_EQ(value_of(number, "1e300"), one("1e+300"));
  EXPECT_EQ(value_of(number, "0.00002"), one("0.00002"));
  EXPECT_EQ(value_of(number, "2e-9"), one("2e-09"));
  // What no machine type holds is passed on as it was written.
  EXPECT_EQ(value_of(number, "18446744073709551617"), one("18446744073709551617"));
  EXPECT_EQ(value_of(number, "-123456789012345678901"), one("-123456789012345678901"));
  EXPECT_EQ(value_of(number, "1e999"), one("1e999"));
  EXPECT_EQ(value_of(number, "-1E+400"), one("-1E+400"));
  EXPECT_EQ(value_of(list("l", value_type::number), "[1.50,18446744073709551617,1e999]"),
            parameter_value(texts{"1.5", "18446744073709551617", "1e999"}));
  EXPECT_EQ(value_meant(number, R"("18446744073709551617")"), one("18446744073709551617"));
  EXPECT_EQ(value_meant(list("l", value_type::number), R"("[18446744073709551617,1e999]")"),
            parameter_value(texts{"18446744073709551617", "1e999"}));
  for (const char* large : {"18446744073709551616", "9223372036854775808", "1e999", "-1e400"}) {
    EXPECT_TRUE(std::get<std::string>(value_of(integer, large)).starts_with("refused: ")) << large;
  }
  const parameter boolean = named("b", value_type::boolean);
  EXPECT_EQ(value_of(boolean, "true"), one("true"));
  EXPECT_EQ(value_of(boolean, "false"), one("false"));
}

TEST(parameter, repeated_ones_are_lists_of_texts) {
  EXPECT_EQ(value_of(list("l"), R"(["a","","-b"])"), parameter_value(texts{"a", "", "-b"}));
  EXPECT_EQ(value_of(list("l", value_type::integer), "[1,-2]"), parameter_value(texts{"1", "-2"}));
  EXPECT_EQ(value_of(list("l", value_type::number), "[1.5]"), parameter_value(texts{"1.5"}));
  EXPECT_EQ(value_of(list("l", value_type::boolean), "[true,false]"),
            parameter_value(texts{"true", "false"}));
  EXPECT_EQ(value_of(list("l"), "[]"), parameter_value(texts{}));
}

TEST(parameter, missing_and_null_ones_have_their_default_or_no_value) {
  const parameter level = with(named("level", value_type::integer),
                               [](parameter& p) { p.default_value = raw_json::trusted("6"); });
  const parameter tags =
      with(list("tags"), [](parameter& p) { p.default_value = raw_json::trusted(R"(["x"])"); });
  const parameter_set set({level, tags, named("file")});
  const parameter_values plain{one("6"), texts{"x"}, std::monostate()};
  EXPECT_EQ(read(set, "{}"), plain);
  EXPECT_EQ(set.read({}), plain);
  EXPECT_EQ(read(set, R"({"level":null,"tags":null,"file":null})"), plain);
  EXPECT_EQ(read(set, R"({"file":"f","tags":[],"level":0})"),
            (parameter_values{one("0"), texts{}, one("f")}));
}

TEST(parameter, refusals_name_the_place_what_was_wanted_and_what_was_found) {
  const auto refused = [](const std::string& what) {
    return parameter_value("refused: arguments." + what);
  };
  EXPECT_EQ(value_of(named("s"), "3"), refused("s: expected a string, got 3"));
  const parameter level = with(named("level", value_type::integer), [](parameter& p) {
    p.minimum = 0;
    p.maximum = 9;
  });
  const std::string wanted = "level: expected an integer between 0 and 9, got ";
  EXPECT_EQ(value_of(level, "10"), refused(wanted + "10"));
  EXPECT_EQ(value_of(level, "-1"), refused(wanted + "-1"));
  EXPECT_EQ(value_of(level, "1.5"), refused(wanted + "1.5"));
  EXPECT_EQ(value_of(level, R"("3")"), refused(wanted + R"("3")"));
  EXPECT_EQ(value_of(named("b", value_type::boolean), R"("yes")"),
            refused(R"(b: expected true or false, got "yes")"));
  const parameter format = with(named("format"), [](parameter& p) { p.choices = {"xz", "gz"}; });
  EXPECT_EQ(value_of(format, R"("zip")"),
            refused(R"(format: expected one of "xz", "gz", got "zip")"));
  const parameter path = with(named("path"), [](parameter& p) { p.pattern = "^/"; });
  EXPECT_EQ(value_of(path, R"("etc")"),
            refused(R"(path: expected a string that matches ^/, got "etc")"));
  const parameter brief = with(named("brief"), [](parameter& p) { p.max_length = 2; });
  EXPECT_EQ(value_of(brief, R"("äöü")"),
            refused(R"(brief: expected a string of 0 to 2 characters, got "äöü")"));
  EXPECT_EQ(value_of(brief, R"("äö")"), one("äö"));
}

TEST(parameter, items_are_checked_one_by_one) {
  const parameter tags = with(list("tags"), [](parameter& p) {
    p.pattern = "^[a-z]+$";
    p.max_items = 2;
  });
  EXPECT_EQ(value_of(tags, R"(["a","B"])"),
            parameter_value("refused: arguments.tags[1]: expected a string that matches "
                            R"(^[a-z]+$, got "B")"));
  EXPECT_EQ(value_of(tags, R"(["a","b","c"])"),
            parameter_value("refused: arguments.tags: expected an array of 0 to 2 elements, got "
                            "more"));
  EXPECT_EQ(value_of(tags, R"("a")"),
            parameter_value("refused: arguments.tags: expected an array of 0 to 2 elements, got "
                            R"("a")"));
}

TEST(parameter, members_are_known_single_and_there_if_required) {
  const auto needed = [](parameter& p) { p.required = true; };
  const parameter_set set({with(named("file"), needed), with(named("to"), needed), named("x")});
  EXPECT_EQ(refusal(set, R"({"fiel":"a"})"),
            "arguments: unknown member \"fiel\"; did you mean \"file\"?\n"
            "arguments: missing members \"file\", \"to\"");
  EXPECT_EQ(refusal(set, R"({"file":"a","to":"b","file":"c"})"),
            R"(arguments: member "file" is there twice)");
  EXPECT_EQ(refusal(set, R"({"x":"a","file":"b"})"), R"(arguments: missing member "to")");
  EXPECT_EQ(refusal(set, "{}"), R"(arguments: missing members "file", "to")");
  EXPECT_EQ(refusal(set, R"({"file":null,"to":"b"})"),
            "arguments.file: expected a string, got null");
  EXPECT_EQ(refusal(set, "[]"), "arguments: expected an object");
}

TEST(parameter, what_cannot_be_passed_to_a_program_is_refused) {
  EXPECT_EQ(value_of(named("s"), R"("a\u0000b")"),
            parameter_value("refused: arguments.s: holds a NUL character, which cannot be passed "
                            "to a program"));
  EXPECT_EQ(value_of(list("l"), R"(["a","\u0000"])"),
            parameter_value("refused: arguments.l[1]: holds a NUL character, which cannot be "
                            "passed to a program"));
  const std::string longest(tunables::max_argument_bytes, 'x');
  EXPECT_EQ(value_of(named("s"), '"' + longest + '"'), one(longest));
  EXPECT_EQ(value_of(named("s"), '"' + longest + "x\""),
            parameter_value("refused: arguments.s: has 131072 bytes; an argument of a program has "
                            "at most 131071"));
}

TEST(parameter, standard_input_takes_any_text) {
  const parameter_set set({named("text"), named("other")}, "text");
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(read(set, R"({"text":")" + large + R"(\u0000"})").front(),
            one(large + std::string(1, '\0')));
  EXPECT_EQ(refusal(set, R"({"other":"\u0000"})"),
            "arguments.other: holds a NUL character, which cannot be passed to a program");
}

TEST(parameter, names_are_checked) {
  for (const char* good : {"file", "_x", "a-b_9", "A"}) EXPECT_EQ(faults_of(named(good)), "");
  EXPECT_EQ(faults_of(named(std::string(64, 'a'))), "");
  const std::string why =
      R"( is no name: 1 to 64 of A-Z, a-z, 0-9, '_' and '-', beginning with a letter or '_')";
  for (const std::string bad : {"", "9a", "-a", "a b", "a.b", "é", "a{b}"}) {
    std::string expected = "name: \"";
    expected.append(bad).append("\"").append(why);
    EXPECT_EQ(faults_of(named(bad)), expected);
  }
  EXPECT_NE(faults_of(named(std::string(65, 'a'))), "");
}

TEST(parameter, keywords_must_fit_the_type) {
  const std::string strings = "; this parameter takes strings";
  const std::string integers = "; this parameter takes integers";
  EXPECT_EQ(faults_of(with(named("s"),
                           [](parameter& p) {
                             p.minimum = 1;
                             p.maximum = 2;
                           })),
            "minimum: is for integers and numbers" + strings +
                "\nmaximum: is for integers and numbers" + strings);
  EXPECT_EQ(faults_of(with(named("i", value_type::integer),
                           [](parameter& p) {
                             p.min_length = 1;
                             p.max_length = 2;
                             p.pattern = "a";
                             p.choices = {"a"};
                             p.min_items = 1;
                             p.max_items = 2;
                           })),
            "minLength: is for strings" + integers + "\nmaxLength: is for strings" + integers +
                "\npattern: is for strings" + integers + "\nminItems: is for arrays" + integers +
                "\nmaxItems: is for arrays" + integers + "\nenum: holds strings" + integers +
                "; write them without quotes");
  EXPECT_EQ(faults_of(with(list("l", value_type::number), [](parameter& p) { p.pattern = "a"; })),
            "pattern: is for strings; this parameter takes a list of numbers");
  EXPECT_EQ(
      faults_of(with(named("b", value_type::boolean), [](parameter& p) { p.allow_option = true; })),
      "allow_option: booleans never begin with '-'; leave it out");
}

TEST(parameter, bounds_must_let_a_value_through) {
  const auto changed = [](value_type type, const std::function<void(parameter&)>& change) {
    return faults_of(with(named("x", type), change));
  };
  EXPECT_EQ(changed(value_type::integer,
                    [](parameter& p) {
                      p.minimum = 2;
                      p.maximum = 1;
                    }),
            "minimum: is greater than maximum: no value fits");
  EXPECT_EQ(changed(value_type::string,
                    [](parameter& p) {
                      p.min_length = 2;
                      p.max_length = 1;
                    }),
            "minLength: is greater than maxLength: no value fits");
  EXPECT_EQ(faults_of(with(list("l"),
                           [](parameter& p) {
                             p.min_items = 2;
                             p.max_items = 1;
                           })),
            "minItems: is greater than maxItems: no value fits");
  EXPECT_EQ(changed(value_type::integer, [](parameter& p) { p.minimum = 0.5L; }),
            "minimum: must be an integer of 64 bits, as the parameter is");
  EXPECT_EQ(changed(value_type::integer, [](parameter& p) { p.maximum = 1e30L; }),
            "maximum: must be an integer of 64 bits, as the parameter is");
  EXPECT_EQ(changed(value_type::number,
                    [](parameter& p) { p.maximum = std::numeric_limits<double>::infinity(); }),
            "maximum: must be a finite number");
}

TEST(parameter, patterns_and_choices_are_checked) {
  const std::string fault = faults_of(with(named("s"), [](parameter& p) { p.pattern = "a("; }));
  EXPECT_EQ(fault, "pattern: has a '(' without its ')'");
  EXPECT_NE(faults_of(with(named("s"), [](parameter& p) { p.pattern = "(?=a)"; })), "");
  EXPECT_EQ(faults_of(with(named("s"), [](parameter& p) { p.choices = {"a", "b", "a"}; })),
            R"(enum: "a" is there twice)");
  EXPECT_EQ(faults_of(with(named("s"),
                           [](parameter& p) {
                             p.choices = {"a", "bb"};
                             p.max_length = 1;
                           })),
            R"(enum: expected a string of 0 to 1 characters, got "bb")");
  EXPECT_EQ(faults_of(with(named("s"), [](parameter& p) { p.choices = {std::string(1, '\0')}; })),
            "enum: holds a NUL character, which cannot be passed to a program");
}

TEST(parameter, a_default_must_fit_and_be_of_use) {
  const auto defaulted = [](parameter p, const char* json) {
    p.default_value = raw_json::trusted(json);
    return faults_of(p);
  };
  EXPECT_EQ(defaulted(named("s"), R"("a")"), "");
  EXPECT_EQ(defaulted(named("s"), "1"), "default: expected a string, got 1");
  EXPECT_EQ(defaulted(named("s"), R"("\u0000")"),
            "default: holds a NUL character, which cannot be passed to a program");
  EXPECT_EQ(defaulted(list("l", value_type::integer), R"([1,"x"])"),
            R"(default: default[1]: expected an integer, got "x")");
  EXPECT_EQ(defaulted(with(named("s"), [](parameter& p) { p.required = true; }), R"("a")"),
            "default: is never used, as the parameter is required: leave one of them out");
}

TEST(parameter, a_set_refuses_what_a_check_would_find) {
  EXPECT_THROW(parameter_set({named("9")}), std::invalid_argument);
  EXPECT_THROW(parameter_set({named("a"), named("a")}), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::command
