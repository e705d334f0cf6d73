// SPDX-License-Identifier: Apache-2.0
// `longhaul store …` of a SQLite file.
#include <unistd.h>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "sqlite/maintenance.hpp"
#include "store.hpp"
#include "store_words.hpp"

namespace longhaul {
namespace {

std::string path_of(const std::string& file) {
  constexpr std::string_view scheme = "sqlite:";
  return file.starts_with(scheme) ? file.substr(scheme.size()) : file;
}

// A bar on the terminal; nothing where nobody looks.
class progress_bar {
 public:
  void show(int done, int all) {
    if (!shown_ || all <= 0) return;
    constexpr int width = 40;
    const int filled = static_cast<int>(static_cast<std::int64_t>(width) * done / all);
    std::cerr << '\r' << '[' << std::string(static_cast<std::size_t>(filled), '#')
              << std::string(static_cast<std::size_t>(width - filled), ' ') << "] "
              << static_cast<std::int64_t>(100) * done / all << " %" << std::flush;
    if (done == all) std::cerr << '\n';
  }

 private:
  const bool shown_ = ::isatty(STDERR_FILENO) == 1;
};

void tell_stats(const sqlite::file_stats& is, const store_command& command) {
  const std::vector<number> numbers = {{"version", is.version},
                                       {"bytes", is.bytes},
                                       {"log_bytes", is.log_bytes},
                                       {"free_bytes", is.free_bytes},
                                       {"working", is.working},
                                       {"queued", is.queued},
                                       {"input_required", is.input_required},
                                       {"completed", is.completed},
                                       {"failed", is.failed},
                                       {"cancelled", is.cancelled}};
  if (command.json) {
    std::string text = json_of(numbers);
    text.pop_back();
    for (const auto& [name, time] : {std::pair("oldest", is.oldest), {"newest", is.newest}}) {
      text += std::string(",\"") + name + "\":" + (time ? '"' + iso8601(*time) + '"' : "null");
    }
    std::cout << text << '}' << std::endl;
    return;
  }
  tell_line("format version", std::to_string(is.version));
  tell_line("size", readable_size(is.bytes) + ", " + readable_size(is.free_bytes) + " of it free");
  tell_line("write-ahead log", readable_size(is.log_bytes));
  tell_line("working",
            std::to_string(is.working) + ", " + std::to_string(is.queued) + " of them queued");
  tell_line("input required", std::to_string(is.input_required));
  tell_line("completed", std::to_string(is.completed));
  tell_line("failed", std::to_string(is.failed));
  tell_line("cancelled", std::to_string(is.cancelled));
  if (is.oldest) tell_line("created", iso8601(*is.oldest) + " to " + iso8601(*is.newest));
  std::cout << std::flush;
}

int run_verb(const store_command& command, const std::string& path) {
  using verb = store_command::verb;
  switch (command.action) {
    case verb::list:
      tell_list(command, [&](const stores::list_filter& which, const auto& take) {
        sqlite::list(path, which, take);
      });
      return 0;
    case verb::check:
      return tell_check(path, sqlite::check(path), command.json);
    case verb::stats:
      tell_stats(sqlite::stats_of(path), command);
      return 0;
    case verb::backup: {
      progress_bar bar;
      sqlite::backup(path, command.copy, [&](int done, int all) { bar.show(done, all); });
      if (command.json) {
        std::cout << json_of({{"bytes", sqlite::stats_of(command.copy).bytes}}) << std::endl;
      } else {
        std::cout << "copied to " << command.copy << std::endl;
      }
      return 0;
    }
    case verb::vacuum: {
      const sqlite::file_size size = sqlite::vacuum(path);
      if (command.json) {
        std::cout << json_of({{"before", size.before}, {"after", size.after}}) << std::endl;
      } else {
        std::cout << path << ": " << readable_size(size.before) << ", now "
                  << readable_size(size.after) << std::endl;
      }
      return 0;
    }
    case verb::migrate:
      break;
  }
  tell_migration(path, sqlite::migrate(path), command.json);
  return 0;
}

}  // namespace

int run_store_file(const store_command& command) {
  const std::string path = path_of(command.file);
  try {
    return run_verb(command, path);
  } catch (const sqlite::sqlite_error& e) {
    std::cerr << "longhaul: " << path << ": " << e.what() << std::endl;
  } catch (const std::exception& e) {
    std::cerr << "longhaul: " << e.what() << std::endl;
  }
  return 1;
}

}  // namespace longhaul
