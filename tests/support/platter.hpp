// SPDX-License-Identifier: Apache-2.0
// What a power failure leaves of files: everything that was synced, and of what was only written
// any part, sector by sector and in any order. What a failed sync did not write is lost, however
// often it is synced again, and each descriptor that was open then is told so once, at its next
// sync: that is what Linux does. Names of files are durable at once.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace longhaul::test {

class platter {
 public:
  void opened(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (files_.contains(path)) return;
    std::ifstream in(path, std::ios::binary);
    files_[path].synced.assign(std::istreambuf_iterator<char>(in), {});
  }
  void removed(const std::string& path) {
    const std::lock_guard lock(mutex_);
    files_.erase(path);
  }
  void written(const std::string& path, const char* bytes, std::size_t count, std::size_t at) {
    const std::lock_guard lock(mutex_);
    auto& pending = files_[path].pending;
    while (count > 0) {
      const std::size_t part = std::min(count, sector - at % sector);
      pending.push_back({at, std::string(bytes, part), false});
      bytes += part, count -= part, at += part;
    }
  }
  void truncated(const std::string& path, std::size_t size) {
    const std::lock_guard lock(mutex_);
    files_[path].pending.push_back({size, {}, true});
  }
  /// How much there is to sync: what comes after this is not part of a sync that begins now.
  std::size_t sync_begins(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const file& f = files_[path];
    return f.settled + f.pending.size();
  }
  /// Another sync may have ended meanwhile: what that has settled is no longer ours.
  void sync_ended(const std::string& path, std::size_t begun_with, bool done) {
    const std::lock_guard lock(mutex_);
    file& f = files_[path];
    if (!done) ++f.failures;
    const std::size_t count = begun_with - std::min(begun_with, f.settled);
    for (std::size_t i = 0; done && i < count; ++i) f.pending[i].apply(f.synced);
    f.pending.erase(f.pending.begin(), f.pending.begin() + static_cast<std::ptrdiff_t>(count));
    f.settled += count;
  }

  /// Of syncs, so far.
  std::size_t failures(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return files_[path].failures;
  }

  /// The files whose names begin so, as the next start may find them.
  std::map<std::string, std::string> after_power_failure(const std::string& prefix,
                                                         std::mt19937_64& random) const {
    const std::lock_guard lock(mutex_);
    const double share = std::uniform_real_distribution<double>(0, 1)(random);
    std::bernoulli_distribution survives(share);
    std::map<std::string, std::string> result;
    for (const auto& [path, each] : files_) {
      if (!path.starts_with(prefix)) continue;
      std::string& left = result[path] = each.synced;
      for (const change& c : each.pending) {
        if (survives(random)) c.apply(left);
      }
    }
    return result;
  }

 private:
  static constexpr std::size_t sector = 512;
  struct change {
    std::size_t at;  // the new size, if it cuts
    std::string bytes;
    bool cuts;
    void apply(std::string& to) const {
      if (cuts) {
        to.resize(std::min(to.size(), at));
        return;
      }
      if (to.size() < at + bytes.size()) to.resize(at + bytes.size());
      to.replace(at, bytes.size(), bytes);
    }
  };
  struct file {
    std::string synced;
    std::vector<change> pending;
    std::size_t failures = 0;
    std::size_t settled = 0;  // changes that a sync has written or lost
  };

  mutable std::mutex mutex_;
  std::map<std::string, file> files_;
};

}  // namespace longhaul::test
