// SPDX-License-Identifier: Apache-2.0
#include "longhaul/testing/client.hpp"

#include <utility>

#include "json/view.hpp"
#include "json/write.hpp"
#include "testing/client_core.hpp"
#include "testing/tunables.hpp"

namespace longhaul::testkit {
namespace {

raw_json object_of(const member_list& members) { return with_members({}, members); }

raw_json call_params(std::string_view name, const raw_json& arguments) {
  member_list members = {{"name", quoted(name)}};
  if (arguments) members.emplace_back("arguments", arguments.view());
  return object_of(members);
}

}  // namespace

answer accept(raw_json content) {
  return {answer::action::accept, or_empty_object(std::move(content))};
}

answer decline() { return {answer::action::decline, {}}; }

sampling_response say(std::string_view words, std::string_view model) {
  sampling_response said;
  said.content.push_back(text(words));
  said.model = model;
  said.stop_reason = "endTurn";
  return said;
}

bool pending::ready() { return from_->ready(number_); }
reply<result> pending::wait() { return from_->wait(number_); }
void pending::leave() { from_->leave(number_); }
void pending::cancel(std::string_view reason) { from_->cancel(number_, reason); }

client::client(test_server& server, client_options options)
    : core_(std::make_shared<client_core>(server.shared(), std::move(options))) {
  if (!core_->stateless()) core_->begin_session();
}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

reply<result> client::request(std::string_view method, const raw_json& params) {
  return core_->request(method, params, true);
}

pending client::begin(std::string_view method, const raw_json& params) {
  return {core_, core_->begin(method, params, true)};
}

void client::notify(std::string_view method, const raw_json& params) {
  core_->notify(method, params);
}

std::vector<notification> client::notifications() { return core_->take_notifications(); }

std::vector<open_question> client::questions() {
  core_->take_all();
  return core_->questions();
}

void client::answer(const open_question& question, const question_reply& given) {
  core_->answer(question, given);
}

pending client::begin_call(std::string_view name, const raw_json& arguments) {
  return {core_, core_->begin("tools/call", call_params(name, arguments), false)};
}

reply<result> client::prompt(std::string_view name, const raw_json& arguments) {
  return core_->request("prompts/get", call_params(name, arguments), true);
}

reply<result> client::read_resource(std::string_view uri) {
  return core_->request("resources/read", object_of({{"uri", quoted(uri)}}), true);
}

reply<std::vector<result>> client::list(std::string_view method, std::string_view member) {
  std::vector<result> all;
  member_list params;
  for (int page = 0; page < tunables::list_pages; ++page) {
    const auto came = core_->request(method, object_of(params), true);
    if (!came) return came.error();
    for (json::elements e(json::value(came->json())[member]); e.next();) {
      all.emplace_back(raw_json::parse(e.value().raw()));
    }
    if (!came->has("/nextCursor")) break;
    params = {{"cursor", std::string(came->at("/nextCursor").view())}};
  }
  return all;
}

reply<std::vector<std::string>> client::complete(const raw_json& reference,
                                                 std::string_view argument,
                                                 std::string_view typed) {
  std::string named;
  json::object o(named);
  o.string("name", argument).string("value", typed);
  o.close();
  const auto came = core_->request(
      "completion/complete",
      object_of({{"ref", std::string(reference.view())}, {"argument", named}}), true);
  if (!came) return came.error();
  return came->get<std::vector<std::string>>("/completion/values");
}

reply<std::vector<std::string>> client::complete_prompt(std::string_view prompt,
                                                        std::string_view argument,
                                                        std::string_view typed) {
  return complete(object_of({{"type", R"("ref/prompt")"}, {"name", quoted(prompt)}}), argument,
                  typed);
}

reply<std::vector<std::string>> client::complete_resource(std::string_view uri_template,
                                                          std::string_view variable,
                                                          std::string_view typed) {
  return complete(object_of({{"type", R"("ref/resource")"}, {"uri", quoted(uri_template)}}),
                  variable, typed);
}

}  // namespace longhaul::testkit
