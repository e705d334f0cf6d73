// SPDX-License-Identifier: Apache-2.0
// `longhaul admin show` and `explain`: the life of one task as a line from its creation to its end,
// with how long each part took.
//
//   created ─waited─ attempt 1 ─ran─ it was over ─waited─ attempt 2 ─ran─ … ─ ended
//                            asked ─…─ answered
#include <algorithm>
#include <array>
#include <iostream>
#include <optional>

#include "admin_lookup.hpp"
#include "admin_questions.hpp"
#include "admin_verbs.hpp"
#include "admin_words.hpp"
#include "longhaul/clock.hpp"
#include "store_words.hpp"
#include "terminal/example_words.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/tool_page.hpp"

namespace longhaul {
namespace {

// Lines of a result that are shown; --json has them all.
constexpr std::size_t most_lines = 40;

// Something that happened. `then`: what follows it until the next one.
struct moment {
  timestamp at;
  std::string said, then;
};

std::string question_text(json::value question) {
  return text_in(question["key"]) + ": " + message_of(question["request"]);
}

bool is_open(json::value question) { return question["response"].raw() == "null"; }

bool has_ended(json::value task) { return task["endedAt"].is(json::kind::string); }

std::string end_text(json::value task) {
  const bool says_so = text_in(task["status"]) == "error";
  std::string text =
      says_so ? "completed, and the tool says that it failed" : text_in(task["status"]);
  const std::string message = text_in(task["message"]);
  return message.empty() ? text : text + ": " + message;
}

// How long it ran, and how often.
std::string ran_text(json::value task) {
  const auto began = time_in(task["beganAt"]), ended = time_in(task["endedAt"]);
  if (!began || !ended) return "nothing: it never began";
  const std::int64_t attempts = number_in(task["attempt"]);
  return length_text(*ended - *began) +
         (attempts > 1 ? " of attempt " + std::to_string(attempts) : "");
}

class timeline {
 public:
  explicit timeline(json::value task) : task_(task) {
    const std::string again = text_in(task["retryOf"]);
    add("createdAt",
        "created by " + text_in(task["owner"]) + (again.empty() ? "" : ", to retry " + again),
        "waited");
    add_attempts();
    for (json::elements each(task["questions"]); each.next();) {
      const json::value one = each.value();
      const std::string asked = question_text(one);
      const std::string how = text_in(one["response"]["action"]);
      // Where nobody says when: of an open one it is the last that happened.
      const bool dated = one["askedAt"].is(json::kind::string) || !is_open(one);
      add(dated ? one["askedAt"] : task["updatedAt"], "asked " + asked, "waited for the answer");
      add(one["answeredAt"], "answered " + asked + (how.empty() ? "" : " (" + how + ")"), "ran");
    }
    const std::string reason = text_in(task["cancelReason"]);
    add("cancelRequestedAt", "asked to stop" + (reason.empty() ? "" : ": " + reason),
        "took to stop");
    add("endedAt", end_text(task), "");
  }

  const std::vector<moment>& all() const noexcept { return all_; }

 private:
  void add(json::value at, std::string said, std::string then) {
    const auto time = time_in(at);
    if (!time) return;
    const auto place = std::ranges::upper_bound(all_, *time, {}, &moment::at);
    all_.insert(place, moment{*time, std::move(said), std::move(then)});
  }
  void add(const char* at, std::string said, std::string then) {
    add(task_[std::string_view(at)], std::move(said), std::move(then));
  }

  void add_attempts() {
    std::int64_t last = 0;
    for (json::elements each(task_["attempts"]); each.next();) {
      const json::value one = each.value();
      last = number_in(one["number"]);
      const std::string name = "attempt " + std::to_string(last);
      add(one["beganAt"], name + " began", "ran");
      add(one["endedAt"], name + " was over: " + text_in(one["how"]), "waited");
    }
    if (last == number_in(task_["attempt"])) return;
    const std::string host = text_in(task_["host"]);
    const std::int64_t number = number_in(task_["attempt"]), most = number_in(task_["maxAttempts"]);
    // What was handed back by a server that ended was one, and does not count.
    const std::string total = most > 1 && number <= most ? " of " + std::to_string(most) : "";
    add("beganAt",
        "attempt " + std::to_string(number) + total + " began" +
            (host.empty() ? "" : " at " + host),
        "ran");
  }

