// SPDX-License-Identifier: Apache-2.0
#include "terminal/tool_page.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "json/view.hpp"
#include "terminal/example_words.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/schema_lookup.hpp"
#include "terminal/schema_words.hpp"
#include "terminal/styled.hpp"
#include "terminal/table.hpp"
#include "terminal/tunables.hpp"

namespace longhaul::terminal {
namespace {

constexpr std::size_t least_width = 20, least_text = 16;  // columns; narrower is not readable
constexpr std::size_t most_parameters = 100;              // on a page
// Bytes that are searched for the parameters of a page, each of which may refer to the whole.
constexpr std::size_t most_searched_bytes = std::size_t{2} << 20;
constexpr std::size_t most_text = std::size_t{1} << 14;  // bytes of one description
constexpr std::size_t longest_name = 128;                // MCP "Tool Names"
constexpr std::string_view between_columns = "  ";

std::string lines_for(std::string_view text, const look& looks) {
  std::string safe = plain_lines(text.substr(0, most_text));
  return looks.unicode ? safe : in_ascii(safe);
}
std::string line_for(std::string_view text, const look& looks) {
  std::string safe = plain(text.substr(0, most_text));
  return looks.unicode ? safe : in_ascii(safe);
}

std::size_t columns(const look& looks) {
  return looks.width == 0 ? tunables::usual_columns : std::max(looks.width, least_width);
}

std::string title_of(json::value tool) {
  const auto own = tool["title"].string();
  return own ? *own : tool["annotations"]["title"].string().value_or("");
}

// --- the table

std::string_view task_word(json::value tool) {
  const json::value support = tool["execution"]["taskSupport"];
  if (support.equals("required")) return "always";
  return support.equals("optional") ? "can be" : "";
}

// Some make a title of the name: "get_sum", "Get Sum".
bool is_name_again(const std::string& title, json::value tool) {
  const auto letters = [](std::string_view text) {
    std::string kept;
    for (const char c : text) {
      if (c != '_' && c != '-' && c != '.' && c != ' ') kept += to_lower(c);
    }
    return kept;
  };
  return letters(title) == letters(tool["name"].string().value_or(""));
}

std::string first_line(json::value tool, const look& looks) {
  std::string text = title_of(tool);
  const bool says_more = !plain(text).empty() && !is_name_again(text, tool);
  const auto description = tool["description"].string().value_or("");
  if (!says_more && !plain(description).empty()) text = description;
  if (plain(text).empty()) text = tool["description"].string().value_or("");
  const std::string lines = lines_for(text, looks);
  return lines.substr(0, lines.find('\n'));
}

// --- the page

class page {
 public:
  explicit page(const look& looks) : looks_(looks) {}

  const look& looks() const { return looks_; }
  std::string take() { return std::move(text_); }

  void heading(std::string_view name) {
    text_ += '\n';
    text_ += painted(name, tone::strong, looks_);
    text_ += '\n';
  }
  void text(std::string_view words, std::size_t indent) {
    text_ += paragraph(lines_for(words, looks_), columns(looks_), indent);
  }
  // `name` in a column of its own, `words` beside it, or beneath where it is too long.
  void entry(std::string_view name, std::size_t column, std::string_view words) {
    const std::string shown = line_for(name, looks_);
    std::string beside = paragraph(line_for(words, looks_), columns(looks_), column);
    std::string head = "  " + painted(shown, tone::strong, looks_);
    const std::size_t used = display_width(shown) + 2;
    if (used + between_columns.size() > column) {
      text_ += head + "\n" + beside;
    } else {
      text_ += head + (beside.empty() ? "\n" : beside.replace(0, used, ""));
    }
  }

