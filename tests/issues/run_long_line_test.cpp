// SPDX-License-Identifier: Apache-2.0
// A line beyond the bound was answered without its id, and the host waited out its time limit. The
// id is answered where it stands among the first bytes, which are all that is kept.
#include <gtest/gtest.h>

#include <thread>

#include "run/child.hpp"

namespace longhaul::test {
namespace {

TEST(long_line, is_answered_to_the_id_in_its_first_bytes_and_the_next_line_is_served) {
  child server({LONGHAUL_SERVER, "--stdio"});
  const auto long_line = [](const std::string& before, const std::string& after) {
    return before + std::string(5 << 20, 'x') + after + "\n";
  };
  std::thread writer([&] {
    server.write(
        long_line(R"({"jsonrpc":"2.0","id":"mine","method":"ping","params":{"a":")", R"("}})"));
    server.write(long_line(R"({"jsonrpc":"2.0","method":"ping","params":{"a":")", R"("},"id":7})"));
    server.write("{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"ping\"}\n");
  });
  const std::string first = server.output_line();
  EXPECT_NE(first.find(R"("id":"mine")"), std::string::npos) << first;
  EXPECT_NE(first.find("-32600"), std::string::npos) << first;
  const std::string second = server.output_line();
  EXPECT_EQ(second.find("\"id\":7"), std::string::npos) << "it was never seen";
  EXPECT_NE(second.find("-32600"), std::string::npos) << second;
  EXPECT_NE(server.output_line().find("\"id\":8"), std::string::npos);
  writer.join();
  server.close_input();
  EXPECT_EQ(server.wait(), 0);
}

}  // namespace
}  // namespace longhaul::test
