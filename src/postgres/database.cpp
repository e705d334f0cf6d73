// SPDX-License-Identifier: Apache-2.0
#include "postgres/database.hpp"

#include "base/random.hpp"
#include "postgres/schema.hpp"
#include "postgres/tunables.hpp"
#include "stores/abridged.hpp"

namespace longhaul::postgres {

database::database(database_options choices)
    : options(std::move(choices)),
      writer(new_process_id()),
      texts(options.schema),
      links(context, options.where, tunables::connections,
            [this](const database_error* why) { set_outage(why); }),
      // Whether somebody answers, `links` says, which also hears when that is over.
      lease_link(context, options.where, 1, [](const database_error*) {}),
      time(*options.clock) {}

void database::publish(const std::vector<change>& changes) {
  for (const change& each : changes) {
    if (each.before.record) tell_unheard_end(each.before.record);
    unheard_ends.forget(each.after.record->id());  // nothing older can be committed any more
  }
  for (const change& each : changes) {
    tasks.committed(each.after);
    plan.add(*each.after.record);
    numbers more = numbers_of(*each.after.record, each.after.bytes);
    if (each.before.record) more += -numbers_of(*each.before.record, each.before.bytes);
    use.add(each.after.record->origin->quota, more);
  }
  if (observer) {
    for (const change& each : changes) observer(stores::abridged(each.after.record));
  }
  if (tell_others) tell_others(changes);
}

void database::found(const task_row& row) {
  tasks.committed(row);
  plan.add(*row.record);
  tell(row.record);
}

void database::tell_unheard_end(const task_ptr& read) {
  if (unheard_ends.decided_by(read->id(), read->rev)) tell(read);
}

void database::publish_news(const task_row& row) {
  if (tasks.fetched(row)) tell(row.record);
}

void database::tell(const task_ptr& read) {
  task_ptr told = stores::abridged(read);
  if (unheard_ends.is_ours(*read)) {
    auto end = std::make_shared<task_record>(*told);
    end->ends = true;
    told = std::move(end);
  }
  if (observer) observer(told);
}

namespace {

database::trouble trouble_of(const database_error* why) {
  if (why == nullptr) return {};
  return {why->what(), std::string(why->in_short())};
}

}  // namespace

database::trouble database::current_trouble() const {
  const guard lock(mutex_);
  return outage_.in_short.empty() ? no_room_ : outage_;
}

void database::set_outage(const database_error* why) {
  trouble now = trouble_of(why);
  const guard lock(mutex_);
  outage_ = std::move(now);
}

void database::set_no_room(const database_error* why) noexcept {
  try {
    trouble now = trouble_of(why);
    const guard lock(mutex_);
    no_room_ = std::move(now);
    no_room_at_ = std::chrono::steady_clock::now();
  } catch (...) {  // NOLINT(bugprone-empty-catch): no memory: the next failure says it
  }
}

bool database::may_have_room() const {
  const guard lock(mutex_);
  return !no_room_.in_short.empty() &&
         std::chrono::steady_clock::now() >= no_room_at_ + tunables::room_after;
}

stores::store_error store_error_of(const database_error& error) {
  return store_error_of(error, error.outcome_unknown());
}

stores::store_error store_error_of(const database_error& error, bool unknown) {
  return stores::store_error(error.what(), std::string(error.in_short()), unknown);
}

}  // namespace longhaul::postgres