 private:
  look looks_;
  std::string text_;
};

std::string parameter_words(const parameter& one, json::value root) {
  std::string words = type_words(one.schema, root);
  const json::value preset = keyword(one.schema, "default", root);
  if (one.required) words += "; required";
  if (preset) words += "; default " + value_words(preset);
  return words;
}

// Where the words beside the names begin.
std::size_t words_column(const std::vector<parameter>& all, const look& looks) {
  const std::size_t most = std::max<std::size_t>(columns(looks) / 3, 8);
  std::size_t width = 4;
  for (const parameter& one : all) {
    const std::size_t wanted = display_width(line_for(one.name, looks)) + 4;
    if (wanted <= most) width = std::max(width, wanted);
  }
  return std::min(width, columns(looks) - least_text);
}

std::size_t shown_of(const parameter_list& parameters) {
  const std::size_t size = parameters.root().raw().size() + 1;
  const std::size_t most = std::clamp<std::size_t>(most_searched_bytes / size, 5, most_parameters);
  return std::min(most, parameters.all().size());
}

void add_entries(page& out, const parameter_list& parameters) {
  const auto& all = parameters.all();
  const std::size_t shown = shown_of(parameters);
  const std::size_t column = words_column(all, out.looks());
  for (std::size_t i = 0; i < shown; ++i) {
    out.entry(all[i].name, column, parameter_words(all[i], parameters.root()));
    std::string description = keyword_text(all[i].schema, "description", parameters.root());
    if (description.empty()) description = keyword_text(all[i].schema, "title", parameters.root());
    out.text(description, column);
  }
  if (all.size() > shown) {
    out.text("and " + std::to_string(all.size() - shown) + " more", 2);
  }
}

void add_parameters(page& out, const parameter_list& parameters) {
  const auto& all = parameters.all();
  out.heading(all.empty() ? "no parameters" : "parameters");
  add_entries(out, parameters);
  if (!all.empty() && !parameters.closed() && (parameters.others() || parameters.has_patterns())) {
    out.text("others as well", 2);
  }
}

void add_hints(page& out, json::value tool) {
  struct hint {
    std::string_view name, if_true, if_false;
  };
  constexpr std::array<hint, 4> hints{
      {{"readOnlyHint", "only reads", ""},
       {"destructiveHint", "may overwrite or delete", "overwrites and deletes nothing"},
       {"idempotentHint", "the same call again changes nothing more", ""},
       {"openWorldHint", "reaches outside, as to the web", "stays with its own data"}}};
  std::vector<std::string_view> said;
  for (const hint& one : hints) {
    const auto flag = tool["annotations"][one.name].boolean();
    if (!flag) continue;
    if (const std::string_view words = *flag ? one.if_true : one.if_false; !words.empty()) {
      said.push_back(words);
    }
  }
  const json::value support = tool["execution"]["taskSupport"];
  if (support.equals("required")) said.emplace_back("always runs as a task");
  if (support.equals("optional")) said.emplace_back("runs as a task, or at once");
  if (said.empty()) return;
  out.heading("the server says");
  for (const std::string_view words : said) out.text(words, 2);
}

void add_result(page& out, const raw_json& schema) {
  if (!json::value(schema).is(json::kind::object)) return;
  const parameter_list members(schema);
  out.heading("result");
  if (members.all().empty()) return out.text(type_words(members.root(), members.root()), 2);
  const std::size_t column = words_column(members.all(), out.looks());
  for (std::size_t i = 0; i < shown_of(members); ++i) {
    const parameter& one = members.all()[i];
    out.entry(one.name, column, type_words(one.schema, members.root()));
  }
}

raw_json part(json::value v) { return v ? raw_json::trusted(v.raw()) : raw_json(); }

}  // namespace

std::string tool_list(const raw_json& tools, const look& looks) {
  std::vector<std::vector<std::string>> rows;
  bool tasks = false;
  for (json::elements e{json::value(tools)}; e.next();) {
    const auto name = e.value()["name"].string();
    if (!name) continue;
    tasks = tasks || !task_word(e.value()).empty();
    rows.push_back({cut_to_width(line_for(*name, looks), longest_name),
                    std::string(task_word(e.value())), first_line(e.value(), looks)});
  }
  if (rows.empty()) return "no tools\n";
  std::vector<table_column> titles{{"NAME"}, {"TASK"}, {"WHAT IT DOES"}};
  if (!tasks) {
    titles.erase(titles.begin() + 1);
    for (auto& row : rows) row.erase(row.begin() + 1);
  }
  return table_text(titles, rows, looks);
}

std::string form_lines(const raw_json& requested_schema, const look& looks) {
  page out(looks);
  add_entries(out, parameter_list(requested_schema));
  return out.take();
}

std::string tool_page(const raw_json& tool, std::string_view command, const look& looks,
                      std::string_view behind) {
  const json::value whole(tool);
  page out(looks);
  const std::string name = line_for(whole["name"].string().value_or(""), looks);
  const std::string title = line_for(title_of(whole), looks);
  std::string head = painted(name, tone::strong, looks);
  if (!title.empty() && title != name) {
    const std::size_t used = display_width(name) + 3;
    const std::size_t left = columns(looks) > used ? columns(looks) - used : 0;
    head += (looks.unicode ? " – " : " - ") + fitted(title, std::max(left, least_text), looks);
  }
  out.text(whole["description"].string().value_or(""), 2);
  const parameter_list parameters(part(whole["inputSchema"]));
  add_parameters(out, parameters);
  add_hints(out, whole);
  add_result(out, part(whole["outputSchema"]));
  out.heading("example");
  std::string example = std::string(command);
  if (const std::string words = example_words(parameters); !words.empty()) example += " " + words;
  example += behind;
  // On one line, however long: it is there to be copied.
  std::string body = out.take();
  return head + "\n" + body + "  " + line_for(example, looks) + "\n";
}

}  // namespace longhaul::terminal
