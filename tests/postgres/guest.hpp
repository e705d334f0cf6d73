// SPDX-License-Identifier: Apache-2.0
// A role that may log in, and no more.
#pragma once

#include <string>
#include <utility>

#include "postgres/cluster.hpp"
#include "postgres/database.hpp"

namespace longhaul::test {

class guest {
 public:
  explicit guest(std::string name) : name_(std::move(name)), link_(cluster::shared().url()) {
    link_.run("CREATE ROLE " + name_ + " LOGIN");
  }
  ~guest() {
    link_.run("DROP OWNED BY " + name_ + " CASCADE");
    link_.run("DROP ROLE " + name_);
  }
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;

  postgres::database_options options() const {
    postgres::database_options result;
    result.where = "postgres://" + name_ +
                   "@127.0.0.1:" + std::to_string(cluster::shared().port()) + "/postgres";
    result.schema = name_;
    return result;
  }
  void run(const std::string& sql) { link_.run(sql); }

 private:
  const std::string name_;
  direct_link link_;
};

}  // namespace longhaul::test
