// SPDX-License-Identifier: Apache-2.0
// A program could trace its helper, hold it for ever and read or change all that it does. Programs
// of the same user cannot attach to it now, nor read its memory or its environment. (Those of root
// can: the server's second line is for them, tests/programs/fights_test.cpp.)
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/helper_fixture.hpp"

namespace longhaul::command {
namespace {

class traced_helper : public helper_fixture {};

TEST_F(traced_helper, cannot_be_attached_to_by_programs_of_its_user) {
  constexpr uid_t nobody = 65534;
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::chown(folder_.path().c_str(), nobody, nobody), 0);
  }
  start({},
        python("import ctypes, os, sys\n"
               "libc, helper = ctypes.CDLL(None, use_errno=True), os.getppid()\n"
               "for request in (16, 0x4206):\n"  // PTRACE_ATTACH, PTRACE_SEIZE
               "    print(libc.ptrace(request, helper, 0, 0), ctypes.get_errno())\n"
               "for name in ('mem', 'environ', 'fd/0'):\n"
               "    try: open(f'/proc/{helper}/{name}', 'rb').read(1); print('read', name)\n"
               "    except OSError as error: print(error.errno)\n"
               // What a later server needs to find it, all may see.
               "print(open(f'/proc/{helper}/cmdline').read().split(chr(0))[0])\n"
               "print(libc.prctl(3))\n"),  // PR_GET_DUMPABLE: the program itself is as any other
        [&] {
          if (root &&
              (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0)) {
            ::_exit(126);
          }
        });
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "-1 1\n-1 1\n13\n13\n13\nlonghaul-run\n1\n") << output("stderr");
}

}  // namespace
}  // namespace longhaul::command
