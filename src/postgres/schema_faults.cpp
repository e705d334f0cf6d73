// SPDX-License-Identifier: Apache-2.0
#include "postgres/schema_faults.hpp"

#include <map>
#include <tuple>
#include <utility>

#include "postgres/schema.hpp"

namespace longhaul::postgres {
namespace {

// Kind, table (empty: of the schema), name.
using object_name = std::tuple<std::string, std::string, std::string>;
using objects = std::map<object_name, std::string>;

// What there is in the schema $1, with a text that is the same where it is the same. A temporary
// table is no unlogged one, and a table of ours must not be one either.
constexpr std::string_view describe = R"sql(
SELECT 'table', '', relname::text, CASE WHEN relpersistence = 'u' THEN 'unlogged' ELSE '' END ||
       CASE WHEN relrowsecurity THEN 'row security' ELSE '' END
FROM pg_class WHERE relnamespace = $1::oid AND relkind IN ('r', 'p')
UNION ALL
SELECT 'column', c.relname::text, a.attname::text, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
       co.collname, a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'constraint', c.relname::text, k.conname::text, pg_get_constraintdef(k.oid)
FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p')
UNION ALL
SELECT CASE WHEN x.indisunique THEN 'unique index' ELSE 'index' END, c.relname::text, i.relname::text,
       concat_ws(' ', x.indisvalid, x.indcollation, x.indclass, x.indoption,
                 pg_get_expr(x.indpred, x.indrelid),
                 (SELECT string_agg(pg_get_indexdef(x.indexrelid, n, true), ', ' ORDER BY n)
                  FROM generate_series(1, x.indnatts) AS n))
FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'trigger', c.relname::text, t.tgname::text, ''
FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p') AND NOT t.tgisinternal
UNION ALL
SELECT 'rule', c.relname::text, r.rulename::text, ''
FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'function', '', p.proname::text, concat_ws(' ', l.lanname, p.provolatile, p.prosrc)
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = $1::oid)sql";

objects read_objects(const rows& found) {
  objects result;
  for (int row = 0; row < found.size(); ++row) {
    result.emplace(
        object_name(found.at(row, 0).bytes(), found.at(row, 1).bytes(), found.at(row, 2).bytes()),
        found.at(row, 3).bytes());
  }
  return result;
}

awaitable<objects> objects_in(connection& link, std::string which_schema,
                              std::vector<parameter> asked) {
  std::vector<statement> which;
  which.push_back({which_schema, std::move(asked)});
  const auto schema = co_await link.run(std::move(which));
  if (schema.front().empty()) co_return objects();
  std::vector<statement> one;
  one.push_back({describe, {parameter::integer(schema.front().at(0, 0).integer())}});
  const auto found = co_await link.run(std::move(one));
  co_return read_objects(found.front());
}

awaitable<objects> model_of(connection& link, std::int64_t version) {
  const std::vector<std::string> texts = statements_between(0, version, "pg_temp");
  std::vector<statement> make;
  make.push_back({"BEGIN"});
  for (const std::string& text : texts) make.push_back({text});
  co_await link.run(std::move(make));
  std::vector<parameter> nothing;
  objects result =
      co_await objects_in(link, "SELECT pg_my_temp_schema()::bigint", std::move(nothing));
  std::vector<statement> end;
  end.push_back({"ROLLBACK"});
  co_await link.run(std::move(end));
  co_return result;
}

std::string words_of(const object_name& object) {
  const auto& [kind, table, name] = object;
  return "the " + kind + " " + (table.empty() ? "" : table + ".") + name;
}

// Harmless, or told with its table.
bool may_be_there(const objects& model, const object_name& object) {
  const auto& [kind, table, name] = object;
  if (kind == "table" || kind == "function" || kind == "index") return true;
  return !model.contains({"table", "", table});
}

}  // namespace

awaitable<std::vector<std::string>> faults_of_tables(database& home, connection& link,
                                                     std::int64_t version) {
  const objects model = co_await model_of(link, version);
  std::vector<parameter> asked;
  asked.push_back(parameter::text(home.options.schema));
  const objects there = co_await objects_in(
      link, "SELECT oid::bigint FROM pg_namespace WHERE nspname = $1", std::move(asked));
  std::vector<std::string> result;
  constexpr const char* advice = ": restore the schema from a dump (docs/fleet.md, Backup)";
  for (const auto& [object, text] : model) {
    const auto& [kind, table, name] = object;
    if (!table.empty() && !there.contains({"table", "", table})) continue;
    const auto found = there.find(object);
    if (found == there.end()) {
      result.push_back(words_of(object) + " is missing" + advice);
    } else if (found->second != text) {
      result.push_back(words_of(object) + " was changed" + advice);
    }
  }
  for (const auto& [object, text] : there) {
    if (model.contains(object) || may_be_there(model, object)) continue;
    result.push_back(words_of(object) + " is not one of Longhaul's: remove it");
  }
  co_return result;
}

}  // namespace longhaul::postgres
