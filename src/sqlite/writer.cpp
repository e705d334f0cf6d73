// SPDX-License-Identifier: Apache-2.0
#include "sqlite/writer.hpp"

#include <algorithm>
#include <chrono>

#include "sqlite/schema.hpp"
#include "sqlite/soundness.hpp"

namespace longhaul::sqlite {
namespace {

using namespace std::chrono_literals;

/// Operations in one transaction at most: more makes everybody wait for nothing.
constexpr std::size_t max_batch = 1024;
/// How long an open transaction waits for the next of the callers that shared the last one.
constexpr auto next_caller = 30us;
/// From so many callers in one commit on, the thread stays awake so long for their return.
constexpr std::size_t crowd = 8;
constexpr auto crowd_returns = 100us;
/// How often a file that could not be written is tried again.
constexpr auto trial_interval = 1s;
/// How often the file is looked at when nothing is written.
constexpr auto look_interval = 2s;

}  // namespace

writer::writer(writer_options options, lock_file& lock, task_cache& cache, commit_gate& gate)
    : options_(std::move(options)), lock_(lock), cache_(cache), gate_(gate) {
  try {
    open();
    empty_log();  // what a crashed process could not sync lies there; readers only put it off
    load();
    make_sure_of_file();
    written_ = true;
    if (options_.begin_to_write) options_.begin_to_write([] { return true; });
  } catch (const sqlite_error& e) {
    const int code = e.primary();
    const bool no_room = code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_READONLY ||
                         code == SQLITE_CANTOPEN;
    if (!no_room) throw sqlite_error(in_words(e, options_.path), e.code());
    try {
      open_to_read();
      load();
    } catch (const std::exception&) {
      throw sqlite_error(in_words(e, options_.path), e.code());
    }
    set_trouble(in_trouble(e));
  }
  for (const auto& [id, live] : ledger_->live()) cache_.put(live.record);
  note_agenda();
  thread_ = std::thread([this] { run(); });
}

void writer::load() {
  refuse_faults(options_.path, faults_of(*file_));
  time_ = std::make_unique<timeline>(*file_, *options_.clock, options_.boot);
  ledger_ = std::make_unique<ledger>(*file_, *time_, leases_, claims_);
  secret_ = file_->text("SELECT value FROM meta WHERE name = 'secret'");
  const stores::store_stats there = ledger_->stats();
  found_.place = options_.path;
  found_.unfinished = there.working + there.input_required;
  found_.tasks = found_.unfinished + there.completed + there.failed + there.cancelled;
}

void writer::open() {
  begin_.reset();
  commit_.reset();
  ledger_.reset();
  file_.reset();  // rolls back, and lets go of its locks
  connection_options how;
  how.vfs = options_.vfs;
  file_ = std::make_unique<connection>(options_.path, how);
  prepare_writer(*file_);
  upgrade(*file_, options_.path);
  page_bytes_ = static_cast<std::uint64_t>(file_->number("PRAGMA page_size"));
  lock_.log_opened();
  log_pages_ = 0;
  sqlite3_wal_hook(
      file_->handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<writer*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  begin_ = std::make_unique<statement>(*file_, "BEGIN IMMEDIATE");
  commit_ = std::make_unique<statement>(*file_, "COMMIT");
}

void writer::open_to_read() {
  begin_.reset();
  commit_.reset();
  ledger_.reset();
  file_.reset();
  file_ = std::make_unique<connection>(
      sqlite::open_to_read(options_.path, options_.vfs, written_by::nobody));
  if (version_of(*file_, options_.path) != newest_version()) {
    throw std::runtime_error("it is of an older version, and cannot be brought forward");
  }
}

void writer::make_sure_of_file() {
  // Of a frame in the log: a page and 24 bytes; the log begins with 32.
  constexpr std::uint64_t frame_header = 24, header = 32;
  const auto pages = static_cast<std::uint64_t>(log_pages_);
  lock_.log_grown(pages == 0 ? 0 : header + pages * (page_bytes_ + frame_header));
  if (const std::string why = lock_.lost(); !why.empty()) throw sqlite_error(why, SQLITE_IOERR);
}

void writer::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
}

write_trouble writer::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

write_trouble writer::in_trouble(const std::exception& e) const {
  const std::string full = in_words(e, options_.path);
  return {full, without_folders(full, options_.path)};
}

void writer::set_trouble(write_trouble why) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(why);
}

