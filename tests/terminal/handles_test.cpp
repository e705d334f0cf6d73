// SPDX-License-Identifier: Apache-2.0
#include "terminal/handles.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_folder.hpp"
#include "terminal/handle_line.hpp"

namespace longhaul::terminal {
namespace {

using namespace std::chrono_literals;

class set_clock final : public clock_source {
 public:
  timestamp now() const override { return at; }
  monotonic_time monotonic() const override { return {}; }

  timestamp at{1'800'000'000s};
};

std::string read_all(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

mode_t mode_of(const std::string& path) {
  struct stat found{};
  return ::lstat(path.c_str(), &found) == 0 ? found.st_mode & 07777U : 0;
}

// What `run` throws says.
template <class Run>
std::string refusal(const Run& run) {
  try {
    run();
  } catch (const std::exception& refused) {
    return refused.what();
  }
  return "(nothing was refused)";
}

class Handles : public testing::Test {
 protected:
  handle make(const std::string& id) const {
    return {.id = id,
            .server = "files",
            .tool = "render",
            .era = "2026-07-28",
            .label = "the film",
            .created = clock_.at,
            .expires = clock_.at + 1h,
            .last_status = task_status::working,
            .server_spec = raw_json::trusted(R"({"url":"http://localhost:8080/mcp"})")};
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    for (const handle& one : book_.all()) result.push_back(one.id);
    return result;
  }

  test::temporary_folder root_;
  std::string folder_ = root_.file("state/longhaul");
  std::string file_ = folder_ + "/handles";
  set_clock clock_;
  handle_book book_{folder_, clock_};
};

using names = std::vector<std::string>;

TEST_F(Handles, RemembersAllOfAHandle) {
  book_.remember(make("01a"));
  const std::vector<handle> all = book_.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, "01a");
  EXPECT_EQ(all[0].server, "files");
  EXPECT_EQ(all[0].tool, "render");
  EXPECT_EQ(all[0].era, "2026-07-28");
  EXPECT_EQ(all[0].label, "the film");
  EXPECT_EQ(all[0].created, clock_.at);
  EXPECT_EQ(all[0].expires, clock_.at + 1h);
  EXPECT_EQ(all[0].last_status, task_status::working);
  EXPECT_EQ(all[0].server_spec.view(), R"({"url":"http://localhost:8080/mcp"})");
}

TEST_F(Handles, HaveTheirDocumentedForm) {
  book_.remember(make("01a"));
  EXPECT_EQ(read_all(file_),
            R"({"id":"01a","server":"files","tool":"render","era":"2026-07-28","label":"the film",)"
            R"("created":1800000000000,"expires":1800003600000,"status":"working",)"
            R"("serverSpec":{"url":"http://localhost:8080/mcp"}})"
            "\n");
}

TEST_F(Handles, ComeNewestFirst) {
  EXPECT_EQ(ids(), names{});
  EXPECT_FALSE(std::filesystem::exists(folder_)) << "looking makes nothing";
  for (const char* id : {"a", "b", "c"}) book_.remember(make(id));
  EXPECT_EQ(ids(), (names{"c", "b", "a"}));
  book_.remember(make("a"));
  EXPECT_EQ(ids(), (names{"a", "c", "b"})) << "there is one of each";
}

TEST_F(Handles, AreTheUsersAlone) {
  const mode_t before = ::umask(0);
  book_.remember(make("a"));
  ::umask(before);
  EXPECT_EQ(mode_of(folder_), 0700U);
  EXPECT_EQ(mode_of(file_), 0600U);
  EXPECT_EQ(mode_of(file_ + ".lock"), 0600U);
  ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  EXPECT_EQ(ids(), names{"a"});
  EXPECT_EQ(mode_of(file_), 0600U);
  EXPECT_EQ(mode_of(folder_), 0755U) << "others may look, but not put other files there";
}

TEST_F(Handles, ChangeAsTheyAreNow) {
  book_.remember(make("a"));
  book_.remember(make("b"));
  EXPECT_TRUE(book_.update("a", "files", [&](handle& one) {
    one.last_status = task_status::completed;
    one.expires = clock_.at + 2h;
    one.id = "other";
  }));
  EXPECT_EQ(ids(), (names{"b", "a"})) << "in its place, with its id";
  EXPECT_EQ(book_.find("a").last_status, task_status::completed);
  EXPECT_EQ(book_.find("a").expires, clock_.at + 2h);
  EXPECT_FALSE(book_.update("a", "elsewhere", [](handle&) { FAIL(); }));
  EXPECT_TRUE(book_.forget("a", "files"));
  EXPECT_FALSE(book_.forget("a", "files"));
  EXPECT_EQ(ids(), names{"b"});
}

TEST_F(Handles, ExpireWithTheirTasks) {
  book_.remember(make("short"));
  handle unlimited = make("unlimited");
  unlimited.expires.reset();
  book_.remember(unlimited);
  clock_.at += 1h - 1ms;
  EXPECT_EQ(ids(), (names{"unlimited", "short"}));
  clock_.at += 1ms;
  EXPECT_EQ(ids(), names{"unlimited"});
  EXPECT_NE(read_all(file_).find("short"), std::string::npos);
  book_.remember(make("next"));
  EXPECT_EQ(read_all(file_).find("short"), std::string::npos) << "a change drops them";
  clock_.at += 24h * 30 - 1h;
  EXPECT_EQ(ids(), names{});
}

TEST_F(Handles, KeepTheNewestThousand) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += handle_line(make("t" + std::to_string(i)));
  std::filesystem::create_directories(folder_);
  std::ofstream(file_) << lines;
  book_.remember(make("new"));
  const names all = ids();
  ASSERT_EQ(all.size(), 1000U);
  EXPECT_EQ(all.front(), "new");
  EXPECT_EQ(all.back(), "t1");
}

TEST_F(Handles, SkipWhatIsNoneOfThem) {
  std::filesystem::create_directories(folder_);
  const std::string good = handle_line(make("good"));
  std::ofstream(file_) << "garbage\n{\"id\":5}\n{\"id\":\"x\",\"server\":\"s\"}\n[]\n\n\x00\xff\n"
                       << R"({"id":"","server":"s","created":1800000000000})" << "\n"
                       << R"({"id":"long","server":")" << std::string(70'000, 'x')
                       << R"(","created":1800000000000})" << "\n"
                       << good << good.substr(0, good.size() / 2);
  EXPECT_EQ(ids(), names{"good"});
  book_.remember(make("next"));
  EXPECT_EQ(read_all(file_), good + handle_line(make("next"))) << "and they are kept out";
}

TEST_F(Handles, TakeAFileOfAnySize) {
  std::filesystem::create_directories(folder_);
  std::ofstream file(file_);
  for (int i = 0; i < 18; ++i) file << std::string(1 << 20, 'x') << "\n";
  file << handle_line(make("last"));
  file.close();
  EXPECT_EQ(ids(), names{"last"});
}

TEST_F(Handles, AreFoundByTheirBegin) {
  book_.remember(make("01ab11"));
  book_.remember(make("01ab22"));
  book_.remember(make("01ab"));
  EXPECT_EQ(book_.find("01ab1").id, "01ab11");
  EXPECT_EQ(book_.find("01ab22").id, "01ab22");
  EXPECT_EQ(book_.find("01ab").id, "01ab") << "a whole id is not ambiguous";
  EXPECT_EQ(book_.find("last").id, "01ab");
  handle elsewhere = make("01ab11");
  elsewhere.server = "http://other/mcp";
  book_.remember(elsewhere);
  EXPECT_EQ(book_.find("01ab11", "files").server, "files");
  EXPECT_EQ(book_.find("last", "files").id, "01ab");
  EXPECT_EQ(book_.find("last").server, "http://other/mcp");
}

TEST_F(Handles, SayWhichOnesMayBeMeant) {
  book_.remember(make("01ab1111"));
  clock_.at += 3min;
  handle second = make("01ab2222\x1b[2J");
  second.tool = "evil\x1b[31m";
  book_.remember(second);
  const std::string said = refusal([&] { book_.find("01a"); });
  EXPECT_EQ(said,
            "\"01a\" begins 2 ids: 01ab2222 (evil at files, 0 s ago), 01ab1111 (render at files, "
            "3 min ago); write more of it, or name the server");
  for (int i = 0; i < 10; ++i) book_.remember(make("01ab333" + std::to_string(i)));
  EXPECT_NE(refusal([&] { book_.find("01a"); }).find("01ab3335 (render at files, 0 s ago), …;"),
            std::string::npos);
}

TEST_F(Handles, SuggestWhatMayBeMeant) {
  EXPECT_EQ(refusal([&] { book_.find("last"); }),
            "no task \"last\": nothing that was started from here is still known");
  book_.remember(make("01ab1111-2222"));
  EXPECT_EQ(refusal([&] { book_.find("01ab1112"); }),
            "no task \"01ab1112\"; did you mean \"01ab1111\"?; `longhaul tasks` shows what was "
            "started from here");
  EXPECT_NE(refusal([&] { book_.find("zzzzzzzz"); }).find("there is \"01ab1111\""),
            std::string::npos);
  EXPECT_THROW(book_.find(""), no_such_handle);
  EXPECT_THROW(book_.find("last", "elsewhere"), no_such_handle);
}

TEST_F(Handles, AreShownAsShortAsTheyAreFound) {
  for (const char* id : {"01ab0000aa", "01ab0000ab", "02", "03xxxxxxxxxx"})
    book_.remember(make(id));
  const std::vector<handle> all = book_.all();
  EXPECT_EQ(short_ids(all), (names{"03xxxxxx", "02", "01ab0000ab", "01ab0000aa"}));
  for (const std::string& id : short_ids(all)) EXPECT_EQ(book_.find(id).id.find(id), 0U);
}

TEST_F(Handles, NeverHoldKeysOrHeaders) {
  handle secret = make("a");
  secret.server = "https://user:hunter2@example.com/mcp";
  secret.server_spec = raw_json::trusted(
      R"({"url":"https://user:hunter2@example.com/mcp","headers":{"Authorization":"hunter2"},)"
      R"("bearer":"hunter2","env":{"KEY":"hunter2"},"command":["run","x"],"directory":"/d"})");
  book_.remember(secret);
  EXPECT_EQ(read_all(file_).find("hunter2"), std::string::npos);
  const handle kept = book_.find("a", secret.server);
  EXPECT_EQ(kept.server, "https://example.com/mcp");
  EXPECT_EQ(kept.server_spec.view(),
            R"({"command":["run","x"],"directory":"/d","url":"https://example.com/mcp"})");
  EXPECT_TRUE(book_.forget("a", secret.server)) << "by what the user wrote";
}

TEST_F(Handles, RefuseWhatCannotBeRemembered) {
  EXPECT_THROW(book_.remember(make("")), std::invalid_argument);
  handle large = make("a");
  large.label = std::string(70'000, 'x');
  EXPECT_THROW(book_.remember(large), std::invalid_argument);
  EXPECT_EQ(ids(), names{});
}

TEST_F(Handles, FollowNoLink) {
  book_.remember(make("a"));
  const std::string victim = root_.write("victim", "precious");
  for (const char* name : {"handles", "handles.lock", "handles.new"}) {
    std::filesystem::remove(folder_ + "/" + name);
    std::filesystem::create_symlink(victim, folder_ + "/" + name);
    const std::string said = refusal([&] { book_.remember(make("b")); });
    if (std::string_view(name) == "handles.new") {
      EXPECT_EQ(said, "(nothing was refused)") << "what a dead writer left is removed";
    } else {
      EXPECT_EQ(said, folder_ + "/" + name + ": leads elsewhere: a symbolic link is not followed");
    }
    std::filesystem::remove(folder_ + "/" + name);
    EXPECT_EQ(read_all(victim), "precious");
  }
  const std::string link = root_.file("link");
  std::filesystem::create_directory_symlink(folder_, link);
  const handle_book other(link, clock_);
  const std::string wanted = link + ": leads elsewhere: a symbolic link is not followed";
  EXPECT_EQ(refusal([&] { other.all(); }), wanted);
  EXPECT_EQ(refusal([&] { other.remember(make("c")); }), wanted);
}

TEST_F(Handles, RefuseWhatIsNoFile) {
  std::filesystem::create_directories(file_);
  EXPECT_EQ(refusal([&] { book_.all(); }), file_ + ": is no regular file");
  std::filesystem::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(refusal([&] { book_.all(); }), file_ + ": is no regular file") << "and do not hang";
  const handle_book in_file(root_.write("file", "x"), clock_);
  EXPECT_THROW(in_file.all(), std::runtime_error);
}

TEST_F(Handles, RefuseWhatBelongsToSomebodyElse) {
  if (::geteuid() != 0) {
    // All that is not ours and can be read is of the system's.
    const handle_book system("/usr", clock_);
    EXPECT_EQ(refusal([&] { system.all(); }), "/usr: belongs to another user");
    return;
  }
  book_.remember(make("a"));
  ASSERT_EQ(::chown(file_.c_str(), 12345, 12345), 0);
  EXPECT_EQ(refusal([&] { book_.all(); }), file_ + ": belongs to another user");
  EXPECT_EQ(refusal([&] { book_.remember(make("b")); }), file_ + ": belongs to another user");
  ASSERT_EQ(::chown(file_.c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(folder_.c_str(), 12345, 12345), 0);
  EXPECT_EQ(refusal([&] { book_.all(); }), folder_ + ": belongs to another user");
  ASSERT_EQ(::chown(folder_.c_str(), 0, 0), 0);
}

TEST_F(Handles, LoseNothingToThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        book_.remember(make(id));
        book_.update(id, "files", [](handle& one) { one.last_status = task_status::completed; });
        book_.all();
      }
    });
  }
  for (std::thread& one : threads) one.join();
  const std::vector<handle> all = book_.all();
  std::set<std::string> found;
  for (const handle& one : all) {
    found.insert(one.id);
    EXPECT_EQ(one.last_status, task_status::completed);
  }
  EXPECT_EQ(found.size(), 80U);
  EXPECT_EQ(all.size(), 80U);
}

// Runs `work` in a process of its own; its exit code.
template <class Work>
pid_t in_process(const Work& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    ::_exit(work());
  } catch (...) {
    ::_exit(99);
  }
}

