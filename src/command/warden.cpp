// SPDX-License-Identifier: Apache-2.0
#include "command/warden.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "command/process_table.hpp"

namespace longhaul::command {
namespace {

using namespace std::chrono_literals;

// A program that does not fight its helper is looked at once a second; one that is being ended,
// more often.
constexpr auto look_every = 1000ms;
constexpr auto look_at_ending_every = 200ms;
// So often in a row is a helper woken in vain: whoever stops it again and again means to hold it.
constexpr int looks_held = 3;
// What a helper may take beyond the grace: it kills within milliseconds.
constexpr auto patience = 2000ms;
// Between rounds of clearing; it grows, because who survives one hangs in the kernel.
constexpr auto first_pause = 5ms;
constexpr auto longest_pause = 500ms;
// So long is a held helper spared, because what is left of its program cannot get away from it.
constexpr int rounds_with_helper = 40;
constexpr auto last_effort = 2000ms;  // leave_helpers

std::atomic<bool> adopting{false};

[[noreturn]] void cannot(const char* what, int error = errno) {
  throw std::system_error(error, std::generic_category(), what);
}

void signal_through(int pidfd, int signal) noexcept {
  ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

void raise_event(int event) noexcept {
  const std::uint64_t one_more = 1;
  [[maybe_unused]] const ssize_t written = ::write(event, &one_more, sizeof one_more);
}

// How our child ended, without collecting its status. Null: it has not.
std::optional<helper_end> look_at_child(int pidfd) noexcept {
  siginfo_t info{};
  helper_end end;
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return end;  // ECHILD: somebody else collected it
  }
  if (info.si_pid == 0) return std::nullopt;
  end.known = true;
  (info.si_code == CLD_EXITED ? end.code : end.signal) = info.si_status;
  return end;
}

bool has_ended(int pidfd) noexcept {
  pollfd watched{pidfd, POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1;
}

}  // namespace

// Requires of every member that begins with a word on wards: the warden's thread.
class warden {
 public:
  static warden& instance() {
    static warden& only = *new warden;
    return only;
  }

