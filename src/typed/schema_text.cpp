// SPDX-License-Identifier: Apache-2.0
// Writes the JSON Schema of a type: members in the order of their description, nothing that depends
// on the machine or the run, so that equal types have equal bytes.
#include <array>

#include "json/write.hpp"
#include "typed/numbers.hpp"
#include "typed/rules.hpp"

namespace longhaul::detail {
namespace {

using shape = type_node::shape;

// A struct nested deeper than this contains itself.
constexpr int max_type_depth = 64;

class schema_writer {
 public:
  schema_writer(std::string& out, schema_use use) : out_(out), use_(use) {}

  void write(const type_node& type, const member_rules* rules, const raw_json& default_value,
             int depth = 0) {
    if (depth > max_type_depth) {
      throw std::invalid_argument("schema: a type that contains itself has no finite schema");
    }
    json::object o(out_);
    if (type.kind == shape::optional) {
      std::string& items = o.key("anyOf");
      items += '[';
      write(bare(type), nullptr, {}, depth + 1);
      items += R"(,{"type":"null"}])";
    } else {
      body(o, type, rules, depth);
    }
    if (default_value) o.raw("default", default_value);
    if (rules != nullptr && !rules->header.empty()) o.string("x-mcp-header", rules->header);
    o.close();
  }

  void members(json::object& o, const type_node& type, const std::vector<member_rules>* rules,
               int depth) {
    // Always there: some hosts refuse all tools for one object schema without it.
    std::string required;
    o.key("properties");
    json::object properties(out_);
    for (std::size_t i = 0; i < type.members.size(); ++i) {
      const member_node& member = type.members[i];
      const member_rules* rule = rules != nullptr ? &(*rules)[i] : nullptr;
      const type_node& inner = says_null(member) ? member.type() : bare(member.type());
      const bool optional = may_be_missing(member, rule);
      if (use_ == schema_use::form) check_form(member.name, inner, rule);
      properties.key(member.name);
      const bool defaulted = use_ != schema_use::output && optional;
      write(inner, rule, defaulted ? member.default_value : raw_json(), depth + 1);
      if (optional) continue;
      required += required.empty() ? '[' : ',';
      json::append_string(required, member.name);
    }
    properties.close();
    if (!required.empty()) o.raw("required", required + "]");
    if (use_ != schema_use::form) o.boolean("additionalProperties", false);
  }

 private:
  // An empty optional whose default is not empty is written as null.
  bool says_null(const member_node& member) const {
    return use_ == schema_use::output && member.type().kind == shape::optional &&
           member.default_value;
  }

  bool may_be_missing(const member_node& member, const member_rules* rule) const {
    if (use_ == schema_use::output) {
      const shape kind = member.type().kind;
      return (kind == shape::optional && !says_null(member)) || kind == shape::raw;
    }
    return rule != nullptr ? rule->optional : member.optional;
  }

  void body(json::object& o, const type_node& type, const member_rules* rules, int depth) {
    if (const std::string_view name = type_name(type.kind); !name.empty()) o.string("type", name);
    if (rules != nullptr && !rules->title.empty()) o.string("title", rules->title);
    const std::string description = describe(type, rules);
    if (!description.empty()) o.string("description", description);
    switch (type.kind) {
      case shape::integer:
      case shape::number:
        if (rules != nullptr && !rules->numbers.empty()) numbers(o, rules->numbers);
        number(o, bounds_of(type, rules));
        if (type.multiple > 1) o.integer("multipleOf", type.multiple);
        return;
      case shape::string:
        string(o, rules);
        return;
      case shape::enumeration:
        enumeration(o, type, rules);
        return;
      case shape::sequence:
        if (rules != nullptr && rules->min_items) {
          extent(o, "minItems", *rules->min_items, "maxItems", *rules->max_items);
        }
        o.key("items");
        in_items_ = true;
        write(type.element(), rules != nullptr ? rules->of_elements.get() : nullptr, {}, depth + 1);
        in_items_ = false;
        return;
      case shape::map:
        o.raw("properties", "{}").key("additionalProperties");
        write(type.element(), nullptr, {}, depth + 1);
        return;
      case shape::object:
        members(o, type, nullptr, depth);
        return;
      case shape::anything:
      case shape::raw:
      case shape::boolean:
      case shape::optional:
        return;
    }
  }

  // A duration says its unit, where the description does not.
  static std::string describe(const type_node& type, const member_rules* rules) {
    std::string said = rules != nullptr ? rules->description : std::string();
    if (!type.seconds || said.find("econd") != std::string::npos) return said;
    return said.empty() ? "seconds" : said + " (seconds)";
  }

