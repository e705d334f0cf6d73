// SPDX-License-Identifier: Apache-2.0
#include "wire/context.hpp"

#include <utility>

#include "base/random.hpp"
#include "json/validate.hpp"
#include "json/write.hpp"
#include "wire/feature_json.hpp"

namespace longhaul::wire {
namespace {

std::string server_member(const serving::server_identity& identity) {
  return R"("io.modelcontextprotocol/serverInfo":)" + server_info(identity, modern_look().features);
}

}  // namespace

bool open_streams::add(const std::shared_ptr<serving::exchange>& stream) {
  const guard lock(mutex_);
  if (stopping_) return false;
  // Ended ones go when the vector would grow, so each costs a constant share.
  if (streams_.size() == streams_.capacity()) {
    std::erase_if(streams_, [](const auto& weak) { return weak.expired(); });
    streams_.reserve(streams_.size() * 2 + 16);
  }
  streams_.push_back(stream);
  return true;
}

void open_streams::shut_down() {
  std::vector<std::weak_ptr<serving::exchange>> streams;
  {
    const guard lock(mutex_);
    stopping_ = true;
    streams.swap(streams_);
  }
  for (const auto& weak : streams) {
    if (const auto stream = weak.lock()) stream->shut_down();
  }
}

context::context(serving::dispatcher& dispatcher, const endpoint_options& options)
    : context(
          dispatcher, options,
          options.secrets.empty() ? std::vector<std::string>{random_bytes(32)} : options.secrets) {}

context::context(serving::dispatcher& dispatcher, const endpoint_options& options,
                 const std::vector<std::string>& secrets)
    : server(dispatcher),
      clock(*options.clock),
      questions(secrets),
      states(secrets),
      sessions(secrets),
      log(options.log),
      server_meta(server_member(dispatcher.identity())) {}

std::string server_info(const serving::server_identity& identity, const feature_look& look) {
  std::string out;
  json::object o(out);
  o.string("name", identity.name);
  if (look.titles && !identity.title.empty()) o.string("title", identity.title);
  o.string("version", identity.version);
  if (look.icons) {  // they came together
    if (!identity.description.empty()) o.string("description", identity.description);
    if (!identity.website.empty()) o.string("websiteUrl", identity.website);
    append_icons(o, identity.icons, look);
  }
  o.close();
  return out;
}

raw_json keep(json::value value) {
  if (!value) return {};
  return raw_json::trusted(json::without_line_breaks(value.raw()));
}

}  // namespace longhaul::wire
