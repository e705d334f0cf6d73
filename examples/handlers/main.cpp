// SPDX-License-Identifier: Apache-2.0
// A small server with three long tools: one that shows progress, one that does real work, and one
// that asks a question in the middle. Give it to a host:
//   longhaul-handlers --stdio
//   longhaul-handlers --http 127.0.0.1:8080
#include <openssl/evp.h>

#include <array>
#include <boost/describe.hpp>
#include <filesystem>
#include <fstream>
#include <longhaul/longhaul.hpp>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// --- countdown: a coroutine handler; it holds no thread while it waits.

struct countdown_args {
  int seconds = 5;
};
BOOST_DESCRIBE_STRUCT(countdown_args, (), (seconds))

boost::asio::awaitable<std::string> countdown(longhaul::task_context& task, countdown_args args) {
  for (int gone = 0; gone < args.seconds; ++gone) {
    task.progress(gone, args.seconds, std::to_string(args.seconds - gone) + " s to go");
    co_await task.async_sleep_for(1s);
  }
  task.progress(args.seconds, args.seconds, "lift-off");
  co_return "Counted down from " + std::to_string(args.seconds) + ".";
}

// --- hash_tree: a blocking handler with a structured result.

struct hash_tree_args {
  std::string path;
};
BOOST_DESCRIBE_STRUCT(hash_tree_args, (), (path))

struct tree_hash {
  std::string sha256;
  int files = 0;
  std::int64_t bytes = 0;
  int unreadable = 0;
};
BOOST_DESCRIBE_STRUCT(tree_hash, (), (sha256, files, bytes, unreadable))

class hasher {
 public:
  hasher() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(const void* data, std::size_t size) { EVP_DigestUpdate(context_.get(), data, size); }
  std::string hex() {
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    std::string text;
    for (const unsigned char byte : digest) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::vector<fs::path> files_below(const fs::path& root) {
  std::vector<fs::path> files;
  std::error_code error;
  auto entry =
      fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied, error);
  if (error) throw longhaul::tool_error("cannot read " + root.string() + ": " + error.message());
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!error && entry->is_regular_file(error)) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

tree_hash hash_tree(longhaul::task_context& task, const hash_tree_args& args) {
  const auto files = files_below(args.path);
  tree_hash result;
  hasher all;
  std::vector<char> buffer(1 << 20);
  for (const fs::path& file : files) {
    task.throw_if_cancelled();
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      ++result.unreadable;
      continue;
    }
    const std::string name = fs::relative(file, args.path).string();
    all.add(name.data(), name.size() + 1);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
      all.add(buffer.data(), static_cast<std::size_t>(in.gcount()));
      result.bytes += in.gcount();
      task.throw_if_cancelled();
    }
    task.progress(++result.files, static_cast<double>(files.size()), name);
  }
  result.sha256 = all.hex();
  return result;
}

// --- plan_trip: asks in the middle, whoever called and however.

struct plan_trip_args {
  int days = 3;
};
BOOST_DESCRIBE_STRUCT(plan_trip_args, (), (days))

struct trip_form {
  std::string destination;
};
BOOST_DESCRIBE_STRUCT(trip_form, (), (destination))

std::string plan_trip(longhaul::task_context& task, const plan_trip_args& args) {
  task.status("waiting for a destination");
  const auto where =
      task.ask("destination", longhaul::elicitation::form<trip_form>("Where do you want to go?"));
  if (!where.accepted()) return "No trip then.";
  const auto destination = where.as<trip_form>().destination;
  std::string plan = "Your trip to " + destination + ":\n";
  for (int day = 1; day <= args.days; ++day) {
    plan += "Day " + std::to_string(day) + ": a walk through " + destination + ".\n";
    task.progress(day, args.days);
  }
  return plan;
}

int main(int argc, char** argv) {
  longhaul::server server{{.name = "handlers",
                           .version = "0.1.0",
                           .instructions = "Three long tools to try tasks with."}};
  server.add_tool({.name = "countdown",
                   .description = "Counts down the given number of seconds and shows progress "
                                  "once a second. Use it to see how a long tool behaves.",
                   .annotations = {.read_only = true},
                   .fields = {longhaul::field(&countdown_args::seconds, "Seconds to count down")
                                  .range(1, 3600)}},
                  countdown);
  server.add_tool({.name = "hash_tree",
                   .description = "Computes one SHA-256 over the names and contents of all regular "
                                  "files below a directory, with progress by file.",
                   .annotations = {.read_only = true, .idempotent = true},
                   .fields = {longhaul::field(&hash_tree_args::path, "Directory on the server")}},
                  hash_tree);
  server.add_tool({.name = "plan_trip",
                   .description = "Plans a trip of some days; asks the user for the destination "
                                  "while it runs.",
                   .fields = {longhaul::field(&plan_trip_args::days, "Length of the trip in days")
                                  .range(1, 30)}},
                  plan_trip);
  return longhaul::run(server, argc, argv);
}
