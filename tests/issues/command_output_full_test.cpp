// SPDX-License-Identifier: Apache-2.0
// When the disk was full, a result showed the middle of the output and called it the end; a call
// that could not start was told that it may have done part of its work, or where the server keeps
// its files; and /readyz said ready. What is shown is called what it is now.
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "command/program_tools.hpp"
#include "command/result.hpp"

namespace longhaul::test {
namespace {

using command::captured_output;
using command::program_end;
using command::result_form;

std::string shown(result_form form, const program_end& end, const captured_output& out,
                  const captured_output& err = {}) {
  tool_spec tool;
  tool.options.name = "work";
  tool.result = form;
  tool.result_lines = 2;
  tool.result_limit = 8;
  const outcome all = command::program_result(tool, end, out, err, "").to_outcome();
  json::elements content(json::value(all.body)["content"]);
  return content.next() ? content.value()["text"].string().value_or("") : "";
}

captured_output cut(std::string bytes, std::uint64_t end, std::uint64_t total) {
  captured_output result;
  result.bytes = std::move(bytes);
  result.end = end;
  result.total = total;
  result.lost = "No space left on device";
  return result;
}

TEST(output_that_was_lost, is_called_so_in_every_form_of_result) {
  const auto ok = program_end::exited(0);
  EXPECT_EQ(shown(result_form::text, ok, cut("middle\n", 4096, 9000)),
            "[the end is missing: of 9000 bytes, those from byte 4096 on could not be stored: No "
            "space left on device; showing the last 7 bytes before it]\nmiddle\n");
  EXPECT_EQ(shown(result_form::text, ok, cut("", 0, 9000)),
            "[nothing of the 9000 bytes that were printed could be stored: No space left on "
            "device]");
  EXPECT_EQ(shown(result_form::lines, ok, cut("a\nb\nc\n", 6, 9000)),
            "[the end is missing: of 9000 bytes, those from byte 6 on could not be stored: No "
            "space left on device; showing the last 2 lines before it]\nb\nc");
  EXPECT_EQ(shown(result_form::json, ok, cut("{\"a\":1}", 7, 9000)),
            "work should print one JSON object on standard output, but of the 9000 bytes that it "
            "printed, those from byte 7 on could not be stored: No space left on device");
}

TEST(output_that_was_lost, is_called_so_when_the_program_failed) {
  captured_output out;
  out.bytes = "out\n";
  out.total = out.end = 4;
  EXPECT_EQ(shown(result_form::text, program_end::exited(3), out, cut("b\nc\n", 4, 9000)),
            "work ended with exit code 3\n\nOf standard error, what came from byte 4 on could not "
            "be stored: No space left on device. The last lines before it:\nb\nc");
}

TEST(output_that_was_lost, is_not_what_cannot_be_read) {
  captured_output out;
  out.unreadable = true;
  for (const auto form : {result_form::text, result_form::lines, result_form::json}) {
    const std::string said = shown(form, program_end::exited(0), out);
    EXPECT_NE(said.find("cannot be read"), std::string::npos) << said;
    EXPECT_EQ(said.find("printed nothing"), std::string::npos) << said;
  }
}

class output_full : public program_tools {};

// The program itself takes the space from its helper: a limit on files is a full disk.
TEST_F(output_full, a_result_does_not_call_the_middle_the_end) {
  auto spec =
      script("prlimit --pid $PPID --fsize=20000:20000; for i in {1..5000}; do echo $i; done");
  spec.result_limit = 100;
  add(std::move(spec));
  start();
  const auto task = run();
  EXPECT_FALSE(task->result.is_error);
  const std::string all = said(task);
  EXPECT_EQ(all.find("[the end is missing: of 23893 bytes, those from byte "), 0U) << all;
  EXPECT_NE(all.find("File too large"), std::string::npos) << all;
  EXPECT_EQ(all.find("5000"), std::string::npos) << all;
  const auto part = output_->tail(task->id(), "stdout", 10);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->total, 23'893U);
  ASSERT_TRUE(part->lost_from) << "who reads it as a resource is told, too";
  EXPECT_EQ(part->offset + part->bytes.size(), *part->lost_from);
}

/// A file system of 64 KiB with nothing free, if we may make one.
class full_disk {
 public:
  explicit full_disk(const fs::path& at) : at_(at) {
    fs::create_directories(at);
    mounted_ = ::mount("none", at.c_str(), "tmpfs", 0, "size=64k,mode=0700") == 0;
    if (!mounted_) return;
    std::ofstream filler(at / "filler");
    while (filler.put('x').flush()) {
    }
  }
  ~full_disk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  full_disk(const full_disk&) = delete;
  full_disk& operator=(const full_disk&) = delete;
  bool mounted() const { return mounted_; }
  void make_room() const { fs::remove(at_ / "filler"); }

 private:
  fs::path at_;
  bool mounted_ = false;
};

TEST_F(output_full, a_call_that_cannot_start_says_so_and_why) {
  const full_disk disk(place_ / "full");
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be made here";
  output_ = command::output_folder::kept(place_ / "full/output");
  host_ = std::make_shared<command::program_host>(
      command::program_host{LONGHAUL_RUN, output_, {"PATH=/usr/bin:/bin"}});
  add(script("touch ran; echo hello"));
  start();
  const auto task = run();
  EXPECT_TRUE(task->result.is_error);
  EXPECT_EQ(said(task),
            "tool1 could not be started: its output cannot be kept: No space left on device");
  EXPECT_FALSE(fs::exists(place_ / "ran"));
  EXPECT_EQ(output_->trouble(), "the output of programs cannot be kept: No space left on device");
  disk.make_room();
  EXPECT_TRUE(wait_until([&] { return output_->trouble().empty(); }));
  EXPECT_EQ(said(run()), "hello\n");
}

TEST_F(output_full, trouble_is_told_without_the_path_and_mends_itself) {
  EXPECT_EQ(output_->trouble(), "");
  fs::remove_all(output_->root());
  EXPECT_TRUE(
      wait_until([&] { return fs::exists(output_->root()) || !output_->trouble().empty(); }));
  EXPECT_EQ(output_->trouble(), "") << "a folder that was removed is made again";
  fs::remove_all(output_->root());
  std::ofstream(output_->root()) << "no folder";
  ASSERT_TRUE(wait_until([&] { return !output_->trouble().empty(); }));
  EXPECT_EQ(output_->trouble().find(place_.string()), std::string::npos) << output_->trouble();
  fs::remove(output_->root());
  EXPECT_TRUE(wait_until([&] { return output_->trouble().empty(); }));
}

// A program may write in its own folder: what it forged told the caller where the server's files
// lie.
TEST_F(output_full, forged_files_are_no_output) {
  add(
      script("cd \"$(tr '\\0' '\\n' </proc/$PPID/cmdline | sed -n '/^--dir$/{n;p}')\";"
             "echo ours >&2; rm stdout; ln -s /etc/passwd stdout"));
  start();
  const auto task = run();
  const std::string all = said(task);
  EXPECT_NE(all.find("cannot be read"), std::string::npos) << all;
  EXPECT_EQ(all.find(place_.string()), std::string::npos) << all;
  try {
    output_->read(task->id(), "stdout", 0, 100);
    FAIL() << "a symbolic link was followed";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "what the program printed cannot be read any more");
  }
}

}  // namespace
}  // namespace longhaul::test
