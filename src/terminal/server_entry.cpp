// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <span>

#include "json/view.hpp"
#include "longhaul/raw_json.hpp"
#include "terminal/expand.hpp"
#include "terminal/server_file.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

using named_values = std::vector<std::pair<std::string, std::string>>;

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

// Reads one server; what is wrong is told with the file, the server and the member.
class entry_reader {
 public:
  entry_reader(const server_file& file, const std::string& name, const raw_json& entry,
               const variables& environment)
      : file_(file), name_(name), object_(json::value(entry)), environment_(environment) {}

  server_spec read() {
    if (!object_.is(json::kind::object)) fail("must be an object, not " + shown(object_.whole()));
    if (file_.format == server_format::own) check_keys();
    check_type();
    server_spec spec;
    spec.name = name_;
    spec.origin = file_.path;
    spec.url = text("url").value_or("");
    spec.command = command();
    if (spec.url.empty() == spec.command.empty()) {
      fail(spec.url.empty() ? "needs a url or a command" : "has both a url and a command");
    }
    if (!spec.url.empty() && !is_url(spec.url)) {
      fail("url must begin with http:// or https://, not be " + detail::in_quotes(spec.url));
    }
    spec.environment = named("env");
    spec.headers = named("headers");
    spec.bearer = bearer();
    if (!spec.command.empty()) spec.directory = directory();
    return spec;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw no_such_server(file_.path + ": server " + detail::in_quotes(name_) + ": " + why);
  }
  static std::string shown(json::value found) { return detail::shown(found); }

  // Others write what we need not know; a key of ours that is unknown is a slip.
  void check_keys() const {
    static const std::vector<std::string_view> known = {"url",     "command",    "env",
                                                        "headers", "bearer_env", "directory"};
    for (json::members all(object_.whole()); all.next();) {
      if (std::ranges::find(known, all.key()) != known.end()) continue;
      fail("unknown key" + detail::unknown_name(known, all.key()));
    }
  }

  void check_type() const {
    if (object_["envFile"]) {
      fail("envFile is not read here: write its variables into env");
    }
    const json::value type = object_["type"];
    if (!type || file_.format == server_format::own) return;
    if (type.equals("sse")) {
      fail(
          "speaks the old SSE transport (\"type\": \"sse\"), which is not spoken here: servers of "
          "today have a URL for Streamable HTTP, \"type\": \"http\"");
    }
    for (const std::string_view known : {"stdio", "http", "streamable-http"}) {
      if (type.equals(known)) return;
    }
    fail("type must be \"stdio\" or \"http\", not " + shown(type));
  }

  std::string expand(std::string_view key, std::string_view written) const {
    try {
      return expanded(written, environment_, workspace());
    } catch (const std::runtime_error& refused) {
      fail(std::string(key) + ": " + refused.what());
    }
  }
  std::string workspace() const {
    return file_.format == server_format::vscode ? file_.folder : "";
  }

  std::optional<std::string> text(std::string_view key) const {
    const json::value member = object_[key];
    if (!member) return std::nullopt;
    const auto written = member.string();
    if (!written) fail(std::string(key) + " must be a string, not " + shown(member));
    return expand(key, *written);
  }

  std::vector<std::string> texts(std::string_view key, json::value member) const {
    if (!member.is(json::kind::array)) {
      fail(std::string(key) + " must be an array of strings, not " + shown(member));
    }
    std::vector<std::string> result;
    for (json::elements all(member); all.next();) {
      const auto written = all.value().string();
      if (!written) fail(std::string(key) + " must hold strings, not " + shown(all.value()));
      result.push_back(expand(key, *written));
    }
    return result;
  }

  std::vector<std::string> command() const {
    const json::value program = object_["command"];
    if (!program) return {};
    std::vector<std::string> result;
    if (file_.format == server_format::own) {
      result = texts("command", program);
    } else {
      result.push_back(*text("command"));
      if (const json::value arguments = object_["args"]) {
        std::ranges::copy(texts("args", arguments), std::back_inserter(result));
      }
    }
    if (result.empty() || result.front().empty()) fail("command names no program");
    return result;
  }

  named_values named(std::string_view key) const {
    const json::value member = object_[key];
    if (member && !member.is(json::kind::object)) {
      fail(std::string(key) + " must be an object, not " + shown(member));
    }
    named_values result;
    for (json::members all(member); all.next();) {
      const std::string place = detail::member_place(std::string(key), all.key());
      // A number or a truth is plainly meant as it is written.
      const auto kind = all.value().type();
      if (kind == json::kind::number || kind == json::kind::boolean) {
        result.emplace_back(all.key(), all.value().raw());
      } else if (const auto written = all.value().string()) {
        result.emplace_back(all.key(), expand(place, *written));
      } else {
        fail(place + " must be a string, not " + shown(all.value()));
      }
    }
    return result;
  }

  std::string bearer() const {
    if (file_.format != server_format::own) return {};
    const json::value member = object_["bearer_env"];
    if (!member) return {};
    const auto variable = member.string();
    if (!variable) fail("bearer_env must be the name of a variable, not " + shown(member));
    const auto key = filled(environment_, *variable);
    if (!key) fail("bearer_env: the variable " + *variable + " is not set");
    return *key;
  }

  std::string directory() const {
    const auto written = text(file_.format == server_format::own ? "directory" : "cwd");
    if (!written || written->empty()) return file_.folder;
    const auto path = std::filesystem::path(file_.folder) / *written;
    if (path.is_relative()) {
      fail("directory must be absolute, not " + detail::in_quotes(*written));
    }
    return path.lexically_normal().string();
  }

  const server_file& file_;
  const std::string& name_;
  json::indexed object_;
  const variables& environment_;
};

}  // namespace

server_spec read_server(const server_file& file, const std::string& name, const raw_json& entry,
                        const variables& environment) {
  return entry_reader(file, name, entry, environment).read();
}

std::string written_address(const raw_json& entry) {
  const json::value object(entry);
  if (auto url = object["url"].string()) return *std::move(url);
  if (const auto program = object["command"].string()) {
    std::string result = *program;
    for (json::elements all(object["args"]); all.next();) {
      result += " " + all.value().string().value_or("");
    }
    return result;
  }
  std::string result;
  for (json::elements all(object["command"]); all.next();) {
    result += (result.empty() ? "" : " ") + all.value().string().value_or("");
  }
  return result;
}

}  // namespace longhaul::terminal
