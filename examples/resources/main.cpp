// SPDX-License-Identifier: Apache-2.0
// Resources of every kind: one that never changes, one that a function reads, bytes, a family with
// variables, and a tool that changes one of them and tells who subscribed.
//   longhaul-resources --stdio
//   longhaul-resources --http 127.0.0.1:8080
#include <boost/describe.hpp>
#include <cstddef>
#include <longhaul/longhaul.hpp>
#include <map>
#include <mutex>
#include <string>
#include <vector>

// Handlers run on many threads at once: what they share is guarded.
class notebook {
 public:
  void write(int id, const std::string& words) {
    const std::lock_guard lock(mutex_);
    notes_[id] = words;
  }
  std::map<int, std::string> all() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<int, std::string> notes_{{1, "Buy milk"}, {2, "Water the plants"}};
};

// The variables of a template are the members of a struct: `notes://note/x` is no note, because no
// integer can be read from x.
struct note_variables {
  int id = 0;
};
BOOST_DESCRIBE_STRUCT(note_variables, (), (id))

struct write_args {
  int id = 0;
  std::string words;
};
BOOST_DESCRIBE_STRUCT(write_args, (), (id, words))

struct note_list {
  std::vector<int> ids;
};
BOOST_DESCRIBE_STRUCT(note_list, (), (ids))

std::string address_of(int id) { return "notes://note/" + std::to_string(id); }

// A picture of one grey dot, as a file of 8 bits a pixel (PGM).
std::vector<std::byte> dot() {
  std::vector<std::byte> bytes;
  for (const char c : std::string("P5 1 1 255\n\x80")) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

int main(int argc, char** argv) {
  longhaul::server server{{.name = "notes", .version = "0.1.0"}};
  notebook notes;

  server.add_resource({.uri = "notes://about",
                       .name = "about",
                       .mime_type = "text/markdown",
                       .caching = {.fresh = std::chrono::hours(24), .for_everybody = true}},
                      longhaul::resource_content("# Notes\nA notebook to try resources with."));
  server.add_resource({.uri = "notes://list",
                       .name = "list",
                       .description = "The numbers of all notes",
                       .mime_type = "application/json"},
                      [&notes] {
                        note_list list;
                        for (const auto& [id, words] : notes.all()) list.ids.push_back(id);
                        return list;  // what is no text is written as JSON
                      });
  server.add_resource({.uri = "notes://logo",
                       .name = "logo",
                       .mime_type = "image/x-portable-graymap",
                       .annotations = {.audience = {"user"}, .priority = 0.1}},
                      [] { return dot(); });  // bytes travel as base64
  server.add_resource_template(
      {.uri = "notes://note/{id}",
       .name = "note",
       .description = "One note",
       .mime_type = "text/plain",
       .fields = {longhaul::field(&note_variables::id, "Number of the note").min(1)}},
      [&notes](const note_variables& wanted) {
        const auto all = notes.all();
        const auto found = all.find(wanted.id);
        if (found == all.end()) throw longhaul::resource_not_found(address_of(wanted.id));
        return found->second;
      });

  // The result links the note, so that a host can read it.
  server.add_tool({.name = "write_note",
                   .description = "Writes a note, in the place of the one with the same number",
                   .policy = longhaul::task_policy::never,
                   .fields = {longhaul::field(&write_args::id, "Number of the note").min(1)}},
                  [&](const write_args& args) {
                    notes.write(args.id, args.words);
                    server.resource_updated(address_of(args.id));  // told to its subscribers
                    return longhaul::contents(longhaul::text("written"),
                                              longhaul::resource_link(address_of(args.id), "note"));
                  });
  return longhaul::run(server, argc, argv);
}