void writer::limit(const stores::byte_bounds& bounds) {
  const std::lock_guard lock(mutex_);
  bounds_ = bounds;
}

void writer::submit(operation& what, sleeper caller) {
  what.caller = std::move(caller);
  {
    const std::lock_guard lock(mutex_);
    if (!closing_) {
      queue_.push_back(&what);
      if (queue_.size() == 1) news_.notify_one();
      return;
    }
  }
  refuse({&what}, {"the store is closed", "the store is closed"}, false);
}

std::optional<writer::batch> writer::take() {
  if (last_batch_ >= crowd) watch_queue();
  std::unique_lock lock(mutex_);
  const auto something = [this] { return closing_ || !queue_.empty(); };
  news_.wait_for(lock, trouble_.none() ? look_interval : trial_interval, something);
  batch taken;
  move_queue(taken);
  if (ledger_) ledger_->limit(bounds_);
  if (taken.empty() && closing_) return std::nullopt;
  return taken;
}

// After a crowd's commit they all come back at once, sooner than a thread that sleeps is woken.
void writer::watch_queue() {
  const auto patience = std::chrono::steady_clock::now() + crowd_returns;
  while (std::chrono::steady_clock::now() < patience) {
    {
      const std::lock_guard lock(mutex_);
      if (closing_ || !queue_.empty()) return;
    }
    std::this_thread::yield();
  }
}

bool writer::move_queue(batch& into) {
  const std::size_t room = max_batch - std::min(into.size(), max_batch);
  const std::size_t count = std::min(room, queue_.size());
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  into.insert(into.end(), queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  return count > 0;
}

// Callers that were woken together come back one after the other, while the first of them are
// carried out. A caller without company never waits here: the last batch was one, too.
bool writer::join(batch& work) {
  using clock = std::chrono::steady_clock;
  const std::size_t expected = last_batch_ - last_batch_ / 8;
  const auto patience = clock::now() + next_caller;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (move_queue(work)) return true;
      if (closing_ || work.size() >= expected) return false;
    }
    if (clock::now() > patience) return false;
    std::this_thread::yield();
  }
}

void writer::run() {
  auto next_trial = std::chrono::steady_clock::now() + (written_ ? 0s : trial_interval);
  while (std::optional<batch> work = take()) {
    if (!trouble_.none()) {
      if (std::chrono::steady_clock::now() >= next_trial && !restore()) {
        next_trial = std::chrono::steady_clock::now() + trial_interval;
      }
      if (!trouble_.none()) {
        refuse(*work, trouble_, false);
        continue;
      }
    }
    if (work->empty()) {
      try {
        make_sure_of_file();
      } catch (const sqlite_error& e) {
        set_trouble(in_trouble(e));
      }
      continue;
    }
    carry_out(std::move(*work));
    if (options_.after_batch && file_) options_.after_batch(*file_, log_pages_);
  }
}

// --- transactions

void writer::carry_out(batch work) {
  bool committing = false;
  try {
    begin();
    for (std::size_t applied = 0; applied < work.size() || join(work); ++applied) {
      apply(*work[applied]);
    }
    last_batch_ = work.size();
    commit(committing);
    finish(work);
  } catch (const std::exception& e) {
    write_trouble why = in_trouble(e);
    if (!restore()) {
      refuse(work, why, committing);
      set_trouble(std::move(why));
    } else {
      one_by_one(work);
    }
  }
}

// What became of the batch is known now: nothing. One of it may be to blame; the others shall not
// suffer for it.
void writer::one_by_one(const batch& work) {
  for (std::size_t i = 0; i < work.size(); ++i) {
    const batch alone{work[i]};
    bool committing = false;
    try {
      begin();
      apply(*work[i]);
      commit(committing);
      finish(alone);
    } catch (const std::exception& e) {
      const write_trouble why = in_trouble(e);
      const bool usable = restore();
      refuse(alone, why, committing);
      if (usable) continue;
      set_trouble(why);
      refuse(batch(work.begin() + static_cast<std::ptrdiff_t>(i) + 1, work.end()), why, false);
      return;
    }
  }
}

