// SPDX-License-Identifier: Apache-2.0
#include "longhaul/client.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "client/call_driver.hpp"
#include "client/capabilities.hpp"
#include "client/session.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"

namespace longhaul {

namespace asio = boost::asio;
using remote::asking;
using remote::interruption;
using remote::session;

/// Its thread, and what runs there.
class client::parts {
 public:
  parts(const server_place& place, client_options options)
      : server(std::make_shared<session>(context, place, std::move(options))),
        work_(context.get_executor()),
        thread_([this] { context.run(); }) {}

  ~parts() {
    std::vector<std::shared_ptr<call_driver>> open;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& each : calls_) {
        if (auto call = each.lock()) open.push_back(std::move(call));
      }
    }
    for (const auto& each : open) each->leave();
    const auto close = [this] { return server->close(); };
    asio::co_spawn(context, close, asio::use_future).wait();
    for (const auto& each : open) {
      try {
        each->wait();
      } catch (const std::exception&) {  // whoever waits hears it
      }
    }
    work_.reset();
    context.stop();
    thread_.join();
  }
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  void add(const std::shared_ptr<call_driver>& call) {
    const std::lock_guard lock(mutex_);
    std::erase_if(calls_, [](const auto& each) { return each.expired(); });
    calls_.push_back(call);
  }
  // Runs it on the thread of the client.
  template <class Work>
  auto run(Work work) {
    return asio::co_spawn(context, std::move(work), asio::use_future).get();
  }

  asio::io_context context{1};
  const std::shared_ptr<session> server;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<call_driver>> calls_;
  std::thread thread_;
};

namespace {

raw_json about(const task_handle& task) {
  return raw_json::trusted("{\"taskId\":" + remote::quoted(task.id) + "}");
}

asking of_tasks() {
  asking how;
  how.tasks = how.repeatable = true;
  return how;
}

asio::awaitable<raw_json> ask(std::shared_ptr<session> server, std::string method, raw_json params,
                              asking how) {
  interruption nobody;
  co_return co_await server->request(std::move(method), std::move(params), std::move(how), nobody);
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

client::client(server_place place, client_options options)
    : parts_(std::make_shared<parts>(place, std::move(options))) {}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

server_facts client::connect() const {
  const auto connecting = [server = parts_->server] { return server->connect(); };
  return parts_->run(connecting);
}

asio::awaitable<server_facts> client::async_connect() const {
  const auto kept = parts_;
  auto connecting = asio::co_spawn(kept->context, kept->server->connect(), asio::use_awaitable);
  co_return co_await std::move(connecting);
}

std::vector<raw_json> client::list(std::string_view method, std::string_view member) const {
  const auto listing = [server = parts_->server, method = std::string(method),
                        member = std::string(member)] { return server->list(method, member); };
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
  auto asked = asio::co_spawn(kept->context, std::move(work), asio::use_awaitable);
  co_return co_await std::move(asked);
}

raw_json client::read_resource(std::string_view uri) const {
  return request("resources/read", raw_json::trusted("{\"uri\":" + remote::quoted(uri) + "}"));
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
  const auto cancelling = [server = parts_->server, task] {
    return ask(server, "tasks/cancel", about(task), of_tasks());
  };
  parts_->run(cancelling);
}

}  // namespace longhaul
