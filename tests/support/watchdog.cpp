// SPDX-License-Identifier: Apache-2.0
// A test that hangs ends its run, and is named; with a sanitizer the stack of the main thread
// follows. No test comes near the limit: it says nothing about speed, which TSan makes a tenth.
// Linked into every suite.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace longhaul::test {
namespace {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LONGHAUL_SLOW_BUILD
#endif
#endif
#ifdef LONGHAUL_SLOW_BUILD
constexpr unsigned limit_seconds = 1000;
#else
constexpr unsigned limit_seconds = 200;
#endif
std::string words;  // what a signal handler may write: made before the test begins

extern "C" void hung(int) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, words.data(), words.size());
  std::abort();
}

class watchdog : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    words = "\nhung: " + std::string(test.test_suite_name()) + "." + test.name() +
            " has not ended within " + std::to_string(limit_seconds) + " s\n";
    ::signal(SIGALRM, hung);
    ::alarm(limit_seconds);
  }
  void OnTestEnd(const testing::TestInfo&) override { ::alarm(0); }
};

[[maybe_unused]] const bool appended = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new watchdog);
  return true;
}();

}  // namespace
}  // namespace longhaul::test
