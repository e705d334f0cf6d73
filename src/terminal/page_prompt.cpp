// SPDX-License-Identifier: Apache-2.0
#include "terminal/page_prompt.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "json/view.hpp"
#include "terminal/dialogue.hpp"
#include "typed/form_formats.hpp"

namespace longhaul::terminal {
namespace {

// Between the scheme and the path; empty: this is no address of a page.
std::string_view authority_of(std::string_view address) {
  if (!detail::is_absolute_uri(address)) return {};
  const std::size_t colon = address.find(':');
  const std::string scheme = lowered(address.substr(0, colon));
  if ((scheme != "https" && scheme != "http") || !address.substr(colon).starts_with("://")) {
    return {};
  }
  address.remove_prefix(colon + 3);
  return address.substr(0, address.find_first_of("/?#"));
}

bool is_this_machine(std::string_view host) {
  const std::size_t colon = host.starts_with('[') ? host.find("]:") : host.rfind(':');
  const std::string_view name =
      host.substr(0, host.starts_with('[') && colon != host.npos ? colon + 1 : colon);
  const bool loopback =
      name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos;
  return name == "localhost" || name == "[::1]" || loopback;
}

// What a hasty reader may take for something else.
void warn(dialogue& with, std::string_view address, std::string_view host) {
  if (authority_of(address).find('@') != std::string_view::npos) {
    with.say("Careful: what stands before the @ is no part of the host.", 2);
  }
  if (host.find("xn--") != std::string_view::npos) {
    with.say("Careful: the host has letters beyond ASCII, which may look like others.", 2);
  }
  if (same_ignoring_case(address.substr(0, 5), "http:") && !is_this_machine(host)) {
    with.say("Careful: the page is not encrypted (http).", 2);
  }
}

}  // namespace

std::string host_of_page(std::string_view address) {
  std::string_view authority = authority_of(address);
  authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 == 0
  return lowered(authority);
}

answer ask_page(console& at, const raw_json& params) {
  dialogue with(at);
  const json::value asked(params);
  const std::string address = asked["url"].string().value_or("");
  with.say(asked["message"].string().value_or(""));
  const std::string host = host_of_page(address);
  if (host.empty()) {
    with.say("Declined: the server names no page of the web:");
    with.say_whole(address, 2);
    return {answer::action::decline, {}};
  }
  with.say("The server asks you to open this page:");
  with.say_whole(address, 2);
  with.say("on the host " + host, 2);
  warn(with, address, host);
  with.say("(Open it yourself if you trust it; :decline refuses, :cancel dismisses.)");
  while (const auto typed = with.ask("Go on? [y/N]: ")) {
    const std::string word = lowered(trimmed(*typed));
    if (word == "y" || word == "yes") return {answer::action::accept, {}};
    if (word == ":cancel") return {answer::action::cancel, {}};
    if (word.empty() || word == "n" || word == "no" || word == ":decline") {
      return {answer::action::decline, {}};
    }
    with.say("expected y or n", 2);
  }
  return {answer::action::cancel, {}};
}

}  // namespace longhaul::terminal
