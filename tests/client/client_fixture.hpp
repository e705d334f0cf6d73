// SPDX-License-Identifier: Apache-2.0
// A server of ours on a free port, for tests of the client.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "longhaul/client.hpp"
#include "longhaul/hosted_server.hpp"
#include "longhaul/longhaul.hpp"
#include "support/process_census.hpp"

namespace longhaul::test {

class served : public testing::Test {
 protected:
  explicit served(server_options options = {}) : definition_(named(std::move(options))) {}
  ~served() override {
    if (host_) host_->stop(milliseconds(0));
  }

  /// Before `serve`.
  server& tools() { return definition_; }
  void serve() {
    host_ = std::make_unique<hosted_server>(definition_, hosting_options{.store = "memory:"});
    host_->start();
  }
  std::string url() const { return host_->url(); }

 private:
  static server_options named(server_options result) {
    result.name = "served";
    result.version = "1.0";
    result.log_to = [](const log_record&) {};
    return result;
  }

  server definition_;
  std::unique_ptr<hosted_server> host_;
};

}  // namespace longhaul::test
