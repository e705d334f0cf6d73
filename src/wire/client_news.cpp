// SPDX-License-Identifier: Apache-2.0
#include "wire/client_news.hpp"

#include <algorithm>
#include <utility>

#include "wire/extensions.hpp"
#include "wire/notifications.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

std::shared_ptr<client_news> client_news::begin(serving::catalog& features, std::string owner,
                                                sender tell_at_once,
                                                std::span<const std::string> extensions) {
  auto news = std::make_shared<client_news>(features, std::move(owner), std::move(tell_at_once));
  news->known_.read_all(features, news->owner_);
  for (const extension& one : features.extensions().all()) {
    if (std::ranges::find(extensions, one.id()) == extensions.end()) continue;
    for (const notification_options& sent : one.notifications()) {
      features.extensions().listen(sent.name, {}, news->owner_, news);
    }
  }
  if (!features.changes() || !news->tell_at_once_) return news;
  for (const auto kind :
       {serving::list_kind::tools, serving::list_kind::prompts, serving::list_kind::resources}) {
    features.listen(kind, news);
  }
  return news;
}

client_news::client_news(serving::catalog& features, std::string owner, sender tell_at_once)
    : features_(features), owner_(std::move(owner)), tell_at_once_(std::move(tell_at_once)) {}

void client_news::open() {
  const guard lock(mutex_);
  open_ = true;
}

bool client_news::subscribe(const std::string& uri, serving::resource_hold_ptr hold) {
  serving::resource_hold_ptr former;  // gone without the lock
  {
    const guard lock(mutex_);
    if (const auto known = subscribed_.find(uri); known != subscribed_.end()) {
      former = std::exchange(known->second, hold);
    } else {
      if (subscribed_.size() >= tunables::watched_resources) return false;
      if (uri.size() > tunables::watched_bytes - subscribed_bytes_) return false;
      subscribed_.emplace(uri, hold);
      subscribed_bytes_ += uri.size();
    }
  }
  features_.watch().watch(uri, shared_from_this());
  if (hold) hold->begin();
  return true;
}

void client_news::unsubscribe(const std::string& uri) {
  serving::resource_hold_ptr former;  // gone without the lock
  {
    const guard lock(mutex_);
    const auto known = subscribed_.find(uri);
    if (known == subscribed_.end()) return;
    former = std::move(known->second);
    subscribed_.erase(known);
    subscribed_bytes_ -= uri.size();
    updated_.erase(uri);
  }
  features_.watch().forget(uri, this);
}

void client_news::tell(const sender& send) {
  std::set<std::string, std::less<>> updated;
  {
    const guard lock(mutex_);
    if (!open_) return;
    updated.swap(updated_);
  }
  if (features_.changes()) {
    for (known_list* const list : {&known_.tools, &known_.prompts, &known_.resources}) {
      if (!list->must_hear(features_, owner_)) continue;
      if (!send(list_changed_message(list->kind()))) list->did_not_hear();
    }
  }
  for (const std::string& uri : updated) {
    if (send(resource_updated_message(uri))) continue;
    const guard lock(mutex_);
    if (subscribed_.contains(uri)) updated_.insert(uri);
  }
}

void client_news::tell_now() {
  if (tell_at_once_) tell(tell_at_once_);
}

void client_news::on_list_changed(serving::list_kind) { tell_now(); }

void client_news::on_notice(const serving::notice_ptr& notice) {
  if (!tell_at_once_) return;
  {
    const guard lock(mutex_);
    if (!open_) return;
  }
  tell_at_once_(notice_message(*notice));
}

void client_news::on_resource_updated(const std::string& uri) {
  {
    const guard lock(mutex_);
    if (!subscribed_.contains(uri)) return;
    updated_.insert(uri);
  }
  tell_now();
}

}  // namespace longhaul::wire
