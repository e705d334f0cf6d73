// SPDX-License-Identifier: Apache-2.0
#include "base/sleeper.hpp"

#include <algorithm>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

namespace longhaul {

void wake(std::vector<sleeper> sleepers) {
  // A server has a handful of executors, so looking through them is the fastest way to group.
  std::vector<std::vector<sleeper>> groups;
  for (sleeper& each : sleepers) {
    const auto same = [&](const auto& group) {
      return group.front().executor() == each.executor();
    };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.emplace(groups.end());
    group->push_back(std::move(each));
  }
  for (auto& group : groups) {
    const auto executor = group.front().executor();
    // Asio signals after it has unlocked. Whoever runs the context to its end, and then destroys
    // it, must not come so far before `post` has returned.
    const auto running =
        boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
    boost::asio::post(executor, [group = std::move(group)]() mutable {
      for (sleeper& each : group) each.resume();
    });
  }
}

}  // namespace longhaul
