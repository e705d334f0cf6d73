// SPDX-License-Identifier: Apache-2.0
#include "wire/feature_json.hpp"

#include <string_view>

namespace longhaul::wire {
namespace {

void append_text(json::object& into, std::string_view member, std::string_view text) {
  if (!text.empty()) into.string(member, text);
}

// What resources and templates have alike, behind their address.
void append_common(json::object& into, const resource_options& options, const feature_look& look) {
  into.string("name", options.name);
  if (look.titles) append_text(into, "title", options.title);
  append_text(into, "description", options.description);
  append_text(into, "mimeType", options.mime_type);
  if (options.annotations.any()) into.raw("annotations", options.annotations.json());
  append_icons(into, options.icons, look);
  if (look.meta && options.meta) into.raw("_meta", options.meta);
}

}  // namespace

void append_icons(json::object& into, const std::vector<icon>& icons, const feature_look& look) {
  if (icons.empty() || !look.icons) return;
  json::array items(into.key("icons"));
  for (const icon& one : icons) {
    json::object o(items.next());
    o.string("src", one.source);
    append_text(o, "mimeType", one.mime_type);
    if (!one.sizes.empty()) {
      std::string& sizes = o.key("sizes");
      json::array each_size(sizes);
      for (const std::string& size : one.sizes) {
        json::append_string(each_size.next(), size);
      }
      each_size.close();
    }
    append_text(o, "theme", one.theme);
    o.close();
  }
  items.close();
}

void append_prompt(std::string& out, const serving::prompt_entry& prompt,
                   const feature_look& look) {
  const prompt_options& options = prompt.options;
  json::object o(out);
  o.string("name", options.name);
  if (look.titles) append_text(o, "title", options.title);
  append_text(o, "description", options.description);
  if (!prompt.arguments.empty()) {
    json::array items(o.key("arguments"));
    for (const prompt_argument& argument : prompt.arguments) {
      json::object one(items.next());
      one.string("name", argument.name);
      if (look.titles) append_text(one, "title", argument.title);
      append_text(one, "description", argument.description);
      one.boolean("required", argument.required);
      one.close();
    }
    items.close();
  }
  append_icons(o, options.icons, look);
  if (look.meta && options.meta) o.raw("_meta", options.meta);
  o.close();
}

void append_resource(std::string& out, const serving::resource_entry& resource,
                     const feature_look& look) {
  json::object o(out);
  o.string("uri", resource.options.uri);
  append_common(o, resource.options, look);
  if (resource.options.size) o.integer("size", *resource.options.size);
  o.close();
}

void append_resource_template(std::string& out, const serving::resource_entry& family,
                              const feature_look& look) {
  json::object o(out);
  o.string("uriTemplate", family.options.uri);
  append_common(o, family.options, look);
  o.close();
}

}  // namespace longhaul::wire