  std::shared_ptr<ward> start(std::shared_ptr<ward> one, const std::function<pid_t()>& spawn) {
    make_thread();
    std::list<std::shared_ptr<ward>> in_place{one};  // no memory is needed once the helper runs
    {
      // Nobody must see the helper as a child that nobody knows.
      const std::shared_lock birth(births_);
      one->id_ = spawn();
      one->pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, one->id_, 0)));
      if (one->pidfd_) {
        if (const auto entry = read_process(one->id_)) one->started_ = entry->started;
        const std::lock_guard lock(mutex_);
        wards_.splice(wards_.end(), in_place);
      }
    }
    if (!one->pidfd_) {
      const int why = errno;
      ::kill(one->id_, SIGTERM);
      while (::waitpid(one->id_, nullptr, 0) < 0 && errno == EINTR) {
      }
      cannot("cannot watch the helper", why);
    }
    wake();
    return one;
  }

  /// Somebody that is there already, or nobody but a mark.
  void add(const std::shared_ptr<ward>& one) {
    make_thread();
    {
      const std::lock_guard lock(mutex_);
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
    begin_clearing(*one);
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
    std::unique_lock lock(mutex_);
    if (!started_) return;
    leaving_ = true;
    wake();
    left_.wait_for(lock, last_effort, [this] { return !leaving_; });
  }

 private:
  void make_thread() {
    const std::lock_guard lock(mutex_);
    if (started_) return;
    if (!wake_) wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) cannot("cannot watch helpers");
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
        const std::lock_guard lock(mutex_);
        all.assign(wards_.begin(), wards_.end());
        leaving = leaving_;
      }
      const auto now = clock::now();
      auto next = clock::time_point::max();
      bool effort = false;
      watched.assign(1, pollfd{wake_.get(), POLLIN, 0});
      for (const auto& one : all) {
        if (leaving) suspect(*one);
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
        const std::lock_guard lock(mutex_);
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
      milliseconds = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
    }
    if (::poll(watched.data(), watched.size(), milliseconds) <= 0) return;
    std::uint64_t count = 0;
    if (watched[0].revents != 0) {
      [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
    }
  }

  void forget(const std::shared_ptr<ward>& one) {
    {
      const std::lock_guard lock(mutex_);
      wards_.remove(one);
    }
    one->call_gone();
  }

  // True: nothing is left of it, and its status is collected.
  bool advance(ward& one, clock::time_point now) {
    if (!one.clearing_) watch(one, now);
    return one.clearing_ ? clear(one, now) : one.end_.clean() && collect(one);
  }

  void watch(ward& one, clock::time_point now) {
    if (const auto end = end_of(one)) {
      one.end_ = *end;
      if (!end->clean()) begin_clearing(one);
      return;
    }
    const clock::rep asked = one.asked_;
    const auto asked_at = clock::time_point(clock::duration(asked));
    const auto deadline = asked == 0 ? clock::time_point::max() : asked_at + one.grace_ + patience;
    if (now >= deadline) return force(one);
    if (now >= one.next_) {
      look(one);
      if (one.held_ >= looks_held) return force(one);
      one.next_ = now + (asked == 0 ? look_every : look_at_ending_every);
    }
    one.next_ = std::min(one.next_, deadline);
  }

  // Null: it has not ended.
  static std::optional<helper_end> end_of(const ward& one) {
    if (one.helper_ == ward::kind::child) return look_at_child(one.pidfd_.get());
    if (one.helper_ == ward::kind::none || has_ended(one.pidfd_.get())) return helper_end{};
    return std::nullopt;
  }

  // A program may have stopped its helper: it is woken, if there is anything left for it to do.
  static void look(ward& one) {
    const auto is = read_process(one.id_);
    const bool held = is && (is->state == 'T' || is->state == 't');
    one.held_ = !held ? 0 : one.helper_ == ward::kind::stranger ? looks_held : one.held_ + 1;
    one.suspect_ |= held;
    if (held) signal_through(one.pidfd_.get(), SIGCONT);
  }

  // At the end of this process: a helper that was ever held is not trusted to do its work alone.
  static void suspect(ward& one) {
    if (!one.clearing_ && !one.suspect_) look(one);
    if (!one.clearing_ && one.suspect_) force(one);
  }

  static void force(ward& one) {
    one.forced_ = true;
    begin_clearing(one);
  }
  static void begin_clearing(ward& one) {
    one.clearing_ = true;
    one.next_ = {};
  }

  bool clear(ward& one, clock::time_point now) {
    if (now < one.next_) return false;
    bool lives = false;
    if (const auto end = end_of(one)) {
      one.end_ = *end;
    } else {
      lives = true;
    }
    bool again = kill_all([&] { return family_of(one, lives); }).again();
    if (!lives && adopts_from(one)) chase_orphans();
    if (lives && (!again || one.rounds_ >= rounds_with_helper)) {
      signal_through(one.pidfd_.get(), SIGKILL);
      again = true;
    }
    if (!again && !lives) return collect(one);
    const auto pause = first_pause * (1 << std::min(one.rounds_ / 4, 7));
    one.next_ = clock::now() + std::min<clock::duration>(pause, longest_pause);
    ++one.rounds_;
    return false;
  }

  static bool adopts_from(const ward& one) { return adopting && one.helper_ == ward::kind::child; }

  static bool collect(const ward& one) {
    siginfo_t info{};
    if (one.helper_ != ward::kind::child) return true;
    ::waitid(P_PIDFD, static_cast<id_t>(one.pidfd_.get()), &info, WEXITED | WNOHANG);
    return true;
  }

  // All that there is of it but the helper.
  std::vector<process_entry> family_of(const ward& one, bool helper_lives) {
    const std::unique_lock no_birth(births_);
    const auto helpers = ids_of_helpers();
    const std::vector<process_entry> all = all_processes();
    std::unordered_map<pid_t, pid_t> parents;
    for (const process_entry& other : all) parents.emplace(other.id, other.parent);
    // Another attempt of the task, say.
    const auto is_of_other_helper = [&](pid_t id) {
      while (id != one.id_ && !helpers.contains(id)) {
        const auto parent = parents.find(id);
        if (parent == parents.end() || parent->second == id) return false;
        id = parent->second;
      }
      return id != one.id_;
    };
    std::vector<process_entry> roots;
    if (helper_lives) roots = descendants(all, one.id_);
    const pid_t self = ::getpid();
    const bool session_is_its = one.helper_ == ward::kind::child || helper_lives;
    const bool orphans_are_its = adopts_from(one) && !helper_lives;
    for (const process_entry& other : all) {
      if (other.started < one.started_ || other.id == self || helpers.contains(other.id)) continue;
      if ((session_is_its && other.session == one.id_) ||
          (orphans_are_its && other.parent == self && !spared_.contains(other.id)) ||
          (has_environment(other.id, one.mark_) && !is_of_other_helper(other.id))) {
        roots.push_back(other);
      }
    }
    return with_descendants(all, roots);
  }

  static std::vector<process_entry> with_descendants(const std::vector<process_entry>& all,
                                                     const std::vector<process_entry>& roots) {
    std::unordered_set<pid_t> seen;
    std::vector<process_entry> found;
    for (const process_entry& root : roots) {
      if (!seen.insert(root.id).second) continue;
      found.push_back(root);
      for (const process_entry& below : descendants(all, root.id)) {
        if (seen.insert(below.id).second) found.push_back(below);
      }
    }
    return found;
  }

  std::unordered_set<pid_t> ids_of_helpers() {
    const std::lock_guard lock(mutex_);
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
  std::mutex mutex_;                  // after it; beneath it:
  bool started_ = false;
  std::list<std::shared_ptr<ward>> wards_;
  bool leaving_ = false;
  std::condition_variable left_;
  descriptor wake_;  // made before the thread
};

ward::ward(std::chrono::milliseconds grace, std::string mark)
    : grace_(grace), mark_(std::move(mark)), gone_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!gone_) cannot("cannot watch a helper");
}

void ward::stop_asked() noexcept {
  clock::rep never = 0;
  if (!asked_.compare_exchange_strong(never, clock::now().time_since_epoch().count())) return;
  // It may be stopped, and must be awake to end its program.
  signal_through(pidfd_.get(), SIGCONT);
  warden::instance().wake();
}

void ward::call_gone() noexcept { raise_event(gone_.get()); }

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
  // Whoever started us may have ignored it, which exec keeps: then nobody's status would stay.
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  if (::sigaction(SIGCHLD, &action, nullptr) != 0) cannot("cannot adopt processes");
  warden::instance().spare_children();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) cannot("cannot adopt processes");
  adopting = true;
}

void leave_helpers() noexcept { warden::instance().leave(); }

}  // namespace longhaul::command
