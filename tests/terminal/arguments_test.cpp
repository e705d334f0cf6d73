// SPDX-License-Identifier: Apache-2.0
// Words of a command line as arguments: each rule, each mistake, and schemas that nobody should
// write.
#include "terminal/arguments.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"
#include "terminal/schema_lookup.hpp"
#include "terminal/schema_words.hpp"

namespace longhaul::terminal {
namespace {

using words = std::vector<std::string>;

raw_json with_properties(const std::string& properties, const std::string& more = "") {
  return raw_json::parse(R"({"type":"object","properties":{)" + properties + "}" + more + "}");
}

// Files that are only in the test's memory.
std::string no_files(const std::string& path) {
  static const std::map<std::string, std::string> files{
      {"args.json", R"({"n": 1, "text": "from file"})"},
      {"-", R"({"n":2})"},
      {"list.json", "[1,\n2]"},
      {"number", "7\n"},
      {"note", "\xEF\xBB\xBFline one\nline two\n"},
      {"broken.json", "{"},
      {"odd.json", R"({"nn": 5})"},
      {"binary", "\xFF\xFE"}};
  const auto found = files.find(path);
  if (found == files.end()) throw std::runtime_error(path + " cannot be read: not there");
  return found->second;
}

read_words read(const raw_json& schema, const words& given) {
  return read_arguments(schema, given, no_files);
}
std::string arguments(const raw_json& schema, const words& given) {
  return std::string(read(schema, given).arguments.view());
}
std::string refusal(const raw_json& schema, const words& given) {
  try {
    return "accepted: " + arguments(schema, given);
  } catch (const argument_error& e) {
    return e.what();
  }
}

// A value for a parameter `p` of this schema; or the refusal, without its beginning.
std::string value(const std::string& schema, const std::string& text) {
  try {
    std::string result = arguments(with_properties(R"("p":)" + schema), {"p=" + text});
    return result.substr(5, result.size() - 6);
  } catch (const argument_error& e) {
    const std::string refused = e.what();
    EXPECT_TRUE(refused.starts_with(R"("p": )")) << refused;
    return refused.substr(5);
  }
}

struct typed_case {
  std::string schema, text, wanted;
};

TEST(arguments, a_value_is_typed_by_its_schema) {
  const std::vector<typed_case> cases{
      {R"({"type":"integer"})", "5", "5"},
      {R"({"type":"integer"})", "-0", "-0"},
      {R"({"type":"integer"})", "5.0", "5.0"},
      {R"({"type":"integer"})", "1e3", "1e3"},
      {R"({"type":"integer"})", " 5 ", "5"},
      {R"({"type":"integer"})", "12345678901234567890", "12345678901234567890"},
      {R"({"type":"integer"})", "123456789012345678901234567890", "123456789012345678901234567890"},
      {R"({"type":"integer"})", "1e30", "1e30"},
      {R"({"type":"integer"})", "1.5", R"(expected integer, got "1.5")"},
      {R"({"type":"integer"})", "9007199254740993.5",
       R"(expected integer, got "9007199254740993.5")"},
      {R"({"type":"integer"})", "", R"(expected integer, got "")"},
      {R"({"type":"integer"})", "0x10", R"(expected integer, got "0x10")"},
      {R"({"type":"integer"})", "007", R"(expected integer, got "007")"},
      {R"({"type":"integer"})", "5 6", R"(expected integer, got "5 6")"},
      {R"({"type":"integer","minimum":1,"maximum":9})", "x", R"(expected integer 1 to 9, got "x")"},
      {R"({"type":"number"})", "0.1000", "0.1000"},
      {R"({"type":"number"})", "1e400", "1e400"},
      {R"({"type":"number"})", "NaN", R"(expected number, got "NaN")"},
      {R"({"type":"number"})", "true", R"(expected number, got "true")"},
      {R"({"type":"boolean"})", "true", "true"},
      {R"({"type":"boolean"})", "yes", R"(expected true or false, got "yes")"},
      {R"({"type":"null"})", "null", "null"},
      {R"({"type":"null"})", "", R"(expected null, got "")"},
      {R"({"type":"string"})", "5", R"("5")"},
      {R"({"type":"string"})", "", R"("")"},
      {R"({"type":"string"})", " a=\"b\"\n", R"(" a=\"b\"\n")"},
      {R"({"type":"string"})", "[1]", R"("[1]")"},
      {R"({"type":"object"})", R"({"a": 1})", R"({"a": 1})"},
      {R"({"type":"object"})", "a", R"(expected object, got "a")"},
      {R"({"type":"object"})", "[1]", R"(expected object, got "[1]")"},
      {R"({"type":"array","items":{"type":"integer"}})", "1", "[1]"},
      {R"({"type":"array","items":{"type":"integer"}})", "[1,2]", "[1,2]"},
      {R"({"type":"array","items":{"type":"integer"}})", "x", R"(expected integer, got "x")"},
      {R"({"type":"array","items":{"type":"string"}})", "[a", R"(["[a"])"},
      {R"({"type":"array"})", "1", R"(["1"])"},
  };
  for (const auto& [schema, text, wanted] : cases) {
    EXPECT_EQ(value(schema, text), wanted) << schema << ' ' << text;
  }
}

TEST(arguments, of_several_types_the_first_that_fits_is_taken) {
  const std::string any = R"({"type":["string","null","boolean","number","integer"]})",
                    text_or_list = R"({"anyOf":[{"type":"string"},{"type":"array"}]})",
                    number_or_list = R"({"oneOf":[{"type":"integer"},{"type":"array","items":)"
                                     R"({"type":"boolean"}}]})";
  const std::vector<typed_case> cases{
      {any, "5", "5"},
      {any, "5.5", "5.5"},
      {any, "true", "true"},
      {any, "null", "null"},
      {any, "nul", R"("nul")"},
      {R"({"type":"string","nullable":true})", "null", "null"},
      {R"({"type":["integer","null"]})", "x", R"(expected integer or null, got "x")"},
      {text_or_list, "a", R"("a")"},
      {text_or_list, "[1]", "[1]"},
      {number_or_list, "3", "3"},
      {number_or_list, "true", "[true]"},
      {number_or_list, "x", R"(expected integer or list of true or false, got "x")"},
      {R"({"anyOf":[{"enum":["5"]},{"type":"integer"}]})", "5", R"("5")"},
      {R"({"anyOf":[{"enum":["5"]},{"type":"integer"}]})", "6", "6"},
      {R"({"anyOf":[{"const":"auto"},{"type":"string"}]})", "x", R"("x")"},
  };
  for (const auto& [schema, text, wanted] : cases) {
    EXPECT_EQ(value(schema, text), wanted) << schema << ' ' << text;
  }
}

TEST(arguments, choices_are_listed_with_the_nearest) {
  const std::vector<typed_case> cases{
      {R"({"enum":["red","green"]})", "red", R"("red")"},
      {R"({"enum":["red","green"]})", "gren",
       R"(expected one of red, green, got "gren"; did you mean "green"?)"},
      {R"({"enum":["red","green"]})", "violet", R"(expected one of red, green, got "violet")"},
      {R"({"type":"string","enum":[]})", "any", R"("any")"},
      {R"({"enum":[1, 2.0, null, true]})", "2", "2.0"},
      {R"({"enum":[1, 2.0, null, true]})", "null", "null"},
      {R"({"enum":[1, 2.0, null, true]})", "true", "true"},
      {R"({"enum":[1, 2.0, null, true]})", "3", R"(expected one of 1, 2.0, null, true, got "3")"},
      {R"({"const":"only"})", "other", R"(expected only, got "other")"},
      {R"({"type":"string","oneOf":[{"const":"a","title":"A"},{"const":"b"}]})", "b", R"("b")"},
      {R"({"type":"string","oneOf":[{"const":"a","title":"A"},{"const":"b"}]})", "c",
       R"(expected one of a, b, got "c"; did you mean "a"?)"},
      {R"({"type":"array","items":{"enum":["a","b"]}})", "a", R"(["a"])"},
      {R"({"enum":["a b","a,b",""]})", "x", R"(expected one of "a b", "a,b", "", got "x")"},
  };
  for (const auto& [schema, text, wanted] : cases) {
    EXPECT_EQ(value(schema, text), wanted) << schema << ' ' << text;
  }
}

TEST(arguments, a_list_grows_by_its_words) {
  const auto schema = with_properties(
      R"("n":{"type":"array","items":{"type":"integer"}},"one":{"type":"integer"})");
  EXPECT_EQ(arguments(schema, {"n=1", "one=3", "n=2"}), R"({"n":[1,2],"one":3})");
  EXPECT_EQ(refusal(schema, {"one=1", "one=2"}), R"("one" is given twice, and is no list)");
  EXPECT_EQ(refusal(schema, {"one:=1", "one=2"}), R"("one" is given twice)");
  EXPECT_EQ(refusal(schema, {"one=1", "one:=2"}), R"("one" is given twice)");
  EXPECT_EQ(refusal(schema, {"n=1", "n=x"}), R"("n": expected integer, got "x")");
  EXPECT_EQ(arguments(schema, {"n:=[]"}), R"({"n":[]})");
}

TEST(arguments, json_and_files) {
  const auto schema = with_properties(R"("n":{"type":"integer"},"text":{"type":"string"},)"
                                      R"("list":{"type":"array"})");
  const std::vector<std::pair<words, std::string>> cases{
      {{R"(n:={"any": [1]})"}, R"({"n":{"any": [1]}})"},
      {{"list:=@list.json"}, R"({"list":[1,2]})"},
      {{"list=@list.json"}, R"({"list":[1,2]})"},
      {{"n=@number"}, R"({"n":7})"},
      {{"text=@note"}, R"({"text":"line one\nline two\n"})"},
      {{"text=@@note"}, R"({"text":"@note"})"},
      {{"text=@@@note"}, R"({"text":"@@note"})"},
      {{"text=a@b"}, R"({"text":"a@b"})"},
      {{"text=a:=b"}, R"({"text":"a:=b"})"},
      {{"@args.json"}, R"({"n":1,"text":"from file"})"},
      {{"@args.json", "n=5"}, R"({"n":5,"text":"from file"})"},
      {{"n=5", "@args.json"}, R"({"n":1,"text":"from file"})"},
      {{"@args.json", "n:=6"}, R"({"n":6,"text":"from file"})"},
      {{"@args.json", "@-"}, R"({"n":2,"text":"from file"})"},
      {{"text=@-"}, R"({"text":"{\"n\":2}"})"},
      {{"@odd.json"}, R"({"nn":5})"},
      {{}, "{}"},
  };
  for (const auto& [given, wanted] : cases) {
    EXPECT_EQ(refusal(schema, given), "accepted: " + wanted) << given.size();
  }
}

TEST(arguments, everything_that_is_wrong_is_told_together) {
  const auto schema = with_properties(R"("frames":{"type":"integer"},"scene":{"type":"string"})");
  EXPECT_EQ(refusal(schema, {"frames=x", "fames=3", "word", "scene=@absent", "scene:={", "=x",
                             "@broken.json", "@list.json", "@", "text=@binary"}),
            "there is no parameter \"fames\"; did you mean \"frames\"?\n"
            "\"word\" is no argument: write key=value, key:=json or @file.json\n"
            "\"scene\": absent cannot be read: not there\n"
            "\"scene\": this is no JSON: " +
                std::string([] {
                  try {
                    raw_json::parse("{");
                    return std::string();
                  } catch (const invalid_json& e) {
                    return std::string(e.what());
                  }
                }()) +
                "\n"
                "\"=x\" is no argument: write key=value, key:=json or @file.json\n"
                "@broken.json: this is no JSON: " +
                std::string([] {
                  try {
                    raw_json::parse("{");
                    return std::string();
                  } catch (const invalid_json& e) {
                    return std::string(e.what());
                  }
                }()) +
                "\n"
                "@list.json: expected a JSON object, got an array\n"
                "@: no file is named behind @; write @@ for an @\n"
                "\"text\": binary is not UTF-8\n"
                "\"frames\": expected integer, got \"x\"");
  EXPECT_EQ(refusal(schema, {"scene=\xFF"}), "\"scene=\xEF\xBF\xBD\" is not UTF-8");
  EXPECT_EQ(refusal(schema, {"@-", "scene=@-"}),
            R"("scene": standard input can be read only once)");
}

TEST(arguments, many_mistakes_are_cut) {
  const words given(1000, "word");
  const std::string told = refusal(with_properties(""), given);
  EXPECT_TRUE(told.ends_with("\n… and more"));
  EXPECT_LT(told.size(), 4000U);
}

TEST(arguments, names_that_are_not_there) {
  const std::string two = R"("frames":{"type":"integer"},"scene":{"type":"string"})";
  const auto open = with_properties(two),
             closed = with_properties(two, R"(,"additionalProperties":false)");
  EXPECT_EQ(refusal(open, {"frame=3"}), R"(there is no parameter "frame"; did you mean "frames"?)");
  EXPECT_EQ(arguments(open, {"colour=5"}), R"({"colour":"5"})");
  EXPECT_EQ(refusal(closed, {"colour=5"}),
            R"(there is no parameter "colour"; there is one of "frames", "scene")");
  EXPECT_EQ(refusal(closed, {"@odd.json"}),
            R"(there is no parameter "nn"; there is one of "frames", "scene")");
  EXPECT_EQ(refusal(with_properties("", R"(,"additionalProperties":false)"), {"a=1"}),
            R"(there is no parameter "a"; there are none)");
  EXPECT_EQ(arguments(with_properties(two, R"(,"additionalProperties":{"type":"integer"})"),
                      {"colour=5"}),
            R"({"colour":5})");
  EXPECT_EQ(arguments(with_properties(two, R"(,"additionalProperties":false,)"
                                           R"("patternProperties":{"^x":{}})"),
                      {"frame=5"}),
            R"({"frame":"5"})");
  EXPECT_EQ(arguments(raw_json(), {"a=1"}), R"({"a":"1"})");
}

TEST(arguments, required_ones_that_are_missing_are_told_apart) {
  const auto schema = with_properties(R"("a":{"type":"integer"},"b":{},"c":{})",
                                      R"(,"required":["c","a",5,"unlisted"])");
  const auto result = read(schema, {"b=x"});
  EXPECT_EQ(result.missing, (words{"a", "c", "unlisted"}));
  EXPECT_TRUE(read(schema, {"a=1", "c=2", "unlisted=3"}).missing.empty());
}

TEST(arguments, schemas_of_many_parts) {
  const auto schema = raw_json::parse(
      R"({"$ref":"#/$defs/args","$defs":{"args":{"type":"object","allOf":[{"properties":{"n":)"
      R"({"$ref":"#/$defs/count"}},"required":["n"]},{"$ref":"#/$defs/more"}],"anyOf":)"
      R"([{"properties":{"x":{"type":"boolean"}},"required":["x"]}]},)"
      R"("count":{"allOf":[{"description":"d"},{"$ref":"#/$defs/a~1b%20c"}]},)"
      R"("a/b c":{"type":"integer"},"more":{"properties":{"t":{"type":"string"}}}}})");
  EXPECT_EQ(arguments(schema, {"n=1", "t=2", "x=true"}), R"({"n":1,"t":"2","x":true})");
  EXPECT_EQ(read(schema, {}).missing, words{"n"});
  EXPECT_EQ(refusal(schema, {"n=x"}), R"("n": expected integer, got "x")");
}

// None of these says anything that can be read: they must end, and the text is then a string.
TEST(arguments, schemas_that_say_nothing) {
  for (const char* schema :
       {"true",
        "false",
        "null",
        "5",
        "[]",
        R"("text")",
        "{}",
        R"({"type":5})",
        R"({"type":"unknown"})",
        R"({"type":[]})",
        R"({"$ref":"#/properties/p"})",
        R"({"$ref":"#/nowhere"})",
        R"({"$ref":"other.json"})",
        R"({"$ref":5,"type":7})",
        R"({"$ref":"#/properties/p/anyOf/0","anyOf":[{"$ref":"#/properties/p"}]})",
        R"({"anyOf":[{"$ref":"#/properties/p"},{"$ref":"#/properties/p"}]})",
        R"({"anyOf":[]})",
        R"({"allOf":[{"allOf":[{"$ref":"#/properties/p"}]}]})",
        R"({"oneOf":5,"anyOf":{"a":1}})",
        R"({"enum":"a"})",
        R"({"anyOf":[true,{}]})",
        R"({"$ref":"#/%"})",
        R"({"$ref":"#/%zz/~"})",
        R"({"$ref":"#properties"})",
        R"({"not":{"type":"integer"}})"}) {
    EXPECT_EQ(value(schema, "5"), R"("5")") << schema;
  }
}

TEST(arguments, schemas_without_types_are_known_by_their_keywords) {
  EXPECT_EQ(value(R"({"minimum":1})", "5"), "5");
  EXPECT_EQ(value(R"({"items":{"type":"integer"}})", "5"), "[5]");
  EXPECT_EQ(value(R"({"properties":{}})", "{}"), "{}");
  EXPECT_EQ(value(R"({"type":"integer","anyOf":[{"minimum":1},{"maximum":-1}]})", "5"), "5");
}

TEST(arguments, deep_and_wide_schemas_end) {
  std::string deep = R"({"type":"integer"})", items = R"({"type":"integer"})";
  for (int i = 0; i < 200; ++i) {
    deep = R"({"anyOf":[)" + deep + "]}";
    items = R"({"type":"array","items":)" + items + "}";
  }
  EXPECT_EQ(value(deep, "5"), R"("5")");
  EXPECT_NE(value(items, "x").find("got \"x\""), std::string::npos);
  std::string doubling = R"("d0":{"type":"integer"})";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "{\"$ref\":\"#/$defs/d" + std::to_string(i - 1) + "\"}";
    doubling += ",\"d" + std::to_string(i) + R"(":{"anyOf":[)" + before + "," + before + "]}";
  }
  const auto schema =
      with_properties(R"("p":{"$ref":"#/$defs/d39"})", ",\"$defs\":{" + doubling + "}");
  EXPECT_EQ(refusal(schema, {"p=x"}).substr(0, 9), "accepted:");
  std::string chain = R"("c0":{"type":"integer"})";
  for (int i = 1; i < 40; ++i) {
    chain += ",\"c" + std::to_string(i) + R"(":{"$ref":"#/$defs/c)" + std::to_string(i - 1) + "\"}";
  }
  EXPECT_EQ(arguments(with_properties(R"("p":{"$ref":"#/$defs/c4"})", ",\"$defs\":{" + chain + "}"),
                      {"p=5"}),
            R"({"p":5})");
  const std::string opening(505, '[');
  EXPECT_EQ(refusal(with_properties(""), {"p:=" + opening + std::string(505, ']')}).substr(0, 9),
            "accepted:");
}

// Found in review: the list of one element never ended.
TEST(arguments, lists_of_themselves_end) {
  const std::string list = R"({"type":"array","items":{"$ref":"#/properties/p"}})";
  EXPECT_NE(value(list, "x").find(R"(got "x")"), std::string::npos);
  EXPECT_EQ(value(list, "[[]]"), "[[]]");
  std::string several = list;
  for (int i = 0; i < 30; ++i) several += "," + list;
  EXPECT_NE(value(R"({"anyOf":[)" + several + "]}", "x").find(R"(got "x")"), std::string::npos);
  EXPECT_EQ(refusal(with_properties("\"p\":" + list), {"p=x", "p=y"}).substr(0, 5), "\"p\": ");
}

TEST(arguments, too_deep_a_value_is_refused) {
  const std::string whole = std::string(511, '[') + std::string(511, ']');
  EXPECT_NE(refusal(with_properties(""), {"p:=" + whole}).find("the arguments: this is no JSON"),
            std::string::npos);
}

TEST(arguments, nothing_of_a_server_reaches_the_terminal_raw) {
  const auto schema =
      with_properties(R"("a\u001b[31mb":{"enum":["\u001b]0;title\u0007x","\u202ey",)"
                      R"("z\u009b1m"]})");
  const std::string told = refusal(schema, {"a\x1B[31mb=q", "a\x1B[31mc=1"});
  for (const char* raw : {"\x1B", "\xE2\x80\xAE", "\xC2\x9B", "\x07"}) {
    EXPECT_EQ(told.find(raw), std::string::npos) << told;
  }
  EXPECT_NE(told.find("one of x, y, z"), std::string::npos) << told;
}

TEST(arguments, what_is_missing_is_asked_for) {
  const auto schema = with_properties(
      R"("n":{"type":"integer","minimum":1,"maximum":100,"default":24},"t":{"type":"string"},)"
      R"("r":{"$ref":"#/$defs/r"})",
      R"(,"$defs":{"r":{"enum":["a","b"],"default":"b"}})");
  EXPECT_EQ(argument_question(schema, "n"), "n (integer 1 to 100) [24]: ");
  EXPECT_EQ(argument_question(schema, "t"), "t (text): ");
  EXPECT_EQ(argument_question(schema, "r"), "r (one of a, b) [b]: ");
  EXPECT_EQ(argument_question(schema, "unlisted\n"), "unlisted : ");
  EXPECT_EQ(read_argument(schema, "n", "7").view(), "7");
  EXPECT_EQ(read_argument(schema, "n", "").view(), "24");
  EXPECT_EQ(read_argument(schema, "r", "").view(), R"("b")");
  EXPECT_EQ(read_argument(schema, "t", "@file").view(), R"("@file")");
  const auto refused = [&](const char* name, const char* typed) {
    try {
      return std::string(read_argument(schema, name, typed).view());
    } catch (const argument_error& e) {
      return std::string(e.what());
    }
  };
  EXPECT_EQ(refused("n", "x"), R"("n": expected integer 1 to 100, got "x")");
  EXPECT_EQ(refused("t", ""), R"("t": a value is needed: text)");
  EXPECT_EQ(refused("t", "\xFF"), R"("t": this is not UTF-8)");
  EXPECT_EQ(with_argument(raw_json::parse(R"({"a":1,"b":2})"), "a", raw_json::parse("3")).view(),
            R"({"b":2,"a":3})");
  EXPECT_EQ(with_argument(raw_json(), "a", raw_json::parse("3")).view(), R"({"a":3})");
}

TEST(arguments, names_in_words) {
  EXPECT_EQ(name_in_word("a=b"), "a");
  EXPECT_EQ(name_in_word("a:=b"), "a");
  EXPECT_EQ(name_in_word("a=b:=c"), "a");
  EXPECT_EQ(name_in_word(":=c"), "");
  EXPECT_EQ(name_in_word("@a=b"), "");
  EXPECT_EQ(name_in_word("a"), "");
}

TEST(arguments, real_files) {
  const test::temporary_folder folder;
  const std::string path = folder.path() + "/text";
  std::ofstream(path) << "one\n";
  EXPECT_EQ(read_argument_file(path), "one\n");
  for (const std::string& bad : {path + ".absent", folder.path()}) {
    try {
      read_argument_file(bad);
      ADD_FAILURE() << bad;
    } catch (const std::runtime_error& e) {
      EXPECT_TRUE(std::string(e.what()).starts_with(bad + " cannot be read: ")) << e.what();
    }
  }
}

TEST(schema_words, of_every_kind) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"type":"integer","minimum":1,"maximum":100})", "integer 1 to 100"},
      {R"({"type":"integer","minimum":1})", "integer of at least 1"},
      {R"({"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1})", "number above 0 below 1"},
      {R"({"type":"integer","multipleOf":5})", "integer in steps of 5"},
      {R"({"type":"string"})", "text"},
      {R"({"type":"string","minLength":3,"maxLength":3})", "text of 3 characters"},
      {R"({"type":"string","pattern":"^a+$"})", "text matching ^a+$"},
      {R"({"type":"string","format":"email"})", "email address"},
      {R"({"type":"string","format":"path"})", "text (path)"},
      {R"({"type":"boolean"})", "true or false"},
      {R"({"enum":["a","b","c"]})", "one of a, b, c"},
      {R"({"type":"array","items":{"type":"string"}})", "list of text"},
      {R"({"type":"array","items":{"type":"integer","minimum":1}})",
       "list of integers of at least 1"},
      {R"({"type":"array","minItems":1,"maxItems":3,"items":{"type":"string"}})",
       "list of 1 to 3: text"},
      {R"({"type":"array"})", "list"},
      {R"({"type":"object","properties":{"a":{},"b":{}}})", "object with a, b"},
      {R"({"type":"object"})", "object"},
      {R"({"type":["string","null"]})", "text or null"},
      {R"({"anyOf":[{"type":"integer"},{"type":"string"},{"type":"integer"}]})", "integer or text"},
      {"{}", "any JSON"},
      {"true", "any JSON"},
      {R"({"minLength":1e300})", "text of at least 1000000000000000 characters"},
      {R"({"type":"integer","minimum":"x"})", "integer"},
  };
  for (const auto& [schema, wanted] : cases) {
    const auto text = raw_json::parse(schema);
    EXPECT_EQ(type_words(json::value(text), json::value(text)), wanted) << schema;
  }
}

}  // namespace
}  // namespace longhaul::terminal
