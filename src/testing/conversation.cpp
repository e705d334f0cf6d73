// SPDX-License-Identifier: Apache-2.0
#include "longhaul/testing/conversation.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "testing/player.hpp"
#include "testing/tunables.hpp"

namespace longhaul::testkit {
namespace {

bool records(recording mode) {
  if (mode != recording::by_environment) return mode == recording::on;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): tests set nothing in it
  const char* const said = std::getenv("LONGHAUL_RECORD");
  return said != nullptr && std::string_view(said) == "1";
}

bool sends_or_waits(const std::string& line) {
  if (line.starts_with('!')) return true;
  const auto arrow = line.find_first_of("<>");
  return !line.empty() && line[0] != '#' && arrow != std::string::npos && line[arrow] == '>';
}

void write(const std::filesystem::path& file, const std::vector<std::string>& lines) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  for (const std::string& line : lines) out << line << '\n';
  out.flush();
  if (!out) throw std::runtime_error(file.string() + ": cannot be written");
}

}  // namespace

conversation::conversation(std::filesystem::path file) : file_(std::move(file)) {
  std::error_code unreadable;
  const auto size = std::filesystem::file_size(file_, unreadable);
  std::ifstream text_file(file_, std::ios::binary);
  if (!text_file || unreadable) throw std::runtime_error(file_.string() + ": cannot be read");
  if (size > tunables::conversation_bytes) {
    throw std::runtime_error(file_.string() + ": is too large for a conversation");
  }
  for (std::string line; std::getline(text_file, line);) {
    if (first_ == 0 && line.starts_with("---")) {
      first_ = lines_.size() + 1;
      const auto begin = line.find_first_not_of("- ");
      settings_ = begin == std::string::npos ? std::string() : line.substr(begin);
    }
    lines_.push_back(std::move(line));
  }
  if (first_ == 0) throw std::runtime_error(file_.string() + ": there is no line of dashes");
}

conversation& conversation::on(std::string name, command run) {
  commands_.insert_or_assign(std::move(name), std::move(run));
  return *this;
}

std::string conversation::play(test_server& server, recording mode) {
  player plays(*server.shared(), commands_, settings_.ends_with("event ids"));
  const bool record = records(mode);
  std::vector<std::string> written(lines_.begin(), lines_.begin() + static_cast<long>(first_));
  std::size_t at = first_;
  const auto add_unread = [&] {
    for (std::string& line : plays.unread()) written.push_back(std::move(line));
  };
  try {
    for (; at < lines_.size(); ++at) {
      const std::string& line = lines_[at];
      if (!record) {
        plays.line(line);
        continue;
      }
      if (sends_or_waits(line)) add_unread();
      std::string fitting = plays.recorded(line);
      if (!fitting.empty() || line.empty()) written.push_back(std::move(fitting));
    }
    if (record) {
      add_unread();
      if (written != lines_) write(file_, written);
    } else {
      plays.finish();
    }
  } catch (const std::exception& e) {
    answered_ = plays.answered();
    const bool over = at >= lines_.size();
    return file_.string() + ":" + std::to_string(over ? lines_.size() : at + 1) + ": " +
           (over ? std::string("(end)") : lines_[at]) + "\n  " + e.what();
  }
  answered_ = plays.answered();
  return {};
}

}  // namespace longhaul::testkit