void writer::begin() {
  if (const std::string why = lock_.lost_log(); !why.empty()) throw sqlite_error(why, SQLITE_IOERR);
  begin_->run();
}

void writer::apply(operation& what) {
  what.error = nullptr;
  try {
    what.apply(*ledger_);
  } catch (const stores::store_error&) {
    what.error = std::current_exception();
  }
}

void writer::commit(bool& committing) {
  ledger_->flush();
  const commit_gate::closed until_published(gate_);
  committing = true;
  commit_->run();
  make_sure_of_file();
  committing = false;
  claims_ = claims_of::this_process;
  publish();
}

void writer::publish() noexcept {
  const std::vector<task_ptr> changed = ledger_->take_changed();
  for (const task_ptr& task : changed) cache_.put(task);
  const std::vector<std::string> removed = ledger_->take_removed();
  for (const std::string& id : removed) cache_.remove(id);
  if (observer_) {
    for (const task_ptr& task : changed) observer_(task);
  }
  note_agenda();
}

void writer::note_agenda() {
  next_limit_ = ledger_->next_limit();
  next_removal_ = ledger_->next_removal();
}

void writer::finish(const batch& work) noexcept {
  std::vector<sleeper> callers;
  callers.reserve(work.size());
  for (operation* each : work) callers.push_back(std::move(each->caller));
  wake(std::move(callers));
}

void writer::refuse(const batch& work, const write_trouble& why, bool outcome_unknown) {
  for (operation* each : work) {
    each->error =
        std::make_exception_ptr(stores::store_error(why.full, why.reason, outcome_unknown));
  }
  finish(work);
}

// --- trouble

bool writer::restore() {
  if (written_ || !options_.begin_to_write) return restore_now();
  options_.begin_to_write([this] { return written_ = restore_now(); });
  return written_;
}

bool writer::restore_now() {
  try {
    if (const std::string lost = lock_.lost(); written_ && !lost.empty()) {
      throw sqlite_error(lost, SQLITE_IOERR);  // another file, or half of one, is not opened
    }
    open();
    {
      // Writes over what a failed commit may have left at the end of the log.
      transaction trial(*file_, transaction::kind::write);
      time_->save(*file_);
      trial.commit();
    }
    if (!empty_log()) throw std::runtime_error("waiting for readers, to settle a failed commit");
    make_sure_of_file();
    ledger_ = std::make_unique<ledger>(*file_, *time_, leases_, claims_);
    {
      const std::lock_guard lock(mutex_);
      ledger_->limit(bounds_);
    }
    publish_all();
    set_trouble({});
    return true;
  } catch (const std::exception& e) {
    set_trouble(in_trouble(e));
    return false;
  }
}

bool writer::empty_log() {
  const std::lock_guard moving(lock_.moving());
  int pages = 0, moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(file_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                             &pages, &moved);
  if ((code & 0xff) == SQLITE_BUSY) return false;
  file_->check(code);
  log_pages_ = 0;
  return true;
}

// A commit that seemed to fail may have been made after all.
void writer::publish_all() {
  const commit_gate::closed until_published(gate_);
  cache_.forget_ended();
  std::vector<task_ptr> changed;
  for (const auto& [id, live] : ledger_->live()) {
    const task_ptr known = cache_.find(id);
    if (known && known->rev == live.record->rev) {
      cache_.put(live.record);  // one record of it is enough
    } else {
      changed.push_back(live.record);
    }
  }
  for (const task_ptr& known : cache_.unfinished()) {
    if (ledger_->live().contains(std::string_view(known->id()))) continue;
    if (auto row = task_reader(*file_).look(known->id())) {
      changed.push_back(row->record);
    } else {
      cache_.remove(known->id());
    }
  }
  for (const task_ptr& task : changed) cache_.put(task);
  note_agenda();
  if (!observer_) return;
  for (const task_ptr& task : changed) observer_(task);
}

}  // namespace longhaul::sqlite
