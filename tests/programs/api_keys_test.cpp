// SPDX-License-Identifier: Apache-2.0
// Who holds which key.
#include "auth/api_keys.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace longhaul::auth {
namespace {

key_digest digest_of(const std::string& key) {
  key_digest result{};
  unsigned size = 0;
  EVP_Digest(key.data(), key.size(), result.data(), &size, EVP_sha256(), nullptr);
  return result;
}

class api_keys_test : public testing::Test {
 protected:
  api_keys_test() {
    keys.add("ann", digest_of("ann's secret"));
    keys.add("bob", digest_of("bob's secret"));
  }
  std::string holder(const std::string& header) const {
    const auto who = keys.holder_of(header);
    return who ? who->owner : "";
  }
  api_keys keys;
};

TEST_F(api_keys_test, the_key_names_its_holder) {
  EXPECT_EQ(holder("Bearer ann's secret"), "key:ann");
  EXPECT_EQ(holder("bearer bob's secret"), "key:bob") << "the scheme has no case";
  EXPECT_EQ(holder("BEARER    bob's secret"), "key:bob");
  EXPECT_TRUE(keys.holder_of("Bearer ann's secret")->identified);
}

TEST_F(api_keys_test, everything_else_is_nobody) {
  EXPECT_FALSE(keys.holder_of(std::nullopt));
  for (const char* header :
       {"", "Bearer", "Bearer ", "Bearer  ", "ann's secret", "Basic ann's secret",
        "Bearerann's secret", "Bearer ann's secre", "Bearer ann's secret ", "Bearer Ann's secret",
        "Bearer\tann's secret"}) {
    EXPECT_FALSE(keys.holder_of(header)) << header;
  }
  EXPECT_FALSE(keys.holder_of("Bearer " + std::string(100'000, 'x')));
  EXPECT_FALSE(api_keys().holder_of("Bearer x"));
}

TEST_F(api_keys_test, the_challenge_says_whether_a_key_came) {
  EXPECT_EQ(challenge(false), R"(Bearer realm="longhaul")");
  EXPECT_NE(challenge(true).find("invalid_token"), std::string::npos);
}

}  // namespace
}  // namespace longhaul::auth