  static std::string_view type_name(shape kind) {
    switch (kind) {
      case shape::boolean:
        return "boolean";
      case shape::integer:
        return "integer";
      case shape::number:
        return "number";
      case shape::string:
      case shape::enumeration:
        return "string";
      case shape::sequence:
        return "array";
      case shape::map:
      case shape::object:
        return "object";
      case shape::anything:
      case shape::raw:
      case shape::optional:
        break;
    }
    return {};
  }

  static void number(json::object& o, const bounds& b) {
    if (b.least) append_bound(o.key("minimum"), *b.least);
    if (b.greatest) append_bound(o.key("maximum"), *b.greatest);
  }

  static void numbers(json::object& o, const std::vector<long double>& all) {
    std::string& out = o.key("enum");
    char before = '[';
    for (const long double one : all) {
      out += before;
      before = ',';
      append_bound(out, one);
    }
    out += ']';
  }

  static void extent(json::object& o, std::string_view least_name, std::size_t least,
                     std::string_view greatest_name, std::size_t greatest) {
    o.integer(least_name, least);
    if (greatest != unbounded) o.integer(greatest_name, greatest);
  }

  void string(json::object& o, const member_rules* rules) {
    if (rules == nullptr) return;
    if (!rules->choices.empty()) choices(o, rules->choices);
    if (rules->min_length) {
      extent(o, "minLength", *rules->min_length, "maxLength", *rules->max_length);
    }
    if (rules->pattern) o.string("pattern", rules->pattern_text);
    if (!rules->format.empty()) o.string("format", rules->format);
  }

  void enumeration(json::object& o, const type_node& type, const member_rules* rules) {
    if (rules != nullptr && !rules->choices.empty()) return choices(o, rules->choices);
    std::vector<choice> all;
    all.reserve(type.names.size());
    for (const std::string_view name : type.names) all.push_back({std::string(name), ""});
    choices(o, all);
  }

  // Titled choices are `oneOf` for one value and `anyOf` for each of many: elicitation's words.
  void choices(json::object& o, const std::vector<choice>& all) {
    bool titled = false;
    for (const choice& c : all) titled = titled || !c.title.empty();
    std::string& out = o.key(!titled ? "enum" : in_items_ ? "anyOf" : "oneOf");
    char before = '[';
    for (const choice& c : all) {
      out += before;
      before = ',';
      if (!titled) {
        json::append_string(out, c.value);
        continue;
      }
      json::object one(out);
      one.string("const", c.value).string("title", c.title.empty() ? c.value : c.title).close();
    }
    out += ']';
  }

  static void check_form(std::string_view name, const type_node& type, const member_rules* rules) {
    const auto fail = [&](std::string_view problem) {
      throw std::invalid_argument("form: member " + in_quotes(name) + ": " + std::string(problem));
    };
    if (type.kind == shape::sequence) {
      const type_node& one = type.element();
      const bool chosen = rules != nullptr && !rules->choices.empty();
      if (one.kind != shape::enumeration && !(one.kind == shape::string && chosen)) {
        fail("a sequence in a form is one of enums, or of strings with choices");
      }
    } else if (type.kind == shape::object || type.kind == shape::map ||
               type.kind == shape::anything || type.kind == shape::raw) {
      fail("forms are flat: strings, numbers, booleans, enums and sequences of enums");
    }
    if (rules == nullptr) return;
    if (!rules->header.empty()) fail("a form has no headers");
    constexpr std::array<std::string_view, 5> formats{"", "email", "uri", "date", "date-time"};
    for (const std::string_view known : formats) {
      if (rules->format == known) return;
    }
    fail("formats in a form are email, uri, date and date-time");
  }

  std::string& out_;
  schema_use use_;
  bool in_items_ = false;
};

}  // namespace

void append_schema(std::string& out, const type_node& type, const member_rules* rules,
                   const raw_json& default_value) {
  schema_writer(out, schema_use::input).write(type, rules, default_value);
}

raw_json typed_schema::text(schema_use use) const {
  const type_node& type = compiled_->type;
  std::string out;
  schema_writer writer(out, use);
  if (type.kind == type_node::shape::object) {
    json::object root(out);
    root.string("type", "object");
    writer.members(root, type, &compiled_->rules, 0);
    root.close();
  } else if (use == schema_use::form) {
    throw std::invalid_argument("form: not a described struct");
  } else {
    writer.write(type, nullptr, {});
  }
  return raw_json::trusted(std::move(out));
}

}  // namespace longhaul::detail
