// SPDX-License-Identifier: Apache-2.0
#include "sqlite/sqlite_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "longhaul/stores/cursor.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/task_search.hpp"
#include "stores/abridged.hpp"

namespace longhaul::sqlite {
namespace {

std::string with_folder(const std::string& path) {
  make_folder_of(path);
  return path;
}

writer_options writer_options_for(const sqlite_options& options, checkpointer& moving,
                                  readers& reading) {
  writer_options result;
  result.file = {options.path, options.vfs, options.boot, options.clock};
  result.after_batch = [&](connection& file, int pages) {
    if (moving.must_force(pages)) {
      reading.without_readers([&] { moving.force(file, pages); });
    } else {
      moving.after_batch(file, pages);
    }
  };
  result.begin_to_write = [&](const std::function<bool()>& work) { reading.begin_to_write(work); };
  return result;
}

// Whoever may rename a file may put another one in its place. That is seen, and stops the server;
// it is no reason not to start, because containers mount such folders.
std::vector<std::string> remarks_on(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::weakly_canonical(path).parent_path();
  struct stat about{};
  if (::stat(folder.c_str(), &about) != 0) return {};
  if ((about.st_mode & S_IWOTH) == 0 || (about.st_mode & S_ISVTX) != 0) return {};
  return {folder.string() + " may be written by everybody, who can put another file in the place " +
          "of the tasks: chmod o-w it"};
}

}  // namespace

sqlite_store::sqlite_store(sqlite_options options)
    : options_(std::move(options)),
      lock_(with_folder(options_.path)),
      cache_(options_.cache_bytes),
      checkpointer_(options_.path, options_.vfs, lock_),
      readers_(options_.path, options_.vfs, std::max<std::size_t>(options_.reader_threads, 1),
               gate_),
      writer_(writer_options_for(options_, checkpointer_, readers_), lock_, cache_, gate_) {}

void sqlite_store::close() noexcept {
  writer_.close();
  readers_.close();
  checkpointer_.stop();
}

std::string sqlite_store::trouble_in_full() const {
  std::string why = writer_.trouble().full;
  return why.empty() ? checkpointer_.trouble() : why;
}

std::string sqlite_store::trouble() const {
  std::string why = writer_.trouble().reason;
  return why.empty() ? without_folders(checkpointer_.trouble(), options_.path) : why;
}

stores::found_at_open sqlite_store::found() const {
  stores::found_at_open result = writer_.found();
  result.remarks = remarks_on(options_.path);
  return result;
}

bool sqlite_store::shows(const task_record& task, std::string_view owner) const {
  return task.owner() == owner && !stores::expired(task, writer_.now().mono);
}

template <class Transition>
stores::awaitable<stores::change_result> sqlite_store::change(std::string_view id,
                                                              std::optional<std::string_view> owner,
                                                              Transition transition,
                                                              stores::growth allowed) {
  return writer_.perform([id, owner, allowed, transition = std::move(transition)](ledger& book) {
    return book.change(id, owner, transition, allowed);
  });
}

// --- callers' side

stores::awaitable<stores::create_result> sqlite_store::create(const stores::new_task& task) {
  return writer_.perform([&task](ledger& book) { return book.create(task); });
}

stores::awaitable<task_ptr> sqlite_store::read_whole(std::string_view id) {
  return readers_.perform([id](task_reader& rows) -> task_ptr {
    const auto row = rows.find(id);
    return row ? row->record : nullptr;
  });
}

stores::awaitable<task_ptr> sqlite_store::read_state(std::string_view id) {
  return readers_.perform([id](task_reader& rows) -> task_ptr {
    const auto row = rows.look(id);
    return row ? row->record : nullptr;
  });
}

stores::awaitable<task_ptr> sqlite_store::get(std::string_view owner, std::string_view id) {
  const task_ptr known = cache_.find(id);
  if (known && !shows(*known, owner)) co_return nullptr;
  if (known && !known->abridged) co_return known;
  if (!is_task_id(id)) co_return nullptr;
  const task_ptr found = co_await read_whole(id);
  if (!found || !shows(*found, owner)) co_return nullptr;
  if (!known) co_return found;
  // The file has what never changes; of the rest the cache has what is known to be committed.
  co_return stores::with_origin_of(known, *found);
}

stores::awaitable<task_ptr> sqlite_store::look(std::string_view owner, std::string_view id) {
  if (const task_ptr known = cache_.find(id)) co_return shows(*known, owner) ? known : nullptr;
  if (!is_task_id(id)) co_return nullptr;
  const task_ptr found = co_await read_state(id);
  co_return found&& shows(*found, owner) ? found : nullptr;
}

stores::awaitable<std::optional<stores::list_page>> sqlite_store::list(
    std::string_view owner, std::optional<task_status> status, std::string_view cursor,
    std::size_t limit) {
  std::string_view before;
  if (!cursor.empty()) {
    const auto last = stores::parse_cursor(cursor);
    if (!last) co_return std::nullopt;
    before = *last;
  }
  limit = std::clamp<std::size_t>(limit, 1, std::size_t{1} << 30);
  const monotonic_time now = writer_.now().mono;
  auto reading = readers_.perform([&](task_reader& rows) {  // one more: is there a next page?
    return rows.page(owner, status, before, now, limit + 1);
  });
  stores::list_page page;
  page.tasks = co_await std::move(reading);
  if (page.tasks.size() > limit) {
    page.tasks.resize(limit);
    page.next_cursor = stores::make_cursor(page.tasks.back()->id());
  }
  co_return page;
}

stores::awaitable<stores::change_result> sqlite_store::answer(
    std::string_view owner, std::string_view id, std::span<const stores::response> responses) {
  return change(
      id, owner,
      [responses](const task_record& task, stores::instant now) {
        return stores::answered(task, responses, now);
      },
      stores::growth::bounded);
}

stores::awaitable<stores::change_result> sqlite_store::cancel(std::string_view owner,
                                                              std::string_view id,
                                                              std::string_view reason,
                                                              stores::visibility sees) {
  return change(id, owner, [reason, sees](const task_record& task, stores::instant now) {
    return stores::cancelled(task, reason, sees, now);
  });
}

stores::awaitable<stores::change_result> sqlite_store::set_retention(
    std::string_view owner, std::string_view id, std::optional<milliseconds> retention) {
  return change(id, owner, [retention](const task_record& task, stores::instant now) {
    return stores::retained(task, retention, now);
  });
}

stores::awaitable<stores::change_result> sqlite_store::reveal(
    std::string_view owner, std::string_view id, std::optional<milliseconds> retention) {
  return change(id, owner, [retention](const task_record& task, stores::instant now) {
    return stores::revealed(task, retention, now);
  });
}

// --- workers' side

stores::awaitable<stores::change_result> sqlite_store::report(std::string_view id,
                                                              stores::writer worker,
                                                              const stores::report_change& update) {
  return change(id, std::nullopt, [worker, &update](const task_record& task, stores::instant now) {
    return stores::reported(task, worker, update, now);
  });
}

stores::awaitable<stores::change_result> sqlite_store::ask(
    std::string_view id, stores::writer worker, std::span<const stores::question> questions) {
  return change(id, std::nullopt,
                [worker, questions](const task_record& task, stores::instant now) {
                  return stores::asked(task, worker, questions, now);
                });
}

stores::awaitable<stores::change_result> sqlite_store::finish(std::string_view id,
                                                              stores::writer worker,
                                                              const outcome& result,
                                                              std::string_view message) {
  return change(id, std::nullopt,
                [worker, &result, message](const task_record& task, stores::instant now) {
                  return stores::finished(task, worker, result, message, now);
                });
}

stores::awaitable<stores::change_result> sqlite_store::retry(std::string_view id,
                                                             stores::writer worker,
                                                             std::string_view why,
                                                             monotonic_time not_before) {
  return change(id, std::nullopt,
                [worker, why, not_before](const task_record& task, stores::instant now) {
                  return stores::retried(task, worker, why, not_before, now);
                });
}

stores::awaitable<stores::change_result> sqlite_store::release(std::string_view id,
                                                               stores::writer worker) {
  return change(id, std::nullopt, [worker](const task_record& task, stores::instant now) {
    return stores::released(task, worker, now);
  });
}

// --- processes

stores::awaitable<std::vector<task_ptr>> sqlite_store::claim(const stores::claim_request& request) {
  return writer_.perform([&request](ledger& book) { return book.claim(request); });
}

stores::awaitable<std::size_t> sqlite_store::queued_before(std::string_view id, std::size_t most) {
  return writer_.perform([id, most](ledger& book) { return book.queued_before(id, most); });
}

stores::awaitable<stores::renew_result> sqlite_store::renew(process_id process,
                                                            milliseconds lease) {
  return writer_.perform([process, lease](ledger& book) { return book.renew(process, lease); });
}

stores::awaitable<stores::recover_result> sqlite_store::recover() {
  return writer_.perform([](ledger& book) { return book.recover(); });
}

stores::awaitable<std::vector<task_ptr>> sqlite_store::claimed(process_id process) {
  return writer_.perform([process](ledger& book) { return book.claimed(process); });
}

stores::awaitable<std::vector<task_ptr>> sqlite_store::external(std::string_view tool,
                                                                std::string_view after,
                                                                std::size_t limit) {
  return readers_.perform(
      [tool, after, limit](task_reader& rows) { return rows.external(tool, after, limit); });
}

// --- time

stores::awaitable<std::size_t> sqlite_store::expire_now(std::size_t limit) {
  return writer_.perform([limit](ledger& book) { return book.expire(limit); });
}

stores::awaitable<ledger::purged> sqlite_store::purge_now(std::size_t limit) {
  return writer_.perform([limit](ledger& book) { return book.purge(limit); });
}

stores::awaitable<std::size_t> sqlite_store::expire(std::size_t limit) {
  if (writer_.next_limit() > writer_.now().mono) co_return 0;  // idle is cheap
  co_return co_await expire_now(limit);
}

stores::awaitable<std::vector<std::string>> sqlite_store::purge(std::size_t limit) {
  std::vector<std::string> removed;
  while (removed.size() < limit && writer_.next_removal() <= writer_.now().mono) {
    const std::size_t chunk = std::min(tunables::purge_chunk, limit - removed.size());
    const ledger::purged gone = co_await purge_now(chunk);
    removed.insert(removed.end(), gone.ids.begin(), gone.ids.end());
    if (gone.all) break;
  }
  co_return removed;
}

// --- the rest

// --- operators

// All that is open is in memory, with its arguments if they are short.
stores::awaitable<std::optional<stores::found_page>> sqlite_store::search(
    const stores::task_filter& filter, std::string_view cursor, std::size_t limit) {
  std::string_view before;
  if (!cursor.empty()) {
    const auto last = stores::parse_cursor(cursor);
    if (!last) co_return std::nullopt;
    before = *last;
  }
  const bool open_only = !filter.phases.empty() && filter.phases.within(stores::open_phases);
  if (open_only && filter.text.empty()) {
    co_return stores::page_of(cache_.unfinished(), filter, before, limit);
  }
  const monotonic_time now = writer_.now().mono;
  auto reading = readers_.perform(
      [&](task_reader& rows) { return search_tasks(rows, filter, before, now, limit); });
  co_return co_await std::move(reading);
}

stores::awaitable<task_ptr> sqlite_store::find(std::string_view id) {
  task_ptr there = cache_.find(id);
  if (!there && is_task_id(id)) there = co_await read_whole(id);
  if (!there) co_return nullptr;
  co_return co_await get(there->owner(), id);
}

stores::awaitable<task_ptr> sqlite_store::oldest_waiting() {
  co_return stores::oldest_waiting_of(cache_.unfinished(), writer_.now().mono);
}

stores::awaitable<std::vector<stores::owner_use>> sqlite_store::owners(std::size_t most) {
  return writer_.perform([most](ledger& book) { return book.owners(most); });
}

stores::awaitable<stores::store_stats> sqlite_store::stats() {
  return writer_.perform([](ledger& book) { return book.stats(); });
}

stores::awaitable<stores::counts_by_tool> sqlite_store::counts() {
  return writer_.perform([](ledger& book) { return book.counts(); });
}

stores::awaitable<bool> sqlite_store::pause(std::string_view tool) {
  return writer_.perform([tool](ledger& book) { return book.pause(tool); });
}

stores::awaitable<bool> sqlite_store::resume(std::string_view tool) {
  return writer_.perform([tool](ledger& book) { return book.resume(tool); });
}

stores::awaitable<stores::paused_tools> sqlite_store::paused() {
  return writer_.perform([](ledger& book) { return book.paused(); });
}

stores::awaitable<std::vector<std::string>> sqlite_store::unknown(
    std::span<const std::string> ids) {
  return readers_.perform([ids](task_reader& rows) {
    std::vector<std::string> result;
    for (const std::string& id : ids) {
      if (!rows.knows(id)) result.push_back(id);
    }
    return result;
  });
}

milliseconds sqlite_store::report_interval() const noexcept { return tunables::gather_reports; }

}  // namespace longhaul::sqlite

namespace longhaul {

std::shared_ptr<stores::store> sqlite_store(const std::string& path, const clock_source& clock) {
  sqlite::sqlite_options options;
  options.path = path;
  options.clock = &clock;
  try {
    return std::make_shared<sqlite::sqlite_store>(std::move(options));
  } catch (const sqlite::sqlite_error& e) {
    throw std::runtime_error("the store " + path + " cannot be opened: " + e.what());
  }
}

}  // namespace longhaul
