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
            [this](const std::string& why) { set_trouble(why); }),
      time(*options.clock) {}

void database::publish(const std::vector<change>& changes) {
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
  if (observer) observer(stores::abridged(row.record));
}

void database::publish_news(const task_row& row) {
  if (tasks.fetched(row) && observer) observer(stores::abridged(row.record));
}

std::string database::trouble() const {
  const guard lock(mutex_);
  return trouble_;
}

void database::set_trouble(const std::string& why) {
  const guard lock(mutex_);
  trouble_ = why;
}

stores::store_error store_error_of(const database_error& error) {
  return store_error_of(error, error.outcome_unknown());
}

stores::store_error store_error_of(const database_error& error, bool unknown) {
  const std::string reason = error.is_outage() ? "the database of the tasks does not answer"
                                               : "the database of the tasks refuses this";
  return stores::store_error(error.what(), reason, unknown);
}

}  // namespace longhaul::postgres
