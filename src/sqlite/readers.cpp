// SPDX-License-Identifier: Apache-2.0
#include "sqlite/readers.hpp"

#include "sqlite/schema.hpp"

namespace longhaul::sqlite {
namespace {

struct open_file {
  connection file;
  task_reader rows;

  open_file(const std::string& path, const std::string& vfs, written_by whom)
      : file(open_to_read(path, vfs, whom)), rows(prepared(file)) {}

 private:
  static connection& prepared(connection& file) {
    prepare_reader(file);
    return file;
  }
};

void wake_one(sleeper caller) {
  std::vector<sleeper> one;
  one.push_back(std::move(caller));
  wake(std::move(one));
}

}  // namespace

readers::readers(std::string path, std::string vfs, std::size_t threads, const commit_gate& gate)
    : path_(std::move(path)), vfs_(std::move(vfs)), gate_(gate) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

void readers::submit(job& work, sleeper caller) {
  work.caller = std::move(caller);
  {
    const guard lock(mutex_);
    if (!closing_) {
      queue_.push_back(&work);
      news_.notify_one();
      return;
    }
  }
  work.error = std::make_exception_ptr(stores::store_error("the store is closed", false));
  wake_one(std::move(work.caller));
}

void readers::run() {
  std::unique_ptr<open_file> opened;
  std::uint64_t generation = 0;
  while (true) {
    job* next = nullptr;
    {
      guard lock(mutex_);
      while (held_up_ || (!closing_ && queue_.empty())) news_.wait(lock);
      if (queue_.empty()) return;
      next = queue_.front();
      queue_.pop_front();
      ++reading_;
    }
    try {
      if (const std::uint64_t now = generation_; now != generation) {
        opened.reset();
        generation = now;
      }
      if (!opened) {
        const auto whom = written_ ? written_by::somebody : written_by::nobody;
        opened = std::make_unique<open_file>(path_, vfs_, whom);
      }
      next->read(opened->rows);
      gate_.pass();
    } catch (const std::exception& e) {
      const std::string why = path_ + ": " + e.what();
      next->error =
          std::make_exception_ptr(stores::store_error(why, without_folders(why, path_), false));
      opened.reset();
    }
    {
      const guard lock(mutex_);
      --reading_;
    }
    quiet_.notify_all();
    wake_one(std::move(next->caller));
  }
}

void readers::without_readers(const std::function<void()>& work) {
  guard lock(mutex_);
  held_up_ = true;
  while (reading_ != 0) quiet_.wait(lock);
  lock.unlock();
  work();
  lock.lock();
  held_up_ = false;
  lock.unlock();
  news_.notify_all();
}

void readers::begin_to_write(const std::function<bool()>& work) {
  without_readers([&] {
    ++generation_;
    if (work()) written_ = true;
  });
}

void readers::close() noexcept {
  {
    const guard lock(mutex_);
    closing_ = true;
  }
  news_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace longhaul::sqlite
