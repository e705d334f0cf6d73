// SPDX-License-Identifier: Apache-2.0
#include "longhaul/client.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <mutex>

#include "client/call_driver.hpp"
#include "client/capabilities.hpp"
#include "client/session.hpp"
#include "client/told.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"

namespace longhaul {

namespace asio = boost::asio;
using remote::asking;
using remote::interruption;
using remote::session;

/// What is kept by whoever waits for an answer.
class client::parts {
 public:
  parts(const server_place& place, client_options options)
      : on(std::make_shared<remote::loop>()),
        server(std::make_shared<session>(on, place, std::move(options))) {}
  ~parts() {
    close();
    on->end();
  }
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  // Runs it on the thread of the network. No exception is shared between two threads.
  template <class Work>
  auto run(Work work) {
    auto ended = asio::co_spawn(on->context(), remote::told_by(std::move(work)), asio::use_future);
    auto result = ended.get();
    if (result.failed) throw client_error(remote::own_copy(*result.failed));
    return *std::move(result.value);
  }

  // Any number of times. What waits for callbacks is dropped with them.
  void close() {
    std::vector<std::shared_ptr<call_driver>> open;
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(closed_, true)) return;
      for (const auto& each : calls_) {
        if (auto call = each.lock()) open.push_back(std::move(call));
      }
    }
    for (const auto& each : open) each->leave();
    run([this] { return server->close(); });
    for (const auto& each : open) each->wait_for_end();
    on->calls_back().end();
  }

  void add(const std::shared_ptr<call_driver>& call) {
    const std::lock_guard lock(mutex_);
    if (calls_.size() >= sweep_at_) {
      std::erase_if(calls_, [](const auto& each) { return each.expired(); });
      sweep_at_ = 2 * calls_.size() + 16;
    }
    calls_.push_back(call);
  }
  const std::shared_ptr<remote::loop> on;
  const std::shared_ptr<session> server;

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<call_driver>> calls_;
  std::size_t sweep_at_ = 16;
  bool closed_ = false;
};

namespace {

asio::awaitable<raw_json> ask(std::shared_ptr<session> server, std::string method, raw_json params,
                              asking how) {
  interruption nobody;
  co_return co_await server->request(std::move(method), std::move(params), std::move(how), nobody);
}

asio::awaitable<std::vector<raw_json>> list_all(std::shared_ptr<session> server, std::string method,
                                                std::string member) {
  interruption nobody;
  co_return co_await server->list(std::move(method), std::move(member), nobody);
}

bool is_read(std::string_view method) {
  return method.ends_with("/list") || method.ends_with("/get") || method.ends_with("/read") ||
         method == "server/discover" || method == "ping";
}

asking for_method(std::string_view method) {
  asking how;
  how.repeatable = is_read(method);
  how.tasks = method.starts_with("tasks/");
  return how;
}

}  // namespace

client::client(const server_place& place, client_options options)
    : parts_(std::make_shared<parts>(place, std::move(options))) {}
client::~client() {
  if (parts_) parts_->close();
}
client::client(client&&) noexcept = default;
client& client::operator=(client&& other) noexcept {
  client old(std::move(*this));
  parts_ = std::move(other.parts_);
  return *this;
}

server_facts client::connect() const {
  const auto connecting = [server = parts_->server] { return server->connect(); };
  return parts_->run(connecting);
}

asio::awaitable<server_facts> client::async_connect() const {
  const auto kept = parts_;
  auto connecting =
      asio::co_spawn(kept->on->context(), kept->server->connect(), asio::use_awaitable);
  co_return co_await std::move(connecting);
}

std::vector<raw_json> client::list(std::string_view method, std::string_view member) const {
  const auto listing = [server = parts_->server, method = std::string(method),
                        member = std::string(member)] { return list_all(server, method, member); };
  return parts_->run(listing);
}

raw_json client::request(std::string_view method, const raw_json& params) const {
  const auto asking_it = [server = parts_->server, method = std::string(method), params] {
    return ask(server, method, params, for_method(method));
  };
  return parts_->run(asking_it);
}

asio::awaitable<raw_json> client::async_request(std::string method, raw_json params) const {
  const auto kept = parts_;
  auto how = for_method(method);
  auto work = ask(kept->server, std::move(method), std::move(params), std::move(how));
  auto asked = asio::co_spawn(kept->on->context(), std::move(work), asio::use_awaitable);
  co_return co_await std::move(asked);
}

raw_json client::read_resource(std::string_view uri) const {
  return request("resources/read", raw_json::trusted("{\"uri\":" + remote::quoted(uri) + "}"));
}

void client::subscribe(std::string_view uri) const {
  const auto watching = [server = parts_->server, uri = std::string(uri)] {
    return server->watch(uri);
  };
  parts_->run(watching);
}

void client::unsubscribe(std::string_view uri) const {
  const auto leaving = [server = parts_->server, uri = std::string(uri)] {
    return server->unwatch(uri);
  };
  parts_->run(leaving);
}

tool_call client::begin(std::string_view tool, raw_json arguments, call_options options) const {
  const auto driver = std::make_shared<call_driver>(parts_->server, std::string(tool),
                                                    std::move(arguments), std::move(options));
  parts_->add(driver);
  driver->start();
  return tool_call(driver);
}

tool_call client::attach(const task_handle& task, call_options options) const {
  const auto driver = std::make_shared<call_driver>(parts_->server, task, std::move(options));
  parts_->add(driver);
  driver->start();
  return tool_call(driver);
}

call_outcome client::look(const task_handle& task) const {
  call_options once;
  once.on_question = [](const asked_question&) { return std::nullopt; };
  const auto driver = std::make_shared<call_driver>(parts_->server, task, std::move(once));
  const auto looking = [driver] { return driver->look_once(); };
  return parts_->run(looking);
}

void client::answer(const task_handle& task, std::string_view key,
                    const question_reply& given) const {
  const auto answering = [server = parts_->server, task, key = std::string(key), given] {
    return remote::answer_task(server, task, key, given);
  };
  parts_->run(answering);
}

void client::cancel(const task_handle& task) const {
  const auto driver = std::make_shared<call_driver>(parts_->server, task, call_options());
  const auto cancelling = [driver] { return driver->cancel_once(); };
  parts_->run(cancelling);
}

}  // namespace longhaul
