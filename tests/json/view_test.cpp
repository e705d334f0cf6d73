// SPDX-License-Identifier: Apache-2.0
#include "json/view.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>
#include <random>
#include <string>

#include "json/validate.hpp"

namespace longhaul::json {
namespace {

namespace bj = boost::json;

std::optional<std::string> text_of(std::string_view json) {
  validate(json);
  return value(json).string();
}

TEST(json_value, knows_its_kind) {
  EXPECT_EQ(value().type(), kind::absent);
  EXPECT_EQ(value("null").type(), kind::null);
  EXPECT_EQ(value("true").type(), kind::boolean);
  EXPECT_EQ(value("false").type(), kind::boolean);
  EXPECT_EQ(value("-1").type(), kind::number);
  EXPECT_EQ(value("\"\"").type(), kind::string);
  EXPECT_EQ(value("[]").type(), kind::array);
  EXPECT_EQ(value("{}").type(), kind::object);
  EXPECT_FALSE(value());
  EXPECT_TRUE(value("null"));
  EXPECT_EQ(value(raw_json()).type(), kind::absent);
}

TEST(json_value, drops_white_space_around_it) {
  EXPECT_EQ(value(" \t\r\n{ } \n").raw(), "{ }");
  EXPECT_EQ(value("   ").type(), kind::absent);
}

TEST(json_value, resolves_escapes) {
  EXPECT_EQ(text_of(R"("")"), "");
  EXPECT_EQ(text_of(R"("a\"b\\c\/d\b\f\n\r\t")"), "a\"b\\c/d\b\f\n\r\t");
  EXPECT_EQ(text_of(R"("\u0041\u00e9\u20AC\ud83d\ude80")"), "Aé€🚀");
  EXPECT_EQ(text_of(R"("\u0000x")"), std::string("\0x", 2));
  EXPECT_EQ(text_of(R"("\ud83d\ude80\ud83d\ude80")"), "🚀🚀");
  EXPECT_EQ(text_of(R"("\\u0041")"), "\\u0041");
  EXPECT_EQ(text_of(R"("\\")"), "\\");
  EXPECT_EQ(text_of("1"), std::nullopt);
}

TEST(json_value, reads_numbers_only_as_what_they_are) {
  EXPECT_EQ(value("42").integer(), 42);
  EXPECT_EQ(value("-0").integer(), 0);
  EXPECT_EQ(value("9223372036854775807").integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(value("-9223372036854775808").integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(value("9223372036854775808").integer(), std::nullopt);
  EXPECT_EQ(value("1.0").integer(), std::nullopt);
  EXPECT_EQ(value("1e2").integer(), std::nullopt);
  EXPECT_EQ(value("\"1\"").integer(), std::nullopt);
  EXPECT_EQ(value("true").integer(), std::nullopt);
  EXPECT_EQ(value().integer(), std::nullopt);
  EXPECT_EQ(value("1e2").number(), 100.0);
  EXPECT_EQ(value("18446744073709551615").number(), 18446744073709551615.0);
  EXPECT_EQ(value("-0.5").number(), -0.5);
  EXPECT_EQ(value("null").number(), std::nullopt);
  EXPECT_EQ(value("true").boolean(), true);
  EXPECT_EQ(value("false").boolean(), false);
  EXPECT_EQ(value("0").boolean(), std::nullopt);
}

TEST(json_value, numbers_too_large_for_a_double_are_infinite) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const std::string digits(400, '9');
  for (const std::string& text :
       {std::string("1e400"), std::string("1E+400"), digits, digits + ".5",
        "0." + std::string(10, '0') + "1e1000", std::string("1e99999999999999999999")}) {
    ASSERT_NO_THROW(validate(text)) << text;
    EXPECT_EQ(value(text).number(), infinite) << text;
    EXPECT_EQ(value("-" + text).number(), -infinite) << text;
    EXPECT_EQ(value(text).integer(), std::nullopt) << text;
  }
}

TEST(json_value, numbers_too_small_for_a_double_are_zero) {
  const std::string zeros(400, '0');
  for (const std::string& text :
       {std::string("1e-400"), "0." + zeros + "1", "0." + zeros + "1e10",
        std::string("1e-99999999999999999999"), "9" + zeros + "e-1000", std::string("0e999999")}) {
    ASSERT_NO_THROW(validate(text)) << text;
    EXPECT_EQ(value(text).number(), 0.0) << text;
    EXPECT_EQ(value("-" + text).number(), 0.0) << text;
  }
}

TEST(json_value, compares_strings_by_content) {
  EXPECT_TRUE(value(R"("a\u0062c")").equals("abc"));
  EXPECT_FALSE(value(R"("abc")").equals("abcd"));
  EXPECT_FALSE(value(R"("abcd")").equals("abc"));
  EXPECT_TRUE(value(R"("")").equals(""));
  EXPECT_FALSE(value("1").equals("1"));
  EXPECT_FALSE(value().equals(""));
}

TEST(json_value, finds_members) {
  const value v(R"( { "a" : 1 , "b":{"a":2}, "":3, "\u0063":[4], "a":5 } )");
  EXPECT_EQ(v["a"].raw(), "1") << "the first of that name";
  EXPECT_EQ(v["b"]["a"].raw(), "2");
  EXPECT_EQ(v[""].raw(), "3");
  EXPECT_EQ(v["c"].raw(), "[4]");
  EXPECT_FALSE(v["d"]);
  EXPECT_FALSE(v["d"]["e"]) << "of an absent value";
  EXPECT_FALSE(value("[1]")["0"]);
  EXPECT_FALSE(value("\"a\"")["a"]);
}

TEST(json_members, walks_in_order_repeated_keys_included) {
  std::string seen;
  for (members m(value(R"({"a":"}",  "b\n" : "\"{", "a":[{"x":1},"]"],"z":null})")); m.next();) {
    seen += std::string(m.key()) + "=" + std::string(m.value().raw()) + ";";
  }
  EXPECT_EQ(seen, "a=\"}\";b\n=\"\\\"{\";a=[{\"x\":1},\"]\"];z=null;");
}

TEST(json_members, of_what_is_no_object_are_none) {
  for (const char* text : {"{}", "{ }", "[1]", "1", "null", "\"{}\"", ""}) {
    EXPECT_FALSE(members(value(text)).next()) << text;
    members twice{value(text)};
    (void)twice.next();
    EXPECT_FALSE(twice.next());
  }
}

TEST(json_elements, walks_in_order) {
  std::string seen;
  for (elements e(value(R"([ 1 ,"a,]", [2,[3]],{"k":[4]} , true,null,-1.5e3 ])")); e.next();) {
    seen += std::string(e.value().raw()) + ";";
  }
  EXPECT_EQ(seen, R"(1;"a,]";[2,[3]];{"k":[4]};true;null;-1.5e3;)");
  for (const char* text : {"[]", "[ ]", "{}", "1", ""}) {
    EXPECT_FALSE(elements(value(text)).next()) << text;
  }
}

