// SPDX-License-Identifier: Apache-2.0
// `longhaul store …` of a schema in a PostgreSQL database.
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

#include "json/write.hpp"
#include "open/store_url.hpp"
#include "store.hpp"
#include "store_words.hpp"
#include "terminal/plain_text.hpp"
#if LONGHAUL_POSTGRES
#include "postgres/maintenance.hpp"
#endif

namespace longhaul {

#if LONGHAUL_POSTGRES
namespace {

// What PostgreSQL has its own programs for.
int refuse_verb(const store_url& url, const std::string& place, store_command::verb action) {
  if (action == store_command::verb::backup) {
    std::cerr << "longhaul: backup copies files. Of a database:\n  pg_dump --schema='" << url.schema
              << "' --format=custom --file=tasks.dump '" << without_password(url.where)
              << "'\nwhile servers run; docs/fleet.md tells how to restore it" << std::endl;
  } else {
    std::cerr << "longhaul: vacuum is for files. PostgreSQL gives free space back by itself "
                 "(autovacuum); VACUUM FULL in psql writes tables anew, with servers stopped: "
              << place << std::endl;
  }
  return 2;
}

void tell_counts(const stores::status_counts& counts, json::object& into) {
  into.integer("working", counts.working).integer("queued", counts.queued);
  into.integer("input_required", counts.input_required).integer("completed", counts.completed);
  into.integer("failed", counts.failed).integer("cancelled", counts.cancelled);
}

std::string maybe_time(const std::optional<timestamp>& time) {
  return time ? '"' + iso8601(*time) + '"' : "null";
}

std::string process_in_json(const postgres::leased_process& one, timestamp now) {
  std::string text;
  json::object out(text);
  out.string("host", one.host).integer("pid", one.pid).string("version", one.version);
  out.string("began", iso8601(one.began)).string("renewed", iso8601(one.renewed));
  out.string("lease_until", iso8601(one.lease_until));
  out.boolean("lease_is_over", one.lease_until <= now).integer("running", one.running);
  out.close();
  return text;
}

void tell_stats_in_json(const postgres::schema_stats& is) {
  std::string text;
  json::object out(text);
  out.integer("version", is.version).integer("bytes", is.bytes);
  tell_counts(stores::total_of(is.by_tool), out);
  out.raw("oldest", maybe_time(is.oldest)).raw("newest", maybe_time(is.newest));
  out.raw("oldest_open", is.oldest_open ? task_in_json(*is.oldest_open) : "null");
  json::object tools(out.key("tools"));
  for (const auto& [tool, counts] : is.by_tool) {
    json::object one(tools.key(tool));
    tell_counts(counts, one);
    one.close();
  }
  tools.close();
  json::object paused(out.key("paused"));
  for (const auto& [tool, since] : is.paused) paused.string(tool, iso8601(since));
  paused.close();
  std::string processes;
  for (const auto& each : is.processes) {
    processes += (processes.empty() ? "" : ",") + process_in_json(each, is.now);
  }
  out.raw("processes", "[" + processes + "]");
  out.close();
  std::cout << text << std::endl;
}

std::string words_of(const stores::status_counts& counts) {
  std::string text;
  const auto add = [&](std::size_t number, const char* words) {
    if (number == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(number) + " " + words;
  };
  add(counts.working - std::min(counts.queued, counts.working), "working");
  add(counts.queued, "queued");
  add(counts.input_required, "input required");
  add(counts.completed, "completed");
  add(counts.failed, "failed");
  add(counts.cancelled, "cancelled");
  return text;
}

std::string words_of(const postgres::leased_process& one, timestamp now) {
  const bool over = one.lease_until <= now;
  return terminal::plain(one.host) + " pid " + std::to_string(one.pid) + ", longhaul " +
         terminal::plain(one.version) + ", " + std::to_string(one.running) + " running, heard " +
         age_of(one.renewed, now) + " ago" + (over ? ", its lease is over" : "") + ", began " +
         iso8601(one.began);
}

void tell_stats(const postgres::schema_stats& is) {
  const stores::store_stats total = stores::total_of(is.by_tool);
  tell_line("schema version", std::to_string(is.version));
  tell_line("size", readable_size(is.bytes));
  tell_line("working", std::to_string(total.working) + ", " + std::to_string(total.queued) +
                           " of them queued");
  tell_line("input required", std::to_string(total.input_required));
  tell_line("completed", std::to_string(total.completed));
  tell_line("failed", std::to_string(total.failed));
  tell_line("cancelled", std::to_string(total.cancelled));
  if (is.oldest) tell_line("created", iso8601(*is.oldest) + " to " + iso8601(*is.newest));
  if (is.oldest_open) {
    const stores::listed_task& task = *is.oldest_open;
    tell_line("oldest open", task.id + ", " + std::string(status_of(task)) + ", created " +
                                 age_of(task.created, is.now) + " ago, " +
                                 terminal::plain(task.tool));
  }
  for (const auto& [tool, counts] : is.by_tool) {
    tell_line("tool", terminal::plain(tool) + ": " + words_of(counts));
  }
  for (const auto& [tool, since] : is.paused) {
    tell_line("paused", terminal::plain(tool) + " since " + iso8601(since));
  }
  for (const auto& each : is.processes) tell_line("process", words_of(each, is.now));
  if (is.processes.empty()) tell_line("process", "none");
  std::cout << std::flush;
}

int run_verb(const store_command& command, const store_url& url, const std::string& place) {
  using verb = store_command::verb;
  postgres::database_options where;
  where.where = url.where;
  where.schema = url.schema;
  where.may_lose = url.may_lose;
  switch (command.action) {
    case verb::list:
      tell_list(command, [&](const stores::list_filter& which, const auto& take) {
        postgres::list(where, which, take);
      });
      return 0;
    case verb::check:
      return tell_check(place, postgres::check(where), command.json);
    case verb::stats: {
      const postgres::schema_stats is = postgres::stats_of(where);
      command.json ? tell_stats_in_json(is) : tell_stats(is);
      return 0;
    }
    case verb::migrate:
      tell_migration(place, postgres::migrate(where), command.json);
      return 0;
    case verb::backup:
    case verb::vacuum:
      break;
  }
  return refuse_verb(url, place, command.action);
}

}  // namespace

int run_store_database(const store_command& command) {
  const std::string place = without_password(command.file);
  try {
    return run_verb(command, parse_store_url(command.file), place);
  } catch (const std::invalid_argument& e) {
    std::cerr << "longhaul: " << e.what() << std::endl;
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "longhaul: " << place << ": " << e.what() << std::endl;
  }
  return 1;
}
#else
int run_store_database(const store_command&) {
  std::cerr << "longhaul: this build knows no PostgreSQL (LONGHAUL_POSTGRES=OFF)" << std::endl;
  return 1;
}
#endif

}  // namespace longhaul
