// SPDX-License-Identifier: Apache-2.0
#include "open/open_store.hpp"

#include "open/default_store.hpp"
#include "open/store_url.hpp"
#include "sqlite/lock_file.hpp"
#if LONGHAUL_POSTGRES
#include "postgres/postgres_store.hpp"
#endif

namespace longhaul {
namespace {

constexpr int most_files = 64;

opened_store open_file(const std::string& path) { return {sqlite_store(path), path, path}; }

#if LONGHAUL_POSTGRES
opened_store open_database(const store_url& url) {
  postgres::database_options options;
  options.where = url.where;
  options.schema = url.schema;
  options.notify = url.notify;
  options.may_lose = url.may_lose;
  auto store = std::make_shared<postgres::postgres_store>(std::move(options));
  std::string place = store->found().place;
  return {std::move(store), {}, std::move(place)};
}
#else
opened_store open_database(const store_url&) {
  throw std::invalid_argument("this build knows no PostgreSQL (LONGHAUL_POSTGRES=OFF)");
}
#endif

opened_store open_default(const store_choice& choice,
                          const std::function<void(const std::string&)>& tell) {
  const std::string folder =
      choice.state_folder.empty() ? default_state_folder() : choice.state_folder;
  for (int turn = 1;; ++turn) {
    const std::string path = default_store_file(
        folder, turn == 1 ? choice.server : choice.server + "-" + std::to_string(turn));
    try {
      opened_store opened = open_file(path);
      if (turn > 1) tell("tasks are kept in " + path);
      return opened;
    } catch (const sqlite::store_in_use& e) {
      if (!choice.several || turn == most_files) throw;
      if (turn == 1) tell(e.what());
    }
  }
}

}  // namespace

opened_store open_store(const store_choice& choice,
                        const std::function<void(const std::string&)>& tell) {
  if (!choice.url.empty()) {
    const store_url url = parse_store_url(choice.url);
    switch (url.is) {
      case store_url::kind::file:
        return open_file(url.path);
      case store_url::kind::database:
        return open_database(url);
      case store_url::kind::memory:
        return {memory_store(), {}, "memory: they end with this process"};
    }
  }
  if (choice.opened) return {choice.opened, {}, "the store of the program"};
  return open_default(choice, tell);
}

std::shared_ptr<stores::store> postgres_store(const std::string& url) {
  const store_url where = parse_store_url(url);
  if (where.is != store_url::kind::database) {
    throw std::invalid_argument("\"" + url + "\" is no database: write postgres://…");
  }
  return open_database(where).store;
}

}  // namespace longhaul
