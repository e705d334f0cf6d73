// SPDX-License-Identifier: Apache-2.0
#include "command/warden.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <list>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "command/process_table.hpp"
#include "command/tunables.hpp"
#include "command/ward_family.hpp"

namespace longhaul::command {
namespace {

std::atomic<bool> adopting{false};

}  // namespace

// Two locks, so that `births_` may be held while a process is made, which takes milliseconds.
// Whoever looks at the process table to find children that nobody knows holds `births_` alone: a
// helper that was just made is a child too, and known only when it is in `wards_`.
//
// What begins with `advance` runs on the warden's thread alone, and so do all members of `ward`
// that are not public.
class warden {
 public:
  static warden& instance() {
    static warden& only = *new warden;
    return only;
  }

  std::shared_ptr<ward> start(std::shared_ptr<ward> one, const std::function<pid_t()>& spawn) {
    make_thread();
    one->warden_ = wake_.get();
    std::list<std::shared_ptr<ward>> in_place{one};  // no memory is needed once the helper runs
    {
      // Nobody must see the helper as a child that nobody knows.
      const std::shared_lock birth(births_);
      one->id_ = spawn();
      one->pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, one->id_, 0)));
      if (one->pidfd_) {
        if (const auto entry = read_process(one->id_)) one->started_ = entry->started;
        const guard lock(mutex_);
        wards_.splice(wards_.end(), in_place);
      }
    }
    if (!one->pidfd_) {
      const int why = errno;
      ::kill(one->id_, SIGTERM);
      while (::waitpid(one->id_, nullptr, 0) < 0 && errno == EINTR) {
      }
      cannot("watch the helper", why);
    }
    wake();
    return one;
  }

  /// Somebody that is there already, or nobody but a mark.
  void add(const std::shared_ptr<ward>& one) {
    make_thread();
    one->warden_ = wake_.get();
    {
      const guard lock(mutex_);
      wards_.push_back(one);
    }
    wake();
  }

  std::shared_ptr<ward> former(const process_entry& helper, std::chrono::milliseconds grace,
                               std::string mark) {
    auto one = std::make_shared<ward>(grace, std::move(mark));
    one->helper_ = ward::kind::stranger;
    one->id_ = helper.id;
    one->started_ = helper.started;
    one->asked_ = clock::now().time_since_epoch().count();
    one->pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, helper.id, 0)));
    const auto now = read_process(helper.id);
    if (!one->pidfd_ || !now || now->started != helper.started) return nullptr;
    add(one);
    return one;
  }

  std::shared_ptr<ward> marked(std::string mark) {
    auto one = std::make_shared<ward>(std::chrono::milliseconds(0), std::move(mark));
    one->helper_ = ward::kind::none;
    one->begin_clearing();
    add(one);
    return one;
  }

  void wake() noexcept { raise_event(wake_.get()); }

  /// Children that are there before anybody is adopted are not ours: a shell that became this
  /// process (exec) had started them. Before the first helper.
  void spare_children() {
    for (const pid_t child : children_.ids()) spared_.insert(child);
  }

  void leave() noexcept {
    const auto deadline = clock::now() + tunables::last_effort;
    guard lock(mutex_);
    if (!started_) return;
    leaving_ = true;
    wake();
    while (leaving_ && left_.wait_until(lock, deadline)) {
    }
  }

 private:
  void make_thread() {
    const guard lock(mutex_);
    if (started_) return;
    if (!wake_) wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) cannot("watch helpers", errno);
    // The server's signals are not for this thread.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      std::thread([this] { work(); }).detach();
      started_ = true;
    } catch (...) {
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  using clock = ward::clock;

  [[noreturn]] void work() {
    std::vector<std::shared_ptr<ward>> all;
    std::vector<pollfd> watched;
    while (true) {
      bool leaving = false;
      {
        const guard lock(mutex_);
        all.assign(wards_.begin(), wards_.end());
        leaving = leaving_;
      }
      const auto now = clock::now();
      auto next = clock::time_point::max();
      bool effort = false;
      watched.assign(1, pollfd{wake_.get(), POLLIN, 0});
      for (const auto& one : all) {
        if (leaving) one->suspect();
        if (advance(*one, now)) {
          forget(one);
          continue;
        }
        next = std::min(next, one->next_);
        effort |= one->clearing_;
        if (!one->clearing_) watched.push_back({one->pidfd_.get(), POLLIN, 0});
      }
      if (adopting) collect_orphans();
      if (leaving && !effort) {
        const guard lock(mutex_);
        leaving_ = false;
        left_.notify_all();
      }
      all.clear();
      wait_for_news(watched, next);
    }
  }

  void wait_for_news(std::vector<pollfd>& watched, clock::time_point until) const {
    int milliseconds = -1;
    if (until != clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
      milliseconds =
          static_cast<int>(std::clamp<long long>(left, 0, tunables::longest_sleep.count()));
    }
    if (::poll(watched.data(), watched.size(), milliseconds) <= 0) return;
    std::uint64_t count = 0;
    if (watched[0].revents != 0) {
      [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
    }
  }

  void forget(const std::shared_ptr<ward>& one) {
    {
      const guard lock(mutex_);
      wards_.remove(one);
    }
    one->call_gone();
  }

  // True: nothing is left of it, and its status is collected.
  bool advance(ward& one, clock::time_point now) {
    if (!one.clearing_) one.watch(now);
    return one.clearing_ ? clear(one, now) : one.end_.clean() && collected(one);
  }

  // One round. Who forks while it goes on is left for the next.
  bool clear(ward& one, clock::time_point now) {
    if (now < one.next_) return false;
    const auto end = one.look_at_end();
    const bool lives = !end;
    if (end) one.end_ = *end;
    bool again = kill_all([&] { return family_of(one, lives); }).again();
    if (!lives && adopts_from(one)) chase_orphans();
    if (lives && (!again || one.rounds_ >= tunables::rounds_with_helper)) {
      one.kill_helper();
      again = true;
    }
    if (!again && !lives) return collected(one);
    one.pause();
    return false;
  }

  static bool collected(const ward& one) noexcept {
    one.collect();
    return true;
  }

  static bool adopts_from(const ward& one) { return adopting && one.helper_ == ward::kind::child; }

  std::vector<process_entry> family_of(const ward& one, bool helper_lives) {
    const std::unique_lock no_birth(births_);
    const auto helpers = ids_of_helpers();
    const family_signs signs{
        .helper = one.id_,
        .helper_started = one.started_,
        .mark = one.mark_,
        .helper_lives = helper_lives,
        .session = one.helper_ == ward::kind::child || helper_lives,
        .orphans = adopts_from(one) && !helper_lives,
    };
    return command::family_of(signs, all_processes(), helpers, spared_);
  }

  std::unordered_set<pid_t> ids_of_helpers() {
    const guard lock(mutex_);
    std::unordered_set<pid_t> ids;
    for (const auto& one : wards_) ids.insert(one->id_);
    return ids;
  }

  // Children that are no helpers are orphans whose helper is dead.
  void chase_orphans() {
    const std::unique_lock no_birth(births_);
    const auto helpers = ids_of_helpers();
    children_.chase([&](pid_t child) { return is_orphan(child, helpers); },
                    [](const std::vector<pid_t>& chased) {
                      for (const pid_t child : chased) ::waitpid(child, nullptr, WNOHANG);
                      return true;
                    });
  }

  bool is_orphan(pid_t child, const std::unordered_set<pid_t>& helpers) const {
    return !helpers.contains(child) && !spared_.contains(child);
  }

  // Orphans that ended by themselves: those of other users, which helpers leave, say.
  void collect_orphans() {
    const auto some = children_.ids();
    if (std::ranges::all_of(some, [&](pid_t child) { return spared_.contains(child); })) return;
    const std::unique_lock no_birth(births_);
    const auto helpers = ids_of_helpers();
    for (const pid_t child : children_.ids()) {
      if (is_orphan(child, helpers)) ::waitpid(child, nullptr, WNOHANG);
    }
  }

  const own_children children_;
  std::unordered_set<pid_t> spared_;  // nobody collects them, so their ids stay theirs
  std::shared_mutex births_;          // shared: a helper is being made
  descriptor wake_;                   // made before the thread
  guarded_mutex mutex_;               // taken after it; beneath it:
  bool started_ LONGHAUL_GUARDED_BY(mutex_) = false;
  std::list<std::shared_ptr<ward>> wards_ LONGHAUL_GUARDED_BY(mutex_);
  bool leaving_ LONGHAUL_GUARDED_BY(mutex_) = false;
  condition left_;
};

std::shared_ptr<ward> start_ward(std::chrono::milliseconds grace, std::string mark,
                                 const std::function<pid_t()>& spawn) {
  auto one = std::make_shared<ward>(grace, std::move(mark));
  return warden::instance().start(std::move(one), spawn);
}

void end_former_helper(const process_entry& helper, std::chrono::milliseconds grace,
                       std::string mark) {
  warden::instance().former(helper, grace, std::move(mark));
}

std::shared_ptr<ward> end_marked(std::string mark) {
  return warden::instance().marked(std::move(mark));
}

void adopt_orphans() {
  // Whoever started us may have ignored it, which exec keeps: then no status would stay to be read.
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  if (::sigaction(SIGCHLD, &action, nullptr) != 0) cannot("adopt processes", errno);
  warden::instance().spare_children();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) cannot("adopt processes", errno);
  adopting = true;
}

void leave_helpers() noexcept { warden::instance().leave(); }

}  // namespace longhaul::command