TEST(json_value, walks_the_deepest_text_that_is_accepted) {
  std::string text = "1";
  for (int i = 0; i < 511; ++i) text = (i % 2 == 0 ? "[" + text + "]" : "{\"k\":" + text + "}");
  ASSERT_NO_THROW(validate(text));
  value v(text);
  std::size_t depth = 0;
  for (; !v.is(kind::number); ++depth) {
    if (v.is(kind::object)) {
      v = v["k"];
    } else {
      elements e(v);
      ASSERT_TRUE(e.next());
      v = e.value();
    }
  }
  EXPECT_EQ(depth, 511u);
  EXPECT_THROW(validate("[" + text + "]"), invalid_json);
}

// --- differential: documents that Boost.JSON holds

class documents {
 public:
  explicit documents(unsigned seed) : random_(seed) {}

  bj::value next(int depth = 0) {
    switch (random_() % (depth > 4 ? 6 : 8)) {
      case 0:
        return nullptr;
      case 1:
        return random_() % 2 == 0;
      case 2:
        return static_cast<std::int64_t>((std::uint64_t{random_()} << 32) ^ random_());
      case 3:
        return std::uint64_t{random_()} << 32;
      case 4:
        return std::ldexp(static_cast<double>(random_()), static_cast<int>(random_() % 80) - 60);
      case 5:
        return bj::string(string());
      case 6: {
        bj::array all;
        for (auto n = random_() % 5; n > 0; --n) all.push_back(next(depth + 1));
        return all;
      }
      default: {
        bj::object all;
        for (auto n = random_() % 5; n > 0; --n) all[string()] = next(depth + 1);
        return all;
      }
    }
  }

