// SPDX-License-Identifier: Apache-2.0
// Questions at a console that is a script: what is typed, and everything that is shown.
#include "terminal/prompt.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "terminal/argument_prompt.hpp"
#include "terminal/form_members.hpp"
#include "terminal/form_prompt.hpp"
#include "terminal/page_prompt.hpp"
#include "terminal/sampling_prompt.hpp"
#include "terminal/secret_words.hpp"
#include "terminal/typed_word.hpp"

namespace longhaul::terminal {
namespace {

using words = std::vector<std::string>;
using action = answer::action;

class script : public console {
 public:
  explicit script(words lines) : lines_(lines.begin(), lines.end()) {}

  bool interactive() const override { return true; }
  look looks() const override { return shown_as; }
  void write(std::string_view text) override { shown += text; }
  std::optional<std::string> read_line() override {
    if (lines_.empty()) return std::nullopt;
    std::string line = lines_.front();
    lines_.pop_front();
    shown += "<" + line + ">\n";
    return line;
  }
  bool all_read() const { return lines_.empty(); }
  bool showed(std::string_view text) const { return shown.find(text) != std::string::npos; }

  look shown_as{.colour = false, .unicode = true, .width = 80};
  std::string shown;

 private:
  std::deque<std::string> lines_;
};

raw_json form_of(const std::string& properties, const std::string& required = "") {
  return raw_json::parse(R"({"message":"Please choose.","requestedSchema":{"type":"object",)"
                         R"("properties":{)" +
                         properties + R"(},"required":[)" + required + "]}}");
}

// What comes of a form with one required member `m` of this schema, after these lines; all of them
// must be read.
std::string asked(const std::string& schema, const words& lines) {
  script at(lines);
  const answer given = ask_form(at, form_of("\"m\":" + schema, R"("m")"));
  EXPECT_TRUE(at.all_read()) << at.shown;
  if (given.chosen == action::decline) return "decline";
  if (given.chosen == action::cancel) return "cancel";
  return std::string(given.content.view());
}

const std::string color = R"({"type":"string","title":"Colour","enum":["r","g","b"],)"
                          R"("enumNames":["Red","Green","Blue"]})";

TEST(form_prompt, asks_member_by_member) {
  script at({"Ada", "2", "", "y", "1,3", "3"});
  const auto params = form_of(
      R"("name":{"type":"string","title":"Name","description":"Who you are."},"color":)" + color +
          R"(,"count":{"type":"integer","minimum":1,"maximum":9,"default":5},)"
          R"("sure":{"type":"boolean","default":false},)"
          R"("days":{"type":"array","items":{"type":"string","enum":["mo","tu","we"]}},)"
          R"("note":{"type":"string","maxLength":5})",
      R"("name","color","days")");
  const answer given = ask_form(at, params);
  EXPECT_EQ(at.shown,
            "Please choose.\n"
            "(Enter takes what stands in [brackets]; :skip leaves out what is optional,\n"
            ":decline refuses, :cancel dismisses. Type no secrets.)\n"
            "\n"
            "Who you are.\n"
            "Name: <Ada>\n"
            "\n"
            "  1) Red\n"
            "  2) Green\n"
            "  3) Blue\n"
            "Colour (1 to 3): <2>\n"
            "\n"
            "count (integer 1 to 9; optional) [5]: <>\n"
            "\n"
            "sure (y or n; optional) [n]: <y>\n"
            "\n"
            "  1) mo\n"
            "  2) tu\n"
            "  3) we\n"
            "days (several of 1 to 3, with commas): <1,3>\n"
            "\n"
            "note (text of at most 5 characters; optional): <3>\n");
  ASSERT_TRUE(given.accepted());
  EXPECT_EQ(given.content.view(),
            R"({"name":"Ada","color":"g","count":5,"sure":true,"days":["mo","we"],"note":"3"})");
}

struct asked_case {
  std::string schema;
  words lines;
  std::string wanted;
};

TEST(form_prompt, takes_what_fits_and_asks_again_for_what_does_not) {
  const std::string titled = R"({"type":"string","oneOf":[{"const":"v1","title":"First"},)"
                             R"({"const":"v2","title":"Second"}]})",
                    figures = R"({"type":"string","enum":["3","2","1"]})",
                    many = R"({"type":"array","minItems":1,"maxItems":2,"items":{"anyOf":)"
                           R"([{"const":"a","title":"Ann"},{"const":"b","title":"Bob, the"},)"
                           R"({"const":"c","title":"Cid"}]}})";
  const std::vector<asked_case> cases{
      {color, {"1"}, R"({"m":"r"})"},
      {color, {"r"}, R"({"m":"r"})"},
      {color, {" gREEN "}, R"({"m":"g"})"},
      {color,
       {
           "0",
           "4",
           "-1",
           "1 ",
       },
       R"({"m":"r"})"},
      {color, {"", "Redd", "blue"}, R"({"m":"b"})"},
      {titled, {"2"}, R"({"m":"v2"})"},
      {titled, {"First"}, R"({"m":"v1"})"},
      {titled, {"v1"}, R"({"m":"v1"})"},
      {figures, {"1"}, R"({"m":"1"})"},
      {figures, {"4", "3"}, R"({"m":"3"})"},
      {many, {"1,2"}, R"({"m":["a","b"]})"},
      {many, {"Bob, the"}, R"({"m":["b"]})"},
      {many, {"1,2,3", "3 , 1"}, R"({"m":["c","a"]})"},
      {many, {"1,1"}, R"({"m":["a"]})"},
      {many, {"1,x", "c"}, R"({"m":["c"]})"},
      {many, {R"(["a","c"])"}, R"({"m":["a","c"]})"},
      {many, {R"(["a","x"])", "[]", "a"}, R"({"m":["a"]})"},
      {many, {"1,", "1"}, R"({"m":["a"]})"},
      {R"({"type":"boolean"})", {"Y"}, R"({"m":true})"},
      {R"({"type":"boolean"})", {"no"}, R"({"m":false})"},
      {R"({"type":"boolean"})", {"1", "", "true"}, R"({"m":true})"},
      {R"({"type":"boolean","default":true})", {""}, R"({"m":true})"},
      {R"({"type":"integer","minimum":1,"maximum":9})", {"0", "10", "x", "2.5", "9"}, R"({"m":9})"},
      {R"({"type":"number"})", {"2.50"}, R"({"m":2.50})"},
      {R"({"type":"number","exclusiveMinimum":0})", {"0", "0.1"}, R"({"m":0.1})"},
      {R"({"type":"string","minLength":2,"maxLength":3})",
       {"a", "abcd", "日本"},
       R"({"m":"日本"})"},
      {R"({"type":"string","pattern":"^[a-z]+$"})", {"A1", "ab"}, R"({"m":"ab"})"},
      {R"({"type":"string","format":"email"})", {"ada", "a@b.org"}, R"({"m":"a@b.org"})"},
      {R"({"type":"string","format":"uri"})", {"nope", "https://x/"}, R"({"m":"https://x/"})"},
      {R"({"type":"string","format":"date"})",
       {"1999-02-30", "1999-02-28"},
       R"({"m":"1999-02-28"})"},
      {R"({"type":"string"})", {"\xFF", "true"}, R"({"m":"true"})"},
      {R"({"type":"string"})", {"", "  ", "@file"}, R"({"m":"@file"})"},
      {R"({"type":"string","default":"d"})", {""}, R"({"m":"d"})"},
      {R"({"type":"string"})", {":decline"}, "decline"},
      {R"({"type":"string"})", {" :cancel "}, "cancel"},
      {R"({"type":"string"})", {":skip"}, R"({"m":":skip"})"},
      {R"({"type":"string"})", {}, "cancel"},
      {R"({"type":"integer"})", {"x", ":decline"}, "decline"},
      // beyond what forms may ask
      {R"({"type":["string","null"]})", {"a"}, R"({"m":"a"})"},
      {R"({"type":"object"})", {"a", R"({"a":1})"}, R"({"m":{"a":1}})"},
      {R"({"type":"array","items":{"type":"integer"}})", {"x", "[1,2]"}, R"({"m":[1,2]})"},
      {R"({"anyOf":[{"type":"integer"},{"type":"string"}]})", {"5"}, R"({"m":5})"},
      {"{}", {"5"}, R"({"m":"5"})"},
      {"true", {"5"}, R"({"m":"5"})"},
      {R"({"$ref":"#/properties/m"})", {"5"}, R"({"m":"5"})"},
      {R"({"type":"string","pattern":"(unclosed"})", {"x"}, R"({"m":"x"})"},
      {R"({"enum":[1,null,"a"]})", {"2", "1"}, R"({"m":1})"},
  };
  for (const auto& [schema, lines, wanted] : cases) {
    EXPECT_EQ(asked(schema, lines), wanted) << schema;
  }
}

TEST(form_prompt, says_why_it_asks_again) {
  script at({"Grean", "zzz", "2"});
  ask_form(at, form_of("\"m\":" + color, R"("m")"));
  EXPECT_TRUE(
      at.showed("  expected 1 to 3, or Red, Green, Blue, got \"Grean\"; did you mean "
                "\"Green\"?\n"))
      << at.shown;
  EXPECT_TRUE(at.showed("  expected 1 to 3, or Red, Green, Blue, got \"zzz\"\n")) << at.shown;
  script number({"10", "", "x", "1"});
  ask_form(number, form_of(R"("m":{"type":"integer","minimum":1,"maximum":9})", R"("m")"));
  EXPECT_TRUE(number.showed("  expected an integer between 1 and 9, got 10\n")) << number.shown;
  EXPECT_TRUE(number.showed("  a value is needed\n")) << number.shown;
  EXPECT_TRUE(number.showed("  expected integer 1 to 9, got \"x\"\n")) << number.shown;
}

TEST(form_prompt, optional_members_are_skipped) {
  script at({"", ":skip", ""});
  const answer given = ask_form(
      at, form_of(R"("a":{"type":"string"},"b":{"type":"integer","default":5},"c":)" + color));
  ASSERT_TRUE(given.accepted());
  EXPECT_EQ(given.content.view(), "{}");
  EXPECT_TRUE(at.showed("a (optional): ")) << at.shown;
}

TEST(form_prompt, a_default_that_does_not_fit_is_not_offered) {
  for (const char* schema :
       {R"({"type":"integer","default":"5"})", R"({"type":"integer","maximum":3,"default":4})",
        R"({"type":"boolean","default":"true"})", R"({"type":"string","enum":["a"],"default":"b"})",
        R"({"type":"array","items":{"enum":["a"]},"default":["b"]})",
        R"({"type":"array","items":{"enum":["a"]},"default":"a"})",
        R"({"type":"string","default":null})",
        R"({"type":"string","default":"what is not \u001b[8mseen\u001b[0m"})",
        R"({"type":"string","default":"a\u202eb"})"}) {
    script at({"", ":cancel"});
    ask_form(at, form_of("\"m\":" + std::string(schema), R"("m")"));
    EXPECT_TRUE(at.showed("a value is needed")) << schema << at.shown;
  }
  EXPECT_EQ(
      asked(R"({"type":"string","enum":["a","b"],"enumNames":["A","B"],"default":"b"})", {""}),
      R"({"m":"b"})");
  EXPECT_EQ(asked(R"({"type":"array","items":{"enum":["a","b"]},"default":["b","a"]})", {""}),
            R"({"m":["b","a"]})");
}

TEST(form_prompt, what_is_given_is_not_asked) {
  script at({"x"});
  const answer given =
      ask_form(at, form_of(R"("a":{"type":"string"},"b":{"type":"string"})", R"("a","b")"),
               raw_json::parse(R"({"a":"given","z":1})"));
  EXPECT_EQ(given.content.view(), R"({"a":"given","b":"x"})");
}

TEST(form_prompt, odd_forms) {
  for (const char* params :
       {"{}", "null", R"({"message":5,"requestedSchema":[]})", R"({"requestedSchema":true})",
        R"({"requestedSchema":{"$ref":"#"}})", R"({"requestedSchema":{"properties":[]}})"}) {
    script at({});
    const answer given = ask_form(at, raw_json::parse(params));
    EXPECT_TRUE(given.accepted()) << params;
    EXPECT_EQ(given.content.view(), "{}");
  }
}

TEST(form_prompt, nothing_of_a_server_reaches_the_terminal_raw) {
  const std::string evil = R"(\u001b]0;t\u0007\u001b[2J\u202e\u009b1m\u0000\u0008x)";
  const auto params = raw_json::parse(
      R"({"message":")" + evil + R"(","requestedSchema":{"properties":{"n)" + evil +
      R"(":{"type":"string","title":")" + evil + R"(","description":")" + evil +
      R"(","pattern":"^[)" + evil + R"(]$"},"c":{"enum":[")" + evil + R"(1","b"],"enumNames":[")" +
      evil + R"(","B"]}},"required":["c","n)" + evil + R"("]}})");
  for (const bool unicode : {true, false}) {
    script at({"y", ":skip", "q", "1"});
    at.shown_as.unicode = unicode;
    ask_form(at, params);
    for (const char c : at.shown) {
      const auto byte = static_cast<unsigned char>(c);
      EXPECT_TRUE(c == '\n' || (byte >= 0x20 && byte != 0x7F && (unicode || byte < 0x80)));
    }
    EXPECT_FALSE(at.showed("\xE2\x80\xAE"));
    EXPECT_FALSE(at.showed("\xC2\x9B"));
  }
}

TEST(form_prompt, long_lists_of_choices_are_cut) {
  std::string options;
  for (int i = 0; i < 3000; ++i) {
    options += (i == 0 ? "\"x" : ",\"x") + std::to_string(i) + "\"";
  }
  script at({"x2999"});
  const answer given = ask_form(at, form_of(R"("m":{"enum":[)" + options + "]}", R"("m")"));
  EXPECT_EQ(given.content.view(), R"({"m":"x2999"})");
  EXPECT_TRUE(at.showed("  and 2950 more\n")) << at.shown;
}

TEST(secret_words, of_members) {
  const std::vector<std::pair<std::string, bool>> cases{
      {R"("password":{"type":"string"})", true},
      {R"("userPassword":{"type":"string"})", true},
      {R"("x":{"type":"string","title":"API Key"})", true},
      {R"("api_key":{"type":"string"})", true},
      {R"("apiKey":{"type":"string"})", true},
      {R"("APIKEY":{"type":"string"})", true},
      {R"("token":{"type":"string"})", true},
      {R"("github-token":{"type":"string"})", true},
      {R"("secret":{})", true},
      {R"("x":{"type":"string","description":"Type your password here."})", true},
      {R"("x":{"type":"string","description":"The number on your credit card"})", true},
      {R"("cardNumber":{"type":"integer"})", true},
      {R"("cvv":{"type":"integer"})", true},
      {R"("pin":{"type":"string"})", true},
      {R"("x":{"type":"string","format":"password"})", true},
      {R"("contraseña":{"type":"string"})", true},
      {R"("x":{"anyOf":[{"type":"string"},{"type":"integer"}],"title":"Access token"})", true},
      {R"("name":{"type":"string"})", false},
      {R"("max_tokens":{"type":"integer"})", false},
      {R"("token":{"type":"integer"})", false},
      {R"("secretary":{"type":"string"})", false},
      {R"("spinner":{"type":"string"})", false},
      {R"("compass":{"type":"string"})", false},
      {R"("keep_password":{"type":"boolean"})", false},
      {R"("secret":{"type":"string","enum":["show","hide"]})", false},
      {R"("x":{"type":"string","description":"A secret garden, or a token of love"})", false},
  };
  for (const auto& [member, is_secret] : cases) {
    EXPECT_EQ(!form_refusal(form_of(member)).empty(), is_secret) << member;
  }
}

TEST(secret_words, such_a_form_is_declined_before_anything_is_asked) {
  script at({"never read"});
  const answer given =
      ask_form(at, form_of(R"("name":{"type":"string"},"token":{"type":"string"})", R"("name")"));
  EXPECT_EQ(given.chosen, action::decline);
  EXPECT_FALSE(at.all_read());
  EXPECT_TRUE(at.showed("Declined: the form asks for a secret: \"token\" (token).")) << at.shown;
  EXPECT_FALSE(at.showed("name"));
}

// --- --answer

std::string no_file(const std::string& path) { throw std::runtime_error(path + " is not there"); }

TEST(form_words, are_typed_by_the_form) {
  const auto params = form_of(
      R"("n":{"type":"integer","minimum":1,"maximum":9},"s":{"type":"string","default":"d"},"c":)" +
          color,
      R"("n","s")");
  const auto read = read_form_words(params, words{"other=1", "n=5", "c=g"}, no_file);
  EXPECT_EQ(read.content.view(), R"({"n":5,"c":"g"})");
  EXPECT_EQ(read.used, (std::vector<std::size_t>{1, 2}));
  EXPECT_TRUE(read.missing.empty());
  const answer given = answer_of_words(params, read);
  ASSERT_TRUE(given.accepted());
  EXPECT_EQ(given.content.view(), R"({"n":5,"s":"d","c":"g"})");

  const auto nothing = read_form_words(params, words{}, no_file);
  EXPECT_EQ(nothing.missing, words{"n"});
  EXPECT_THROW(answer_of_words(params, nothing), argument_error);

  const auto refusal = [&](const words& given_words) {
    try {
      read_form_words(params, given_words, no_file);
      return std::string("accepted");
    } catch (const argument_error& e) {
      return std::string(e.what());
    }
  };
  EXPECT_EQ(refusal({"n=x"}), R"("n": expected integer 1 to 9, got "x")");
  EXPECT_EQ(refusal({"n=10"}), R"("n": expected an integer between 1 and 9, got 10)");
  EXPECT_EQ(refusal({"c=gg", "n=1"}),
            R"("c": expected one of r, g, b, got "gg"; did you mean "g"?)");
  EXPECT_EQ(refusal({R"(n:="5")"}), R"("n": expected integer 1 to 9, got "5")");
  EXPECT_EQ(refusal({"@absent"}), "@absent: absent is not there");
}

TEST(form_words, members_of_a_file_that_the_form_does_not_have_are_dropped) {
  const auto params = form_of(R"("n":{"type":"integer"})");
  const auto source = [](const std::string&) { return std::string(R"({"n":1,"z":2})"); };
  EXPECT_EQ(read_form_words(params, words{"@f"}, source).content.view(), R"({"n":1})");
}

TEST(form_words, no_secret_is_given) {
  EXPECT_THROW(read_form_words(form_of(R"("password":{"type":"string"})"), words{"password=x"}),
               argument_error);
}

// --- pages

raw_json page_of(const std::string& url) {
  return raw_json::parse(R"({"mode":"url","message":"Sign in.","elicitationId":"1","url":")" + url +
                         "\"}");
}

TEST(page_prompt, shows_the_page_and_asks) {
  script at({"maybe", "y"});
  const std::string path(200, 'p');
  EXPECT_TRUE(ask_page(at, page_of("https://Example.org:8443/" + path)).accepted());
  EXPECT_TRUE(
      at.shown.starts_with("Sign in.\n"
                           "The server asks you to open this page:\n"
                           "  https://Example.org:8443/" +
                           path + "\n  on the host example.org:8443\n"))
      << at.shown;
  EXPECT_TRUE(at.showed("expected y or n")) << at.shown;
  EXPECT_FALSE(at.showed("Careful")) << at.shown;
}

TEST(page_prompt, is_answered_in_three_ways) {
  const std::vector<std::pair<words, action>> cases{
      {{"yes"}, action::accept},          {{""}, action::decline},
      {{"n"}, action::decline},           {{"No"}, action::decline},
      {{":decline"}, action::decline},    {{":cancel"}, action::cancel},
      {{"x", ":cancel"}, action::cancel}, {{}, action::cancel}};
  for (const auto& [lines, wanted] : cases) {
    script at(lines);
    const answer given = ask_page(at, page_of("https://example.org/"));
    EXPECT_EQ(given.chosen, wanted);
    EXPECT_FALSE(given.content);
    EXPECT_TRUE(at.all_read());
  }
}

TEST(page_prompt, what_is_no_page_of_the_web_is_declined) {
  for (const char* url :
       {"", "javascript:alert(1)", "file:///etc/passwd", "https:example.org", "https:///x",
        "https://user@/x", "ftp://example.org/", "https://exa mple.org/",
        "https://ex\\u00e4mple.org/", "https://a.example\\\\@b.example/",
        "https://a.example/\\u001b[2J", "//example.org/"}) {
    script at({"y"});
    EXPECT_EQ(ask_page(at, page_of(url)).chosen, action::decline) << url;
    EXPECT_FALSE(at.all_read()) << url;
    EXPECT_FALSE(at.showed("\x1B"));
  }
  script at({"y"});
  EXPECT_EQ(ask_page(at, raw_json::parse("{}")).chosen, action::decline);
}

TEST(page_prompt, warns_of_what_misleads) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"https://bank.example@evil.example/x", "before the @"},
      {"https://xn--80ak6aa92e.example/", "beyond ASCII"},
      {"http://example.org/", "not encrypted"},
      {"http://127.evil.example/", "not encrypted"},
      {"http://[::1234]/", "not encrypted"},
      {"http://[::1]/", ""},
      {"http://localhost:8080/", ""},
      {"http://127.0.0.1/", ""},
      {"http://[::1]:99/", ""},
      {"https://example.org/?next=a@b", ""},
  };
  for (const auto& [url, warning] : cases) {
    script at({"y"});
    ask_page(at, page_of(url));
    EXPECT_EQ(at.showed("Careful"), !warning.empty()) << url;
    EXPECT_TRUE(at.showed(warning)) << url;
  }
  EXPECT_EQ(host_of_page("https://bank.example@evil.example:1/x"), "evil.example:1");
  EXPECT_EQ(host_of_page("https://bank.example/@evil.example"), "bank.example");
  EXPECT_EQ(host_of_page("https://bank.example?@evil.example"), "bank.example");
}

