// SPDX-License-Identifier: Apache-2.0
#include "wire/resources.hpp"

#include "longhaul/result.hpp"
#include "wire/render.hpp"

namespace longhaul::wire {

void append_contents(json::object& into, std::string_view uri,
                     const serving::resource_contents& what) {
  const content_item block = what.is_text
                                 ? embedded_text(uri, "text/plain", what.bytes)
                                 : embedded_blob(uri, "application/octet-stream", what.bytes);
  std::string& out = into.key("contents");
  out += '[';
  json::object o(out);
  append_members_except(o, json::value(block.json())["resource"], "_meta");
  json::object meta(o.key("_meta"));
  meta.integer("longhaul.dev/offset", what.offset);
  meta.integer("longhaul.dev/nextOffset", what.next_offset);
  meta.integer("longhaul.dev/total", what.total);
  if (what.lost_from) meta.integer("longhaul.dev/lostFrom", *what.lost_from);
  meta.close();
  o.close();
  out += ']';
}

std::string_view resource_templates_json() noexcept {
  return R"([{"uriTemplate":"longhaul://tasks/{taskId}/stdout{?offset,tail}",)"
         R"("name":"stdout of a task","description":"What the program of a task printed, while it )"
         R"(runs and after: the last part of it, the bytes from an offset on, or the last bytes",)"
         R"("mimeType":"text/plain"},)"
         R"({"uriTemplate":"longhaul://tasks/{taskId}/stderr{?offset,tail}",)"
         R"("name":"stderr of a task","description":"The same for standard error",)"
         R"("mimeType":"text/plain"}])";
}

std::string not_found_data(std::string_view uri) {
  std::string data;
  json::object o(data);
  o.string("uri", uri);
  o.close();
  return data;
}

}  // namespace longhaul::wire
