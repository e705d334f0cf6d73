// SPDX-License-Identifier: Apache-2.0
#include "terminal/server_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "json/view.hpp"
#include "terminal/jsonc.hpp"
#include "terminal/tunables.hpp"

namespace longhaul::terminal {
namespace {

[[noreturn]] void refuse_file(const std::string& path, const std::string& why) {
  throw no_such_server(path + why);
}

bool is_file(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
}

void check_owner(const std::string& path, const std::string& current_folder) {
  struct stat file{}, folder{};
  if (::stat(path.c_str(), &file) != 0) refuse_file(path, ": cannot be read");
  if (file.st_uid == ::geteuid() || file.st_uid == 0) return;
  if (::stat(current_folder.c_str(), &folder) == 0 && folder.st_uid == file.st_uid) return;
  refuse_file(path,
              ": belongs to another user, so what it names is not run: remove it, or work "
              "in a folder that is not below it");
}

std::string text_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse_file(path, ": cannot be read: " + std::generic_category().message(errno));
  std::string text(tunables::server_file_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > tunables::server_file_bytes) {
    refuse_file(path,
                ": has more than " + std::to_string(tunables::server_file_bytes >> 20U) + " MiB");
  }
  return text;
}

}  // namespace

std::vector<server_file> server_files(const surroundings& around) {
  std::vector<server_file> found;
  const auto add = [&](const std::string& path, server_format format, const std::string& folder) {
    if (is_file(path)) found.push_back({path, format, folder});
  };
  std::filesystem::path folder = around.folder;
  for (std::size_t i = 0; i < tunables::folders_above && folder.is_absolute(); ++i) {
    add((folder / ".mcp.json").string(), server_format::claude, folder.string());
    add((folder / ".vscode" / "mcp.json").string(), server_format::vscode, folder.string());
    if (folder == folder.root_path()) break;
    folder = folder.parent_path();
  }
  const std::string ours = base_folder(around.environment, "XDG_CONFIG_HOME", ".config");
  if (!ours.empty()) add(ours + "/longhaul/servers.toml", server_format::own, "");
  return found;
}

raw_json servers_in(const server_file& file, const surroundings& around) {
  check_owner(file.path, around.folder);
  const std::string text = text_of_file(file.path);
  raw_json whole;
  try {
    whole = file.format == server_format::own ? read_servers_toml(text) : read_jsonc(text);
  } catch (const std::runtime_error& refused) {
    refuse_file(file.path, std::string(":") + refused.what());
  }
  if (file.format == server_format::own) return whole;
  const std::string key = file.format == server_format::claude ? "mcpServers" : "servers";
  const json::value top(whole), servers = top[key];
  if (!top.is(json::kind::object)) refuse_file(file.path, ":1:1: here must be an object");
  if (!servers) return raw_json::trusted("{}");
  if (!servers.is(json::kind::object)) refuse_file(file.path, ": " + key + " must be an object");
  return raw_json::trusted(servers.raw());
}

}  // namespace longhaul::terminal