// --- sampling

TEST(sampling_prompt, shows_the_messages_and_reads_the_reply) {
  script at({"first", "", ". not the end", "."});
  const auto reply = ask_sampling(
      at,
      raw_json::parse(R"({"systemPrompt":"Be brief.","maxTokens":100,"messages":[{"role":"user",)"
                      R"("content":{"type":"text","text":"Hello\u001b[2J"}},{"role":"assistant",)"
                      R"("content":[{"type":"image","mimeType":"image/png","data":"AAAAAAAA"},)"
                      R"({"type":"tool_use","name":"f","input":{"a":1}}]}]})"));
  EXPECT_TRUE(
      at.shown.starts_with("The server asks your model for a reply:\n"
                           "system:\n  Be brief.\n"
                           "user:\n  Hello\n"
                           "assistant:\n  [image image/png, 6 bytes]\n"
                           "  [tool_use f {\"a\":1}]\n"
                           "(at most 100 tokens)\n"))
      << at.shown;
  ASSERT_FALSE(reply.refused());
  EXPECT_EQ(reply.sampled().text(), "first\n\n. not the end");
  EXPECT_EQ(reply.sampled().model, "human");
  EXPECT_EQ(reply.sampled().stop_reason, "endTurn");
  EXPECT_EQ(reply.sampled().role, message_role::assistant);
}

TEST(sampling_prompt, is_refused) {
  for (const words& lines : {words{":decline"}, words{"a", ":cancel"}, words{}, words{"a"}}) {
    script at(lines);
    const auto reply = ask_sampling(at, raw_json::parse(R"({"messages":5})"));
    ASSERT_TRUE(reply.refused());
    EXPECT_TRUE(at.all_read());
    try {
      reply.sampled();
      ADD_FAILURE();
    } catch (const question_refused& e) {
      EXPECT_EQ(e.code(), refused_by_user);
    }
  }
  script at({"\xFF", ".", "good", "."});
  EXPECT_EQ(ask_sampling(at, raw_json()).sampled().text(), "good");
}

TEST(prompt, asks_by_the_method) {
  const auto request = [](const std::string& method, const std::string& params) {
    return raw_json::parse(R"({"method":")" + method + R"(","params":)" + params + "}");
  };
  script form_script({"x"});
  EXPECT_EQ(ask_question(form_script,
                         request("elicitation/create",
                                 R"({"requestedSchema":{"properties":{"a":{"type":"string"}}}})"))
                .elicited()
                .content.view(),
            R"({"a":"x"})");
  script page_script({"y"});
  EXPECT_TRUE(ask_question(page_script, request("elicitation/create",
                                                R"({"mode":"url","url":"https://example.org/"})"))
                  .elicited()
                  .accepted());
  script sampling_script({"hi", "."});
  EXPECT_EQ(ask_question(sampling_script, request("sampling/createMessage", "{}")).sampled().text(),
            "hi");
  script none({});
  EXPECT_TRUE(ask_question(none, request("roots/list", "{}")).refused());
  EXPECT_TRUE(ask_question(none, raw_json::parse("5")).refused());
}

// --- what the command line left out

TEST(argument_prompt, asks_for_what_is_missing) {
  const auto schema = raw_json::parse(
      R"({"properties":{"n":{"type":"integer","description":"How many."},"s":{"type":"string",)"
      R"("default":"d"},"t":{}},"required":["n","s"]})");
  const auto read = read_arguments(schema, words{"t=1"});
  script at({"x", "", "7", ""});
  const auto all = ask_arguments(at, schema, read);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->view(), R"({"t":"1","n":7,"s":"d"})");
  EXPECT_EQ(at.shown,
            "How many.\n"
            "n (integer): <x>\n"
            "  \"n\": expected integer, got \"x\"\n"
            "n (integer): <>\n"
            "  \"n\": a value is needed: integer\n"
            "n (integer): <7>\n"
            "s (text) [d]: <>\n");
  script gone({"1"});
  EXPECT_FALSE(ask_arguments(gone, schema, read));
}

}  // namespace
}  // namespace longhaul::terminal
