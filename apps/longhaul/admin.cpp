// SPDX-License-Identifier: Apache-2.0
#include "admin.hpp"

#include <iostream>

#include "admin_error.hpp"
#include "admin_verbs.hpp"
#include "admin_words.hpp"
#include "json/write.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul {
namespace {

int run_verb(const admin_desk& desk) {
  using verb = admin_command::verb;
  switch (desk.command.action) {
    case verb::status:
      return show_admin_status(desk);
    case verb::tasks:
      return list_admin_tasks(desk);
    case verb::show:
      return show_admin_task(desk);
    case verb::explain:
      return explain_admin_task(desk);
    case verb::tail:
      return tail_admin_task(desk);
    case verb::cancel:
    case verb::retry:
    case verb::remove:
      return act_on_tasks(desk);
    case verb::retain:
      return retain_task(desk);
    case verb::answer:
      return answer_admin_task(desk);
    case verb::pause:
    case verb::resume:
      return pause_or_resume(desk);
    case verb::tools:
      return show_admin_tools(desk);
    case verb::owners:
      return show_admin_owners(desk);
    case verb::processes:
      return show_admin_processes(desk);
    case verb::audit:
      return show_admin_audit(desk);
    case verb::top:
      break;
  }
  return watch_server(desk);
}

// As the API refuses.
int tell(const admin_error& why, bool json) {
  if (json) {
    std::string text;
    json::object o(text);
    o.string("code", why.code()).string("message", why.what());
    why.hint().empty() ? o.null("hint") : o.string("hint", why.hint());
    o.close();
    print_json(raw_json::trusted(text));
  } else {
    std::cerr << "longhaul: " << terminal::plain_lines(why.what());
    if (!why.hint().empty()) std::cerr << "\n  " << terminal::plain(why.hint());
    std::cerr << std::endl;
  }
  return static_cast<int>(why.ends());
}

// Ctrl-C ends what is asked for, as long as there is something to ask.
class interruptible {
 public:
  interruptible(seat& at, admin_link& link) : at_(at) {
    at_.on_interrupt([&link](int) { link.stop(); });
  }
  ~interruptible() { at_.on_interrupt({}); }
  interruptible(const interruptible&) = delete;
  interruptible& operator=(const interruptible&) = delete;

 private:
  seat& at_;
};

}  // namespace

int refuse_admin_in_json(const std::string& wrong) {
  return tell(admin_error("invalid", wrong, "run it with --help for more information"), true);
}

int run_admin(const admin_command& command) {
  try {
    seat at(false);
    admin_link link(command, process_variables());
    const interruptible during(at, link);
    return run_verb({command, link, at});
  } catch (const admin_error& e) {
    return tell(e, command.json);
  } catch (const std::exception& e) {
    return tell(admin_error("invalid", e.what(), ""), command.json);
  }
}

}  // namespace longhaul
