// SPDX-License-Identifier: Apache-2.0
// `longhaul admin cancel`, `retry`, `delete`, `retain`, `pause` and `resume`. Many tasks at once
// are counted before, and nothing is done if their number has changed by then.
#include <iostream>
#include <string>

#include "admin_error.hpp"
#include "admin_lookup.hpp"
#include "admin_verbs.hpp"
#include "admin_words.hpp"
#include "base/duration.hpp"
#include "json/write.hpp"
#include "terminal/dialogue.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul {
namespace {

using verb = admin_command::verb;

// How an action is called by the API and by people, and to which tasks it can be done.
struct action_words {
  const char *name, *done, *status;
};
const action_words& words_of(verb action) {
  static constexpr action_words cancel = {"cancel", "cancelled", "waiting,running,input_required"};
  static constexpr action_words retry = {"retry", "tried again", "error,failed,cancelled"};
  static constexpr action_words remove = {"delete", "removed", "completed,error,failed,cancelled"};
  return action == verb::cancel ? cancel : action == verb::retry ? retry : remove;
}

std::string tasks_text(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " task" : " tasks");
}

void add_reason(json::object& body, const admin_command& command) {
  if (!command.reason.empty()) body.string("reason", command.reason);
}

int act_on_one(const admin_desk& desk, const action_words& words) {
  const std::string id = whole_id(desk, desk.command.ids.front());
  std::string body;
  json::object o(body);
  add_reason(o, desk.command);
  o.close();
  const raw_json reply = desk.link.post(path_of_task(id, words.name), body);
  if (desk.command.json) {
    print_json(reply);
    return 0;
  }
  const json::value view(reply);
  const bool changed = view["outcome"].equals("applied");
  if (desk.command.action == verb::retry) {
    std::cout << terminal::plain(text_in(view["task"]["id"])) << std::endl;
  } else {
    desk.at.say((changed ? words.done : std::string(words.done) + " already") + ": " +
                terminal::plain(id));
  }
  return 0;
}

int tell_tally(const admin_desk& desk, const action_words& words, const raw_json& reply) {
  const json::value view(reply);
  const bool refused = number_in(view["refused"]) > 0;
  const int code = static_cast<int>(refused ? exit_code::usage : exit_code::done);
  if (desk.command.json) {
    print_json(reply);
    return code;
  }
  desk.at.say(std::string(words.done) + ": " + std::to_string(number_in(view["applied"])) +
              ", so already: " + std::to_string(number_in(view["unchanged"])) +
              ", refused: " + std::to_string(number_in(view["refused"])));
  for (json::elements each(view["made"]); each.next();) {
    std::cout << terminal::plain(each.value().string().value_or("")) << "\n";
  }
  std::cout << std::flush;
  for (json::elements each(view["failures"]); each.next();) {
    desk.at.say("  " + terminal::plain(text_in(each.value()["id"])) + ": " +
                terminal::plain(text_in(each.value()["message"])));
  }
  return code;
}

int act_on_several(const admin_desk& desk, const action_words& words) {
  std::string body;
  json::object o(body);
  json::array items(o.key("ids"));
  for (const std::string& word : desk.command.ids) {
    const std::string id = whole_id(desk, word);
    json::append_string(items.next(), id);
  }
  items.close();
  add_reason(o, desk.command);
  o.close();
  return tell_tally(desk, words, desk.link.post(std::string("tasks:") + words.name, body));
}

