// SPDX-License-Identifier: Apache-2.0
// A scripted server and clients of it, and what they say when it goes wrong.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "client/scripted_server.hpp"
#include "longhaul/client.hpp"
#include "support/process_census.hpp"

namespace longhaul::test {

/// What `work` throws; a failure if it throws nothing.
template <class Work>
client_error error_of(Work work) {
  try {
    work();
  } catch (const client_error& e) {
    return e;
  }
  ADD_FAILURE() << "nothing went wrong";
  return {client_error::kind::left, "nothing"};
}

/// It names the server, the method, and what came.
inline void expect_told(const client_error& e, client_error::kind why, const std::string& server,
                        const std::string& method, const std::string& came) {
  const std::string text = e.what();
  EXPECT_EQ(e.why(), why) << text;
  EXPECT_NE(text.find(server), std::string::npos) << text;
  EXPECT_NE(text.find(method), std::string::npos) << text;
  EXPECT_NE(text.find(came), std::string::npos) << text;
  EXPECT_LT(text.size(), 600U) << text;
}

class hostile : public testing::Test {
 protected:
  using kind = client_error::kind;

  client connected(client_options options = {}) { return client({.url = server.url()}, options); }
  void told(const client_error& e, kind why, const std::string& method, const std::string& came) {
    expect_told(e, why, server.origin().substr(7), method, came);
  }

  scripted_server server;
};

}  // namespace longhaul::test