  // With white space and escapes that a tidy writer would not make.
  std::string text(const bj::value& v) {
    if (const auto* s = v.if_string()) return escaped({s->data(), s->size()});
    std::string out;
    if (const auto* a = v.if_array()) {
      for (const auto& one : *a) out += (out.empty() ? "" : ",") + space() + text(one) + space();
      return "[" + (out.empty() ? space() : out) + "]";
    }
    if (const auto* o = v.if_object()) {
      for (const auto& [key, one] : *o) {
        out += (out.empty() ? "" : ",") + space() + escaped({key.data(), key.size()}) + space() +
               ":" + space() + text(one) + space();
      }
      return "{" + (out.empty() ? space() : out) + "}";
    }
    return bj::serialize(v);
  }

 private:
  std::string string() {
    static constexpr const char* parts[] = {"a", "\"", "\\", "\n",   "é",   "€", "🚀", "{",
                                            "]", ",",  ":",  "\x01", "key", " ", "/"};
    std::string out;
    for (auto n = random_() % 6; n > 0; --n) out += parts[random_() % std::size(parts)];
    return out;
  }
  std::string space() {
    static constexpr const char* kinds[] = {"", "", "", " ", "\t", "\r\n", "  "};
    return kinds[random_() % std::size(kinds)];
  }
  std::string escaped(std::string_view s) {
    std::string out = "\"";
    for (const char c : s) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || c == '"' || c == '\\' || (byte < 0x80 && random_() % 8 == 0)) {
        char buffer[8];
        std::snprintf(buffer, sizeof buffer, "\\u%04x", byte);
        out += buffer;
      } else {
        out += c;
      }
    }
    return out + "\"";
  }

  std::mt19937 random_;
};

void same(value v, const bj::value& expected) {
  switch (expected.kind()) {
    case bj::kind::null:
      ASSERT_EQ(v.type(), kind::null);
      return;
    case bj::kind::bool_:
      ASSERT_EQ(v.boolean(), expected.get_bool());
      return;
    case bj::kind::int64:
      ASSERT_EQ(v.integer(), expected.get_int64());
      return;
    case bj::kind::uint64:
      ASSERT_EQ(v.raw(), std::to_string(expected.get_uint64()));
      return;
    case bj::kind::double_:
      ASSERT_EQ(v.number(), expected.get_double());
      return;
    case bj::kind::string:
      ASSERT_EQ(v.string(), std::string(expected.get_string()));
      ASSERT_TRUE(v.equals(std::string(expected.get_string())));
      return;
    case bj::kind::array: {
      elements e(v);
      for (const auto& one : expected.get_array()) {
        ASSERT_TRUE(e.next());
        ASSERT_NO_FATAL_FAILURE(same(e.value(), one));
      }
      ASSERT_FALSE(e.next());
      return;
    }
    case bj::kind::object: {
      members m(v);
      for (const auto& [key, one] : expected.get_object()) {
        ASSERT_TRUE(m.next());
        ASSERT_EQ(m.key(), std::string_view(key.data(), key.size()));
        ASSERT_NO_FATAL_FAILURE(same(m.value(), one));
        ASSERT_NO_FATAL_FAILURE(same(v[m.key()], one));
      }
      ASSERT_FALSE(m.next());
      return;
    }
  }
}

TEST(json_value, reads_random_documents_as_boost_json_holds_them) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  documents random(seed);
  for (int round = 0; round < 3000; ++round) {
    const bj::value expected = random.next();  // not parsed again: its doubles would change
    const std::string text = random.text(expected);
    SCOPED_TRACE(text);
    ASSERT_NO_THROW(validate(text));
    ASSERT_NO_FATAL_FAILURE(same(value(text), expected));
    const raw_json kept = raw_json::parse(text);
    ASSERT_EQ(kept.view().find_first_of("\r\n"), std::string_view::npos);
    ASSERT_NO_FATAL_FAILURE(same(value(kept), expected)) << "after line breaks were removed";
  }
}

}  // namespace
}  // namespace longhaul::json