int exit_code_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(Handles, LoseNothingToProcessesAtOnce) {
  std::vector<pid_t> children;
  for (int p = 0; p < 6; ++p) {
    children.push_back(in_process([&] {
      for (int i = 0; i < 10; ++i) {
        book_.remember(make(std::to_string(p) + "-" + std::to_string(i)));
        if (i % 2 == 1) book_.forget(std::to_string(p) + "-" + std::to_string(i - 1), "files");
      }
      return 0;
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(exit_code_of(child), 0);
  const names all = ids();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 30U);
  EXPECT_EQ(all.size(), 30U);
}

TEST_F(Handles, SurviveADiskThatIsFull) {
  for (int i = 0; i < 20; ++i) book_.remember(make("t" + std::to_string(i)));
  const std::string before = read_all(file_);
  const pid_t child = in_process([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit most{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &most) != 0) return 1;
    try {
      book_.remember(make("more"));
    } catch (const std::runtime_error& refused) {
      return std::string(refused.what()) == file_ + ".new: File too large" ? 0 : 2;
    }
    return 3;
  });
  EXPECT_EQ(exit_code_of(child), 0);
  EXPECT_EQ(read_all(file_), before);
  EXPECT_FALSE(std::filesystem::exists(file_ + ".new"));
  book_.remember(make("more"));
  EXPECT_EQ(ids().size(), 21U) << "and the lock is free";
}

TEST_F(Handles, SurviveAWriterThatIsKilled) {
  book_.remember(make("a"));
  const pid_t child = in_process([&] {
    book_.update("a", "files", [](handle&) { ::raise(SIGKILL); });
    return 1;
  });
  EXPECT_EQ(exit_code_of(child), -1);
  std::ofstream(file_ + ".new") << "half a li";
  book_.remember(make("b"));
  EXPECT_EQ(ids(), (names{"b", "a"}));
}

TEST(HandlesFolder, IsWhereTheStateIs) {
  std::map<std::string, std::string> set = {{"HOME", "/home/ann"}};
  const variables environment = [&](const std::string& name) {
    const auto at = set.find(name);
    return at == set.end() ? std::nullopt : std::optional(at->second);
  };
  EXPECT_EQ(handles_folder(environment), "/home/ann/.local/state/longhaul");
  set["XDG_STATE_HOME"] = "relative";
  EXPECT_EQ(handles_folder(environment), "/home/ann/.local/state/longhaul");
  set["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(handles_folder(environment), "/state/longhaul");
  set.clear();
  EXPECT_THROW(handles_folder(environment), std::runtime_error);
}

}  // namespace
}  // namespace longhaul::terminal
