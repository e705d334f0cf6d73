// SPDX-License-Identifier: Apache-2.0
#include "postgres/opening.hpp"

#include <stdexcept>
#include <utility>

#include "base/random.hpp"
#include "longhaul/stores/bounds.hpp"
#include "postgres/reads.hpp"
#include "postgres/tunables.hpp"
#include "postgres/upkeep.hpp"

namespace longhaul::postgres {
namespace {

awaitable<std::int64_t> make_schema(database& home, connection& link) {
  try {
    co_return co_await upgrade(link, home.options.schema);
  } catch (const database_error& e) {
    if (e.sqlstate() != "42501") throw;  // insufficient_privilege
    throw std::runtime_error("the database " + link.place() + " refuses: " + e.what() +
                             ". Let its owner run: CREATE SCHEMA \"" + home.options.schema +
                             "\" AUTHORIZATION the role that the URL names");
  }
}

}  // namespace

awaitable<void> look_at_server(const database& home, connection& link) {
  const auto refuse = [&](const std::string& why) {
    throw std::runtime_error("the database " + link.place() + " " + why);
  };
  if (link.server_version() < tunables::oldest_server) {
    refuse("runs PostgreSQL " + link.status_of("server_version") +
           "; 13 is the oldest that will do");
  }
  if (link.status_of("server_encoding") != "UTF8") {
    refuse("is encoded in " + link.status_of("server_encoding") +
           ": make one with createdb --encoding=UTF8 --template=template0");
  }
  std::vector<statement> ask;
  ask.push_back({"SHOW synchronous_commit"});
  ask.push_back({"SHOW default_transaction_isolation"});
  const auto told = co_await link.run(std::move(ask));
  if (told[1].at(0, 0).bytes() != "read committed") {
    refuse("has default_transaction_isolation = " + std::string(told[1].at(0, 0).bytes()) +
           ": set it to read committed for this role, which is PostgreSQL's default");
  }
  if (told[0].at(0, 0).bytes() == "off" && !home.options.may_lose) {
    refuse(
        "has synchronous_commit = off: what was acknowledged may be lost. Set it to on, for this "
        "role or database, or say synchronous_commit=off in the URL if that is what you want");
  }
}

awaitable<std::int64_t> make_ready(database& home, connection& link) {
  co_await look_at_server(home, link);
  const std::int64_t before = co_await make_schema(home, link);
  const std::string put =
      home.sql("INSERT INTO @.meta VALUES ('secret', $1) ON CONFLICT DO NOTHING");
  const std::string random = random_bytes(stores::rules::secret_bytes);
  const auto* first = reinterpret_cast<const std::uint8_t*>(random.data());
  std::vector<statement> all;
  all.push_back({put, {parameter::bytes_of({first, random.size()})}});
  co_await link.run(std::move(all));
  co_return before;
}

awaitable<opened> open_database(database& home, connection& link) {
  co_await make_ready(home, link);
  const std::string read = home.sql("SELECT value FROM @.meta WHERE name = 'secret'");
  std::vector<statement> all;
  all.push_back({read});
  const auto results = co_await link.run(std::move(all));
  opened result;
  result.secret = results[0].at(0, 0).bytes();
  result.found.place = link.place() + ", schema " + home.options.schema;
  co_await compare_clocks(home, link);
  home.paused = co_await paused_tools_of(home, link);
  std::int64_t bytes = 0;
  const stores::store_stats now = stores::total_of(co_await counts_of_all(home, link, bytes));
  result.found.tasks = now.open() + now.ended();
  result.found.unfinished = now.open();
  co_return result;
}

}  // namespace longhaul::postgres