  const json::value task_;
  std::vector<moment> all_;  // by time; those of one time in the order in which they are added
};

// What it does now, in a line; `since`: when that began.
std::string now_text(json::value task, timestamp since, timestamp now) {
  const std::string status = text_in(task["status"]), why = text_in(task["why"]);
  const std::string length = length_text(now - since);
  if (status == "waiting") return "waits for " + length + (why.empty() ? "" : ": " + why);
  if (status == "input_required") return "waits for an answer, for " + length;
  std::string text = "runs for " + length;
  if (const std::string progress = progress_text(task); !progress.empty()) text += ": " + progress;
  if (task["cancelRequestedAt"].is(json::kind::string)) text += " (it is asked to stop)";
  return text;
}

void say(const std::string& line, const terminal::look& looks) {
  std::cout << shown(line, looks) << '\n';
}

void tell_member(const char* name, const std::string& value, const terminal::look& looks) {
  if (!value.empty()) tell_line(name, shown(value, looks));
}

void tell_limits(json::value limits, const terminal::look& looks) {
  constexpr std::array<std::array<const char*, 3>, 4> all = {
      {{"limit: attempt", "attemptMs", "attemptLeftMs"},
       {"limit: in all", "overallMs", "overallLeftMs"},
       {"limit: answer", "answerMs", "answerLeftMs"},
       {"limit: silence", "stallMs", ""}}};
  for (const auto& [name, whole, rest] : all) {
    const auto length = length_in(limits[std::string_view(whole)]);
    const auto left = length_in(limits[std::string_view(rest)]);
    if (!length) continue;
    tell_member(name, length_text(*length) + (left ? ", " + length_text(*left) + " left" : ""),
                looks);
  }
}

void tell_head(json::value task, timestamp now, const terminal::look& looks) {
  tell_member("task", text_in(task["id"]), looks);
  tell_member("tool",
              text_in(task["tool"]) + (flag_in(task["plain"]) ? " (a plain call)" : "") +
                  (flag_in(task["external"]) ? " (finished from outside)" : ""),
              looks);
  tell_member("owner", text_in(task["owner"]), looks);
  tell_member("status", has_ended(task) ? end_text(task) : text_in(task["status"]), looks);
  tell_member("why", text_in(task["why"]), looks);
  if (const auto at = time_in(task["runAt"]); at && *at > now) {
    tell_member("goes on in", length_text(*at - now), looks);
  }
  tell_limits(task["limits"], looks);
  if (const auto usual = length_in(task["expectedMs"])) {
    tell_member("usually takes", length_text(*usual), looks);
  }
  const auto kept = length_in(task["retentionMs"]);
  const std::string until = text_in(task["removeAt"]);
  tell_member("kept",
              (kept ? length_text(*kept) + " after its end" : "for ever") +
                  (until.empty() ? "" : ", until " + until),
              looks);
  tell_member("size", readable_size(number_in(task["bytes"])), looks);
  if (const auto bytes = number_in(task["checkpointBytes"]); bytes > 0) {
    tell_member("checkpoint", readable_size(bytes), looks);
  }
  tell_member("idempotency key", text_in(task["idempotencyKey"]), looks);
  tell_member("concurrency key", text_in(task["concurrencyKey"]), looks);
  tell_member("trace", text_in(task["traceparent"]), looks);
  tell_member("process", text_in(task["process"]), looks);
}

void tell_timeline(json::value task, timestamp now, const terminal::look& looks) {
  const timeline line(task);
  std::cout << '\n';
  for (std::size_t i = 0; i < line.all().size(); ++i) {
    const moment& one = line.all()[i];
    say(iso8601(one.at) + "  " + one.said, looks);
    if (i + 1 == line.all().size()) break;
    std::cout << std::string(26, ' ') << one.then << ' '
              << length_text(line.all()[i + 1].at - one.at) << '\n';
  }
  if (has_ended(task) || line.all().empty()) return;
  say("now" + std::string(23, ' ') + now_text(task, line.all().back().at, now), looks);
}

// What is asked, and how it is answered.
void tell_questions(json::value task, const admin_command& here, const terminal::look& looks) {
  if (text_in(task["status"]) != "input_required") return;
  std::string answers;
  for (const open_question& one : open_questions(task)) {
    const json::value request(one.request), params = request["params"];
    say("  " + one.key + ": " + message_of(request), looks);
    if (params["url"]) say("  " + text_in(params["url"]), looks);
    if (!is_form(one)) continue;
    std::cout << terminal::form_lines(raw_json::trusted(params["requestedSchema"].raw()), looks);
    const std::string answer = example_answer(one);
    if (!answer.empty()) answers += " --answer " + answer;
  }
  const std::string command =
      line_to_copy(here, "answer " + terminal::shell_word(text_in(task["id"])));
  say("answer it with: " + command + " (or --decline)", looks);
  if (!answers.empty()) {
    say("or in words, with values of your own, as: " + command + answers, looks);
  }
}

void tell_lines(const std::string& text, const terminal::look& looks) {
  std::string rest = terminal::plain_lines(text);
  if (!looks.unicode) rest = terminal::in_ascii(rest);
  for (std::size_t lines = 0; !rest.empty(); ++lines) {
    if (lines == most_lines) {
      std::cout << "  (more: --json has all of it)\n";
      return;
    }
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::cout << "  " << rest.substr(0, end) << '\n';
    rest.erase(0, std::min(end + 1, rest.size()));
  }
}

// Its text as text, anything else as the JSON that it is.
void tell_result(json::value result, const terminal::look& looks) {
  bool said = false;
  for (json::elements each(result["content"]); each.next();) {
    if (!each.value()["type"].equals("text")) continue;
    tell_lines(text_in(each.value()["text"]), looks);
    said = true;
  }
  if (const json::value structured = result["structuredContent"]; structured) {
    tell_lines(std::string(structured.raw()), looks);
    said = true;
  }
  if (!said) tell_lines(std::string(result.raw()), looks);
}

void tell_end(json::value task, const terminal::look& looks) {
  std::cout << "\narguments\n";
  tell_lines(std::string(task["arguments"].raw()), looks);
  if (task["result"].is(json::kind::object)) {
    std::cout << "\nresult\n";
    tell_result(task["result"], looks);
  }
  if (task["error"].is(json::kind::object)) {
    std::cout << "\nerror\n";
    tell_lines(std::string(task["error"].raw()), looks);
  }
}

// The task, unless it was printed as JSON.
std::optional<raw_json> wanted(const admin_desk& desk) {
  raw_json task = desk.link.get(path_of_task(whole_id(desk, desk.command.ids.front())));
  if (!desk.command.json) return task;
  print_json(task);
  return std::nullopt;
}

}  // namespace

int show_admin_task(const admin_desk& desk) {
  const auto task = wanted(desk);
  if (!task) return 0;
  const json::value view(*task);
  const terminal::look looks = desk.at.looks_of_output();
  const timestamp now = system_clock().now();
  tell_head(view, now, looks);
  tell_timeline(view, now, looks);
  tell_questions(view, desk.command, looks);
  tell_end(view, looks);
  std::cout << std::flush;
  return 0;
}

int explain_admin_task(const admin_desk& desk) {
  const auto task = wanted(desk);
  if (!task) return 0;
  const json::value view(*task);
  const terminal::look looks = desk.at.looks_of_output();
  const timestamp now = system_clock().now();
  const timeline line(view);
  if (has_ended(view)) {
    say(end_text(view), looks);
    say("  " + age_text(time_in(view["endedAt"]), now) + " ago, after " + ran_text(view), looks);
  } else if (!line.all().empty()) {
    say(now_text(view, line.all().back().at, now), looks);
  }
  tell_questions(view, desk.command, looks);
  for (json::elements each(view["attempts"]); each.next() && !has_ended(view);) {
    say("  attempt " + std::to_string(number_in(each.value()["number"])) +
            " was over: " + text_in(each.value()["how"]),
        looks);
  }
  std::cout << std::flush;
  return 0;
}

}  // namespace longhaul
