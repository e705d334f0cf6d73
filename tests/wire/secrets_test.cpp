// SPDX-License-Identifier: Apache-2.0
#include "wire/secrets.hpp"

#include <gtest/gtest.h>

#include "wire/question_ids.hpp"
#include "wire/request_state.hpp"

namespace longhaul::wire {
namespace {

const std::vector<std::string> first = {"one"}, rotated = {"two", "one"}, other = {"two"};

call_state example() {
  call_state state;
  state.task = "01jtask";
  state.rev = 7;
  state.owner = "key:ann";
  state.tool = "render";
  state.arguments = hash_of_json(R"({"a":1})");
  state.expires = timestamp(milliseconds(1234567));
  return state;
}

TEST(question_ids, name_task_and_key_on_any_process_with_the_secret) {
  for (const std::string key : {"", "name", "a.b", "\xF0\x9F\x98\x80 any \n text"}) {
    const auto id = question_ids(first).make("01jtask", key);
    const auto read = question_ids(rotated).read(id);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->task, "01jtask");
    EXPECT_EQ(read->key, key);
    EXPECT_FALSE(question_ids(other).read(id));
  }
}

TEST(question_ids, change_of_any_character_is_noticed) {
  const question_ids ids(first);
  const auto id = ids.make("01jtask", "name");
  for (std::size_t i = 0; i < id.size(); ++i) {
    for (const char c : {'A', 'b', '.', '_'}) {
      auto changed = id;
      if (changed[i] == c) continue;
      changed[i] = c;
      EXPECT_FALSE(ids.read(changed)) << changed;
    }
    EXPECT_FALSE(ids.read(id.substr(0, i)));
  }
  for (const char* text : {"", "q.", "q..", "q.a.b", "1", "q.a.bmFtZQ."})
    EXPECT_FALSE(ids.read(text));
}

TEST(call_states, open_with_any_current_secret_and_say_what_was_sealed) {
  const auto sealed = state_sealer(first).seal(example());
  const auto state = state_sealer(rotated).open(sealed);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->task, "01jtask");
  EXPECT_EQ(state->rev, 7U);
  EXPECT_EQ(state->owner, "key:ann");
  EXPECT_EQ(state->tool, "render");
  EXPECT_EQ(state->arguments, example().arguments);
  EXPECT_EQ(state->expires, example().expires);
  EXPECT_FALSE(state_sealer(other).open(sealed));
  EXPECT_NE(state_sealer(first).seal(example()), sealed) << "each sealing has its own nonce";
}

TEST(call_states, change_of_any_byte_is_noticed) {
  const state_sealer sealer(first);
  const auto sealed = sealer.seal(example());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (const char c : {'A', 'B', '_', '.', '='}) {
      auto changed = sealed;
      if (changed[i] == c) continue;
      changed[i] = c;
      EXPECT_FALSE(sealer.open(changed)) << i;
    }
    EXPECT_FALSE(sealer.open(sealed.substr(0, i))) << i;
  }
  EXPECT_FALSE(sealer.open(sealed + "-TAMPERED"));
  EXPECT_FALSE(sealer.open(std::string(100'000, 'A')));
}

TEST(hash_of_json, does_not_see_white_space_between_tokens) {
  EXPECT_EQ(hash_of_json(R"({"a":[1,2],"b":"x y"})"),
            hash_of_json("{ \"a\" : [1,\n2],\t\"b\":\"x y\" }"));
  EXPECT_NE(hash_of_json(R"({"b":"x y"})"), hash_of_json(R"({"b":"xy"})"));
  EXPECT_NE(hash_of_json(R"({"b":"\" "})"), hash_of_json(R"({"b":"\""})"));
  EXPECT_EQ(hash_of_json(""), hash_of_json("{ }"));
}

}  // namespace
}  // namespace longhaul::wire
