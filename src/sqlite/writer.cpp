// SPDX-License-Identifier: Apache-2.0
#include "sqlite/writer.hpp"

#include <chrono>

#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {
namespace {

using clock = std::chrono::steady_clock;

}  // namespace

writer::writer(writer_options options, lock_file& lock, task_cache& cache, commit_gate& gate)
    : options_(std::move(options)),
      lock_(lock),
      cache_(cache),
      gate_(gate),
      file_(options_.file, lock) {
  open();
  for (const auto& [id, live] : file_.book().live()) cache_.put(live.record);
  note_agenda();
  thread_ = std::thread([this] { run(); });
}

void writer::open() {
  try {
    file_.open_and_load();
    written_ = true;
    if (options_.begin_to_write) options_.begin_to_write([] { return true; });
  } catch (const sqlite_error& e) {
    const int code = e.primary();
    const bool no_room = code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_READONLY ||
                         code == SQLITE_CANTOPEN;
    if (!no_room) throw sqlite_error(in_words(e, file_.path()), e.code());
    try {
      file_.open_to_read_and_load();
    } catch (const std::exception&) {
      throw sqlite_error(in_words(e, file_.path()), e.code());
    }
    set_trouble(in_trouble(e));
  }
}

void writer::close() noexcept {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

void writer::limit(const stores::byte_bounds& bounds) {
  const guard lock(mutex_);
  bounds_ = bounds;
}

stores::byte_bounds writer::bounds() const {
  const guard lock(mutex_);
  return bounds_;
}

write_trouble writer::trouble() const {
  const guard lock(mutex_);
  return trouble_;
}

write_trouble writer::in_trouble(const std::exception& e) const {
  const std::string full = in_words(e, file_.path());
  return {full, without_folders(full, file_.path())};
}

void writer::set_trouble(write_trouble why) {
  usable_ = why.none();
  const guard lock(mutex_);
  trouble_ = std::move(why);
}

void writer::submit(operation& work, sleeper caller) {
  work.caller = std::move(caller);
  if (queue_.submit(work)) return;
  refuse({&work}, {"the store is closed", "the store is closed"}, false);
}

void writer::run() {
  using namespace std::chrono_literals;
  auto next_trial = clock::now() + (written_ ? 0s : tunables::trial_interval);
  const auto patience = [this]() -> clock::duration {
    return usable_ ? tunables::look_interval : tunables::trial_interval;
  };
  while (std::optional<batch> work = queue_.take(patience())) {
    if (!usable_) {
      if (clock::now() >= next_trial && !restore()) {
        next_trial = clock::now() + tunables::trial_interval;
      }
      if (!usable_) {
        refuse(*work, trouble(), false);
        continue;
      }
    }
    if (work->empty()) {
      look_at_file();
      continue;
    }
    file_.book().limit(bounds());
    carry_out(std::move(*work));
    if (options_.after_batch && file_.is_open()) {
      options_.after_batch(file_.file(), file_.log_pages());
    }
  }
}

void writer::look_at_file() {
  try {
    file_.make_sure();
  } catch (const sqlite_error& e) {
    set_trouble(in_trouble(e));
  }
}

// --- transactions

// One that writes nothing costs nothing, and would hide what the others cost.
class writer::measured {
 public:
  explicit measured(writer& home) : home_(home), before_(home.file_.file().total_changes()) {}
  void done(std::size_t operations) const {
    if (home_.file_.file().total_changes() == before_) return;
    home_.meters_.seconds.note(clock::now() - began_);
    home_.meters_.commit_seconds.note(home_.last_commit_);
    home_.meters_.operations.note(static_cast<double>(operations));
  }

 private:
  writer& home_;
  const std::int64_t before_;
  const clock::time_point began_ = clock::now();
};

void writer::carry_out(batch work) {
  bool committing = false;
  try {
    file_.begin();
    measured transaction(*this);
    for (std::size_t applied = 0; applied < work.size() || queue_.join(work); ++applied) {
      apply(*work[applied]);
    }
    queue_.shared_by(work.size());
    commit(committing);
    transaction.done(work.size());
    finish(work);
  } catch (const std::exception& e) {
    meters_.failed.add();
    write_trouble why = in_trouble(e);
    if (restore()) {
      one_by_one(work);
    } else {
      refuse(work, why, committing);
      set_trouble(std::move(why));
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
      file_.begin();
      measured transaction(*this);
      apply(*work[i]);
      commit(committing);
      transaction.done(1);
      finish(alone);
    } catch (const std::exception& e) {
      meters_.failed.add();
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

// What the store refuses is that operation's own; what SQLite refuses ends the transaction.
void writer::apply(operation& work) {
  work.error = nullptr;
  try {
    work.apply(file_.book());
  } catch (const stores::store_error&) {
    work.error = std::current_exception();
  }
}

void writer::commit(bool& committing) {
  file_.book().flush();
  const commit_gate::closed until_published(gate_);
  const auto began = clock::now();
  file_.commit(committing);
  last_commit_ = clock::now() - began;
  publish();
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

// --- what others see

void writer::publish() noexcept {
  const std::vector<task_ptr> changed = file_.book().take_changed();
  for (const task_ptr& task : changed) cache_.put(task);
  const std::vector<std::string> removed = file_.book().take_removed();
  for (const std::string& id : removed) cache_.remove(id);
  tell(changed);
  note_agenda();
}

// A commit that seemed to fail may have been made after all. Nobody else writes this file: what has
// ended meanwhile was ended here.
void writer::publish_all() {
  const commit_gate::closed until_published(gate_);
  cache_.forget_ended();
  std::vector<task_ptr> changed;
  for (const auto& [id, live] : file_.book().live()) {
    const task_ptr known = cache_.find(id);
    if (known && known->rev == live.record->rev) {
      cache_.put(live.record);  // one record of it is enough
    } else {
      changed.push_back(live.record);
    }
  }
  for (const task_ptr& known : cache_.unfinished()) {
    if (file_.book().live().contains(std::string_view(known->id()))) continue;
    if (auto row = task_reader(file_.file()).look(known->id())) {
      auto ended = std::make_shared<task_record>(*row->record);
      ended->ends = ended->terminal();
      changed.push_back(std::move(ended));
    } else {
      cache_.remove(known->id());
    }
  }
  for (const task_ptr& task : changed) cache_.put(task);
  note_agenda();
  tell(changed);
}

void writer::tell(const std::vector<task_ptr>& changed) const {
  if (!observer_) return;
  for (const task_ptr& task : changed) observer_(task);
}

void writer::note_agenda() {
  next_limit_ = file_.book().next_limit();
  next_removal_ = file_.book().next_removal();
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
    file_.reopen(bounds());
    publish_all();
    set_trouble({});
    return true;
  } catch (const std::exception& e) {
    set_trouble(in_trouble(e));
    return false;
  }
}

}  // namespace longhaul::sqlite
