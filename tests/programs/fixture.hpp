// SPDX-License-Identifier: Apache-2.0
// What the tests of `longhaul serve` share: tools made of scripts, a session of the 2025-11-25
// wire, and a fixture that finds every process that is left.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "programs/served.hpp"
#include "support/process_census.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {

namespace fs = std::filesystem;

/// The table of a tool that runs `script` in bash.
inline std::string script_tool(const temporary_folder& home, const std::string& name,
                               const std::string& script, const std::string& more = "") {
  const std::string file = home.write(name + ".sh", "#!/bin/bash\n" + script);
  fs::permissions(file, fs::perms::owner_all);
  return "[[tool]]\nname = \"" + name + "\"\ndescription = \"a script\"\ncommand = [\"./" + name +
         ".sh\"]\nstop_grace = \"200ms\"\n" + more + "\n";
}

inline std::string sha256(const std::string& text) {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) {
    constexpr const char* digits = "0123456789abcdef";
    hex += {digits[byte >> 4], digits[byte & 15]};
  }
  return hex;
}

/// A `[[key]]` of this name.
inline std::string key_table(const std::string& name, const std::string& key) {
  return "[[key]]\nname = \"" + name + "\"\nsha256 = \"" + sha256(key) + "\"\n";
}

/// A session of revision 2025-11-25 for whoever holds the server's key now.
struct legacy_session {
  explicit legacy_session(served& to) : server(to) {
    begun = server.post(
        std::string(),
        R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
        R"("capabilities":{"elicitation":{}},"clientInfo":{"name":"t","version":"1"}}})");
    const auto at = begun.head.find("Mcp-Session-Id: ");
    if (at == std::string::npos) throw std::runtime_error("no session: " + begun.head);
    id = begun.head.substr(at, std::min(begun.head.find("\r\n", at), begun.head.size()) - at) +
         "\r\n";
    server.post(id, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  }
  std::string ask(const std::string& method, const std::string& params) const {
    return server
        .post(id,
              R"({"jsonrpc":"2.0","id":2,"method":")" + method + R"(","params":)" + params + "}")
        .body;
  }

  served& server;
  served::http_answer begun;
  std::string id;
};

/// A server whose programs are marked, so that whoever survives is found.
class serve : public testing::Test {
 protected:
  serve() { ::setenv("LONGHAUL_CENSUS", mark_value().c_str(), 1); }
  ~serve() override {
    ::unsetenv("LONGHAUL_CENSUS");
    EXPECT_TRUE(census_.empty_soon()) << "a process is left";
  }
  std::string mark_value() const {
    return census_.variable().substr(census_.variable().find('=') + 1);
  }
  /// Of a file in which programs note what they do.
  std::multiset<std::string> lines_of(const std::string& name) const {
    std::ifstream file(home.file(name));
    std::multiset<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.insert(line);
    return lines;
  }
  // Everything that the server starts inherits its environment's mark.
  static constexpr const char* marked = "environment = [\"PATH\", \"LONGHAUL_CENSUS\", \"HOME\"]\n";

  temporary_folder home;
  census census_;
};

/// A server that is killed, stopped and started again on the same store.
class restarted : public serve {
 protected:
  void start(const std::string& tools, const std::string& server_keys = "") {
    server_.reset();
    server_ = std::make_unique<served>(home, tools, server_keys);
  }
  void kill_server() {
    server_->process().signal(SIGKILL);
    EXPECT_EQ(server_->process().wait(), 128 + SIGKILL);
  }
  void stop_server() {
    server_->process().signal(SIGTERM);
    server_->process().signal(SIGTERM);
    EXPECT_EQ(server_->process().wait(), 0);
  }

  std::unique_ptr<served> server_;
};

}  // namespace longhaul::test
