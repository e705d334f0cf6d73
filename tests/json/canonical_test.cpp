// SPDX-License-Identifier: Apache-2.0
#include "json/canonical.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "json/tunables.hpp"
#include "json/validate.hpp"
#include "json/write.hpp"
#include "support/seed.hpp"

namespace longhaul::json {
namespace {

std::string canonical_of(std::string_view text) {
  validate(text);
  return canonical(value(text));
}

TEST(canonical, absent_is_empty) { EXPECT_EQ(canonical(value()), ""); }

TEST(canonical, what_is_canonical_stays) {
  for (const char* text :
       {"null", "true", "false", "0", "-2", "\"\"", "[]", "{}", R"([1,[2,{}],"x"])",
        R"({"":0,"A":1,"a":[{"b":null,"c":{}}],"é":"ü"})"}) {
    EXPECT_EQ(canonical_of(text), text);
  }
}

TEST(canonical, members_are_ordered_by_the_bytes_of_their_names) {
  EXPECT_EQ(canonical_of(R"({"b":1,"a":2,"B":3,"":4,"aa":5})"),
            R"({"":4,"B":3,"a":2,"aa":5,"b":1})");
  EXPECT_EQ(canonical_of(R"({"\u007a":1,"é":2,"\u0061":3,"\"":4,"#":5})"),
            R"({"\"":4,"#":5,"a":3,"z":1,"é":2})");
}

TEST(canonical, at_every_depth) {
  EXPECT_EQ(canonical_of(R"([{"z":{"b":[{"y":1,"x":{"d":1,"c":2}}],"a":{}},"m":{"q":1,"r":2}}])"),
            R"([{"m":{"q":1,"r":2},"z":{"a":{},"b":[{"x":{"c":2,"d":1},"y":1}]}}])");
}

TEST(canonical, of_members_of_one_name_the_last_counts) {
  EXPECT_EQ(canonical_of(R"({"a":{"b":1,"a":2},"\u0061":[3]})"), R"({"a":[3]})");
  EXPECT_EQ(canonical_of(R"({"b":1,"a":1,"b":{"y":1,"x":2},"a":4})"),
            R"({"a":4,"b":{"x":2,"y":1}})");
}

TEST(canonical, white_space_is_gone) {
  EXPECT_EQ(canonical_of(" \n{ \"b\" : [ 1 ,\t2 ] ,\r\n \"a\" : { } , \"c\": [ ] }\t"),
            R"({"a":{},"b":[1,2],"c":[]})");
}

TEST(canonical, strings_are_written_one_way) {
  EXPECT_EQ(canonical_of(R"("\u0041\/\u00e9\ud83d\ude80\u000a\u0000\b")"), R"("A/é🚀\n\u0000\b")");
  EXPECT_EQ(canonical_of(R"("\\\"}],{")"), R"("\\\"}],{")");
  EXPECT_EQ(canonical_of(R"(["\\","\\"])"), R"(["\\","\\"])");
}

TEST(canonical, numbers_are_written_by_value) {
  for (const char* one : {"1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1", "1.000", "1000E-03",
                          "0.001e3", "100e-0000000000000000000000000000000000000000002"}) {
    EXPECT_EQ(canonical_of(one), "1") << one;
  }
  for (const char* zero :
       {"0", "-0", "0.0", "-0.00e7", "0e99999999999999999999", "-0E-99999999999999999999"}) {
    EXPECT_EQ(canonical_of(zero), "0") << zero;
  }
  EXPECT_EQ(canonical_of("-12.50"), "-12.5");
  EXPECT_EQ(canonical_of("1e20"), "100000000000000000000");
  EXPECT_EQ(canonical_of("1e21"), "1e21");
  EXPECT_EQ(canonical_of("12345678901234567890123e-2"), "123456789012345678901.23");
  EXPECT_EQ(canonical_of("1e-6"), "0.000001");
  EXPECT_EQ(canonical_of("0.00000015"), "1.5e-7");
  EXPECT_EQ(canonical_of("120"), "120");
}

TEST(canonical, numbers_that_no_double_tells_apart_are_told_apart) {
  EXPECT_NE(canonical_of("9007199254740993"), canonical_of("9007199254740992"));
  EXPECT_NE(canonical_of("0.1"), canonical_of("0.1000000000000000055511151231257827"));
  EXPECT_NE(canonical_of("1e400"), canonical_of("1e401"));
  EXPECT_EQ(canonical_of("123456789012345678901234567890"),
            canonical_of("1.2345678901234567890123456789e29"));
}

TEST(canonical, exponents_of_any_size_are_exact) {
  EXPECT_EQ(canonical_of("10e999999999999999999"), "1e1000000000000000000");
  EXPECT_EQ(canonical_of("100e9999999999999999999"), "1e10000000000000000001");
  EXPECT_EQ(canonical_of("10e99999999999999999999"), "1e100000000000000000000");
  EXPECT_EQ(canonical_of("0.01e100000000000000000000"), "1e99999999999999999998");
  EXPECT_EQ(canonical_of("0.01e1000000000000000001"), "1e999999999999999999");
  EXPECT_EQ(canonical_of("1e999999999999999999"), "1e999999999999999999");
  EXPECT_EQ(canonical_of("-100e-1000000000000000000000"), "-1e-999999999999999999998");
  EXPECT_EQ(canonical_of("0.1e-99999999999999999999"), "1e-100000000000000000000");
}

// --- All ways to write a value, and no other
// ------------------------------------------------------

class scribe {
 public:
  explicit scribe(std::uint64_t seed) : random_(seed) {}

  boost::json::value any(int depth) {
    switch (below(depth == 0 ? 5 : 7)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(below(2000)) - 1000;
      case 3:
        return (static_cast<double>(below(2000)) - 1000) / 64;  // in six digits, as `write` has it
      case 4:
        return boost::json::string(text());
      case 5: {
        boost::json::array all;
        for (auto left = below(4); left > 0; --left) all.push_back(any(depth - 1));
        return all;
      }
      default: {
        boost::json::object all;
        for (auto left = below(5); left > 0; --left) all[text()] = any(depth - 1);
        return all;
      }
    }
  }

  // Some text of it: in any order, with white space, escapes and needless digits.
  std::string write(const boost::json::value& v) {
    if (const auto* integer = v.if_int64()) return number(std::to_string(*integer));
    if (const auto* decimal = v.if_double()) return number(std::to_string(*decimal));
    if (const auto* string = v.if_string()) return quoted(string->c_str());
    if (const auto* array = v.if_array()) {
      std::string out = "[";
      for (const auto& one : *array) {
        out += (out.size() > 1 ? "," : "") + blank() + write(one) + blank();
      }
      return out + "]";
    }
    if (const auto* object = v.if_object()) {
      std::vector<std::string> members;
      for (const auto& [name, one] : *object) {
        std::string member = blank() + quoted(std::string(name)) + blank() + ":" + blank();
        members.push_back(member + write(one) + blank());
      }
      std::ranges::shuffle(members, random_);
      std::string out = "{";
      for (const std::string& member : members) out += (out.size() > 1 ? "," : "") + member;
      return out + "}";
    }
    return v.is_null() ? "null" : v.get_bool() ? "true" : "false";
  }

 private:
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  std::string blank() { return std::array<const char*, 4>{"", "", " ", "\t "}[below(4)]; }
  std::string text() {
    std::string result;
    for (auto left = below(4); left > 0; --left) result += "ab\"\\/\nz{,"[below(9)];
    return result;
  }
  std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (below(2) == 0) {
        constexpr std::string_view digits = "0123456789abcdef";
        out.append("\\u00") += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
      } else {
        std::string one;
        append_string(one, std::string_view(&c, 1));
        out.append(one, 1, one.size() - 2);
      }
    }
    return out + "\"";
  }
  std::string number(const std::string& token) {
    const bool fraction = token.find('.') != std::string::npos;
    switch (below(3)) {
      case 0:
        return token;
      case 1:
        return token + (fraction ? "000" : ".0");
      default:
        return token + "e-0";
    }
  }

  std::mt19937_64 random_;
};

