// SPDX-License-Identifier: Apache-2.0
#include "longhaul/resource.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/uri_template.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/binary.hpp"
#include "typed/schema_arguments.hpp"

namespace longhaul {

// Writes contents as `resources/read` has them.
struct resource_writer {
  std::string_view uri, mime_type;  // where a piece does not say others

  void append(std::string& out, const resource_content& one) const {
    const std::string_view type = one.mime_type_.empty() ? mime_type : one.mime_type_;
    json::object o(out);
    o.string("uri", one.uri_.empty() ? uri : one.uri_);
    if (!type.empty()) o.string("mimeType", type);
    o.raw(one.is_blob_ ? "blob" : "text", one.value_);
    if (one.meta_) o.raw("_meta", one.meta_);
    o.close();
  }

  raw_json body(std::span<const resource_content> contents) const {
    std::size_t size = 64;
    for (const resource_content& one : contents)
      size += one.value_.view().size() + 128 + uri.size();
    std::string out;
    out.reserve(size);
    json::object o(out);
    json::array items(o.key("contents"));
    for (const resource_content& one : contents) {
      append(items.next(), one);
    }
    items.close();
    o.close();
    return raw_json::trusted(std::move(out));
  }
};

resource_content::resource_content(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  json::append_string(quoted, text);
  value_ = raw_json::trusted(std::move(quoted));
}

resource_content resource_content::blob(std::string_view bytes) {
  resource_content result;
  result.value_ = raw_json::trusted(detail::base64_json(bytes));
  result.is_blob_ = true;
  return result;
}

resource_content resource_content::blob(std::span<const std::byte> bytes) {
  return blob(detail::chars(bytes));
}

resource_content& resource_content::meta(raw_json object) {
  if (!json::value(object).is(json::kind::object)) {
    throw std::invalid_argument("meta must be a JSON object");
  }
  meta_ = std::move(object);
  return *this;
}

namespace {

raw_json uri_data(std::string_view uri) {
  std::string data;
  json::object(data).string("uri", uri).close();
  return raw_json::trusted(std::move(data));
}

}  // namespace

resource_not_found::resource_not_found(std::string_view uri)
    : protocol_error(error_code, "Resource not found", uri_data(uri)) {}

namespace detail {
namespace {

[[noreturn]] void fail_resource(const resource_options& options, const std::string& problem) {
  throw std::invalid_argument("resource \"" + options.uri + "\": " + problem);
}

void check_options(resource_options& options, bool is_template) {
  if (!is_template && !is_resource_uri(options.uri)) {
    fail_resource(options, "a URI is absolute, as in notes://today, without white space");
  }
  if (!is_template && options.uri.find('{') != std::string::npos) {
    fail_resource(options, "a URI has no {}; make_resource_template takes templates");
  }
  if (options.name.empty()) options.name = options.uri;
  if (options.meta && !json::value(options.meta).is(json::kind::object)) {
    fail_resource(options, "meta must be a JSON object");
  }
  if (options.limit && options.limit->count() <= 0) {
    fail_resource(options, "limit must be longer than nothing");
  }
  if (options.caching.fresh.count() < 0) fail_resource(options, "caching.fresh is negative");
  if (is_template && options.size) fail_resource(options, "a template has no size");
  if (!is_template && !(options.complete.empty() && options.fields.empty())) {
    fail_resource(options, "complete and fields are for templates");
  }
  try {
    (void)options.annotations.json();
  } catch (const std::invalid_argument& e) {
    fail_resource(options, e.what());
  }
}

void check_variables(resource_options& options, const std::vector<std::string>& names,
                     const std::optional<typed_schema>& schema) {
  if (schema) {
    std::size_t known = 0;
    for (schema_argument& member : arguments_in(schema->text())) {
      if (!member.fault.empty()) fail_resource(options, member.fault);
      if (std::ranges::find(names, member.name) == names.end()) {
        fail_resource(options, "it has no variable {" + member.name + "} for that member");
      }
      ++known;
      if (!member.choices.empty()) {
        options.complete.try_emplace(member.name, completer::among(std::move(member.choices)));
      }
    }
    if (known != 0 && known != names.size()) {
      fail_resource(options, "the struct has no member for one of its variables");
    }
  } else if (!options.fields.empty()) {
    fail_resource(options, "fields are for handlers of structs");
  }
  for (const auto& [name, unused] : options.complete) {
    if (std::ranges::find(names, name) == names.end()) {
      fail_resource(options, "complete names a variable that it has not: \"" + name + "\"");
    }
  }
}

}  // namespace

resource_content json_content(const raw_json& value) {
  return resource_content(value.view()).mime_type("application/json");
}

raw_json variables_of(const call_arguments& call) {
  const json::value variables = json::value(call.json())["variables"];
  return variables ? raw_json::trusted(std::string(variables.raw())) : raw_json();
}

outcome resource_outcome(std::span<const resource_content> contents, const call_arguments& call,
                         std::string_view mime_type) {
  const std::string uri = json::value(call.json())["uri"].string().value_or("");
  return outcome::result(resource_writer{uri, mime_type}.body(contents));
}

resource_definition define_resource(resource_options options, bool is_template,
                                    const std::optional<typed_schema>& schema) {
  check_options(options, is_template);
  if (is_template) check_variables(options, uri_template(options.uri).names(), schema);
  resource_definition resource;
  resource.is_template = is_template;
  resource.run.options.name = options.uri;
  resource.run.options.policy = task_policy::never;
  resource.run.options.visible_to = options.visible_to;
  resource.run.options.attempt_limit = options.limit;
  resource.options = std::move(options);
  return resource;
}

}  // namespace detail

resource_definition make_resource(resource_options options,
                                  std::vector<resource_content> contents) {
  resource_definition resource = detail::define_resource(std::move(options), false, std::nullopt);
  const resource_writer writer{resource.options.uri, resource.options.mime_type};
  resource.fixed = writer.body(contents);
  return resource;
}

resource_definition make_resource(resource_options options, resource_content content) {
  return make_resource(std::move(options), std::vector<resource_content>{std::move(content)});
}

}  // namespace longhaul