bool agrees(const admin_desk& desk, const action_words& words, std::int64_t count) {
  if (desk.command.yes) return true;
  const std::string question = std::string(words.name) + " " + tasks_text(count) + "? [y/N] ";
  if (!desk.at.interactive()) {
    throw admin_error("invalid",
                      std::string("this would ") + words.name + " " + tasks_text(count) +
                          ", and nobody can be asked here",
                      "add --yes if that is meant");
  }
  const auto answer = desk.at.ask(
      [&](terminal::console& console) { return terminal::dialogue(console).ask(question); });
  return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

std::string bulk_body(const admin_command& command, const admin_filter& filter,
                      std::int64_t count) {
  std::string body;
  json::object o(body);
  json::object inner(o.key("filter"));
  for (const auto& [name, value] : query_of(filter)) {
    if (!value.empty()) inner.string(name, value);
  }
  inner.close();
  o.integer("expect", count);
  add_reason(o, command);
  o.close();
  return body;
}

int act_on_matching(const admin_desk& desk, const action_words& words) {
  admin_filter filter = desk.command.filter;
  if (filter.status.empty()) filter.status = words.status;
  const raw_json counted = desk.link.get(with_query("tasks/count", query_of(filter)));
  const json::value view(counted);
  const std::int64_t count = number_in(view["count"]);
  if (!flag_in(view["exact"])) {
    throw admin_error("conflict", "more than " + tasks_text(count) + " match: nothing was done",
                      "narrow it, with --tool, --owner or --since");
  }
  if (count == 0 && !desk.command.json) {
    desk.at.say("no task matches: nothing was done");
    return 0;
  }
  if (count > 0 && !agrees(desk, words, count)) {
    throw admin_error("interrupted", "nothing was done", "", exit_code::cancelled);
  }
  if (filter.until.empty()) filter.until = text_in(view["at"]);  // what comes later is not meant
  const std::string path = std::string("tasks:") + words.name;
  return tell_tally(desk, words, desk.link.post(path, bulk_body(desk.command, filter, count)));
}

}  // namespace

int act_on_tasks(const admin_desk& desk) {
  const admin_command& command = desk.command;
  const action_words& words = words_of(command.action);
  const std::string name = words.name;
  if (command.by_filter && !command.ids.empty()) {
    throw admin_error("invalid", "ids and --filter exclude each other", "leave one of them out");
  }
  if (!command.by_filter && command.filter.narrows()) {
    throw admin_error("invalid", "--status, --tool and their like are for many tasks at once",
                      "add --filter to " + name + " all that they match");
  }
  if (command.by_filter) return act_on_matching(desk, words);
  if (command.ids.empty()) {
    throw admin_error("invalid", "which task?",
                      "write its id, or --filter with --status, --tool, --owner, --since or --q");
  }
  return command.ids.size() == 1 ? act_on_one(desk, words) : act_on_several(desk, words);
}

int retain_task(const admin_desk& desk) {
  const std::string& word = desk.command.duration;
  const auto length = parse_duration(word);
  if (!length && word != "forever") {
    throw admin_error("invalid", "'" + word + "' is no duration",
                      "write it as 90s, 15m, 12h or 7d, or forever");
  }
  const std::string id = whole_id(desk, desk.command.ids.front());
  std::string body;
  json::object o(body);
  length ? o.integer("retentionMs", length->count()) : o.null("retentionMs");
  o.close();
  const raw_json reply = desk.link.post(path_of_task(id, "retain"), body);
  if (desk.command.json) {
    print_json(reply);
    return 0;
  }
  if (length && length->count() == 0) {
    desk.at.say("kept no longer once it has ended: " + terminal::plain(id));
    return 0;
  }
  // Servers have a bound for it.
  const raw_json now = desk.link.get(path_of_task(id));
  const auto kept = length_in(json::value(now)["retentionMs"]);
  desk.at.say("kept " + (kept ? "for " + length_text(*kept) + " after its end" : "for ever") +
              (kept != length ? " (the server keeps nothing longer)" : "") + ": " +
              terminal::plain(id));
  return 0;
}

int pause_or_resume(const admin_desk& desk) {
  const bool pauses = desk.command.action == verb::pause;
  const raw_json reply = desk.link.post(
      "tools/" + in_address(desk.command.tool) + (pauses ? "/pause" : "/resume"), "{}");
  if (desk.command.json) {
    print_json(reply);
    return 0;
  }
  const bool changed = json::value(reply)["outcome"].equals("applied");
  desk.at.say(std::string(pauses ? "paused" : "resumed") + (changed ? "" : " already") + ": " +
              terminal::plain(desk.command.tool));
  return 0;
}

}  // namespace longhaul