TEST(canonical, is_the_same_for_all_texts_of_one_value_and_for_no_other) {
  const std::uint64_t seed = test::random_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  scribe writer(seed);
  for (int round = 0; round < 2000; ++round) {
    const boost::json::value one = writer.any(4), other = writer.any(4);
    const std::string first = writer.write(one), second = writer.write(one),
                      third = writer.write(other);
    EXPECT_EQ(canonical_of(first), canonical_of(second)) << first << "\n" << second;
    EXPECT_EQ(canonical_of(first) == canonical_of(third),
              boost::json::parse(first) == boost::json::parse(third))
        << first << "\n"
        << third;
    EXPECT_EQ(canonical_of(canonical_of(first)), canonical_of(first));
  }
}

// --- Hostile texts
// --------------------------------------------------------------------------------

constexpr std::size_t megabytes = std::size_t{4} << 20;

// With a copy for each level, or a comparison of each member with each, these would take minutes.
TEST(canonical, nesting_costs_no_more_than_its_bytes) {
  std::string inner(megabytes, 'x'), text, expected;
  for (std::size_t i = 0; i < tunables::max_depth; ++i) {
    text += R"({"b":)";
    expected += R"({"a":1,"b":)";
  }
  text += '"' + inner + '"';
  expected += '"' + inner + '"';
  for (std::size_t i = 0; i < tunables::max_depth; ++i) text += R"(,"a":1})";
  expected.append(tunables::max_depth, '}');
  EXPECT_EQ(canonical_of(text), expected);
}

TEST(canonical, many_members_and_many_digits) {
  std::string text = "{", last;
  for (std::size_t i = 0; text.size() < megabytes / 4; ++i) {
    text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i % 20'000) + "\":{\"b\":1,\"a\":0}";
  }
  const std::string once = canonical_of(text + "}");
  EXPECT_EQ(once.substr(0, 22), R"({"k0":{"a":0,"b":1},"k)");
  EXPECT_EQ(canonical_of(once), once);
  const std::string digits(megabytes, '7'), zeros(megabytes, '0');
  EXPECT_EQ(canonical_of(digits), "7." + digits.substr(1) + "e" + std::to_string(megabytes - 1));
  EXPECT_EQ(canonical_of("1" + zeros), "1e" + std::to_string(megabytes));
  EXPECT_EQ(canonical_of("1e" + digits), "1e" + digits);
  EXPECT_EQ(canonical_of("0." + zeros + "1e" + zeros + "1"), "1e-" + std::to_string(megabytes));
}

}  // namespace
}  // namespace longhaul::json
