// SPDX-License-Identifier: Apache-2.0
#include "terminal/server_names.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/text.hpp"
#include "json/view.hpp"
#include "terminal/server_file.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

bool has_scheme(std::string_view word) {
  const std::string begin = lowered(word.substr(0, 8));
  return begin.starts_with("http://") || begin.starts_with("https://");
}

server_spec file_server(std::string_view word, const surroundings& around) {
  server_spec spec;
  spec.name = word;
  spec.file = (std::filesystem::path(around.folder) / word).lexically_normal().string();
  std::error_code error;
  if (!std::filesystem::is_regular_file(spec.file, error)) {
    throw no_such_server("there is no file " + spec.file);
  }
  return spec;
}

server_spec named_server(const std::string& word, const surroundings& around) {
  std::vector<std::string> known;
  for (const server_file& file : server_files(around)) {
    const raw_json servers = servers_in(file, around);
    for (json::members all{json::value(servers)}; all.next();) {
      if (all.key() == word) {
        return read_server(file, word, raw_json::trusted(all.value().raw()), around.environment);
      }
      known.emplace_back(all.key());
    }
  }
  std::string hint = "a server is also a URL, a FILE.toml, or -- COMMAND";
  if (word.find_first_of("/ ") != std::string::npos) {
    hint = "a command is written behind --, a URL begins with http:// or https://";
  }
  throw no_such_server("no server" + detail::unknown_name({known.begin(), known.end()}, word) +
                       " (" + hint + ")");
}

server_spec find_by_word(const std::string& word, const surroundings& around) {
  if (has_scheme(word)) {
    server_spec spec;
    spec.name = spec.url = word;
    return spec;
  }
  if (word.ends_with(".toml")) return file_server(word, around);
  return named_server(word, around);
}

void add_known(known_list& list, const server_file& file, const surroundings& around) {
  const raw_json servers = servers_in(file, around);
  for (json::members all{json::value(servers)}; all.next();) {
    const bool hidden = std::ranges::any_of(
        list.servers, [&](const known_server& one) { return one.name == all.key(); });
    if (hidden) continue;
    list.servers.push_back(
        {std::string(all.key()), written_address(raw_json::trusted(all.value().raw())), file.path});
  }
}

}  // namespace

server_spec find_server(std::string_view word, const surroundings& around) {
  if (!word.empty()) return find_by_word(std::string(word), around);
  const auto usual = filled(around.environment, "LONGHAUL_SERVER");
  if (!usual) {
    throw no_such_server(
        "which server? Write a URL, a name, a FILE.toml or -- COMMAND, or set LONGHAUL_SERVER");
  }
  try {
    server_spec spec = find_by_word(*usual, around);
    if (spec.origin.empty()) spec.origin = "$LONGHAUL_SERVER";
    return spec;
  } catch (const no_such_server& refused) {
    throw no_such_server(std::string("$LONGHAUL_SERVER: ") + refused.what());
  }
}

known_list known_servers(const surroundings& around) {
  known_list list;
  for (const server_file& file : server_files(around)) {
    try {
      add_known(list, file, around);
    } catch (const no_such_server& refused) {
      list.faults.emplace_back(refused.what());
    }
  }
  return list;
}

}  // namespace longhaul::terminal
