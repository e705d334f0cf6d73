// SPDX-License-Identifier: Apache-2.0
#include "bench/server.hpp"

#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "bench/features.hpp"
#include "longhaul/store.hpp"
#include "longhaul/stores/store.hpp"
#include "operator/last_hour.hpp"
#include "operator/work_figures.hpp"
#include "run/tunables.hpp"
#include "server/catalog.hpp"
#include "server/dispatcher.hpp"
#include "tasks/engine.hpp"
#include "telemetry/exporter.hpp"
#include "telemetry/work_spans.hpp"
#include "transport/http_server.hpp"
#include "wire/endpoints.hpp"

namespace longhaul::bench {
namespace {

using namespace std::chrono_literals;

class echo_endpoint final : public wire::http_endpoint {
 public:
  wire::awaitable<wire::http_reply> handle(const wire::http_request&, std::string body,
                                           std::shared_ptr<wire::outlet>) override {
    wire::http_reply reply;
    reply.body = std::move(body);
    co_return reply;
  }
  void shut_down() override {}
};

// Connections and sessions, all of one address: what is measured is not what refuses more of them.
constexpr std::size_t most_streams = 100'000;

void send_number(int socket, std::uint16_t number) {
  if (write(socket, &number, sizeof number) != sizeof number) throw std::runtime_error("no parent");
}

void wait_for_end(int control) {
  char byte = 0;
  while (read(control, &byte, 1) > 0 || errno == EINTR) {
  }
}

void serve(wire::http_endpoint& endpoint, std::size_t threads, int control, int status) {
  transport::http_options options;
  options.threads = threads;
  options.max_connections = most_streams;
  transport::http_server server(options, endpoint);
  server.start();
  send_number(status, server.port());
  wait_for_end(control);
  server.stop(1s);
}

class collecting_endpoint final : public wire::http_endpoint {
 public:
  wire::awaitable<wire::http_reply> handle(const wire::http_request&, std::string,
                                           std::shared_ptr<wire::outlet>) override {
    wire::http_reply reply;
    reply.body = "{}";
    co_return reply;
  }
  void shut_down() override {}
};

// Who looks on, as a server of users has them.
struct onlookers {
  onlookers(watched how, std::uint16_t collector) {
    if (how == watched::counted) {
      all.push_back(std::make_shared<operating::last_hour>(system_clock()));
      all.push_back(std::make_shared<operating::work_figures>());
    }
    if (how != watched::traced) return;
    telemetry::trace_settings settings;
    settings.endpoint = "http://127.0.0.1:" + std::to_string(collector) + "/mcp";
    settings.service_name = "bench";
    settings.queue_size = 65'536;
    traces = std::make_unique<telemetry::exporter>(settings, logger());
    all.push_back(std::make_shared<telemetry::work_spans>(traces->queue(), settings.sampled));
  }

  std::unique_ptr<telemetry::exporter> traces;
  tasks::work_observers all;
};

void serve_mcp(std::shared_ptr<stores::store> store, std::size_t threads, int control, int status,
               const onlookers& seen_by) {
  const auto features =
      std::make_shared<serving::catalog>(serving::server_identity{"longhaul-bench", "1", "", ""});
  add_features(*features);
  tasks::engine_options options;
  options.store = store;
  options.tools = features;
  options.observers = seen_by.all;
  unbound(options);
  tasks::engine engine(std::move(options));
  serving::dispatcher dispatcher(*features, engine);
  wire::endpoint_options of_endpoint;
  of_endpoint.max_sessions = of_endpoint.max_sessions_per_caller = most_streams;
  const auto endpoint = wire::make_http_endpoint(dispatcher, of_endpoint);
  engine.start();
  serve(*endpoint, threads, control, status);
  engine.drain(0ms, 1s);
  engine.stop();
  store->close();
}

void serve_durable(const std::string& folder, std::size_t threads, int control, int status,
                   const onlookers& seen_by) {
  std::string place = folder + "/longhaul-bench-XXXXXX";
  if (::mkdtemp(place.data()) == nullptr) throw std::runtime_error("no folder in " + folder);
  serve_mcp(sqlite_store(place + "/tasks.db"), threads, control, status, seen_by);
  std::filesystem::remove_all(place);
}

// As a server of users does (run/serve.cpp).
void give_back_large_blocks() {
  mallopt(M_MMAP_THRESHOLD, run_tunables::large_block);
  mallopt(M_TRIM_THRESHOLD, run_tunables::kept_heap);
}

// The child's whole life. Never returns.
[[noreturn]] void child(served kind, std::size_t threads, std::optional<std::size_t> cpu,
                        const std::string& folder, watched how, std::uint16_t collector,
                        int control, int status) {
  int code = 1;
  try {
    signal(SIGPIPE, SIG_IGN);
    give_back_large_blocks();
    signal(SIGINT, SIG_IGN);  // the parent's end is ours
    char go = 0;
    if (read(control, &go, 1) != 1) _exit(1);
    if (cpu) pin_to_cpu(*cpu);
    if (kind == served::echo) {
      echo_endpoint endpoint;
      serve(endpoint, threads, control, status);
    } else if (kind == served::collector) {
      collecting_endpoint endpoint;
      serve(endpoint, threads, control, status);
    } else {
      const onlookers seen_by(how, collector);
      if (kind == served::durable) {
        serve_durable(folder, threads, control, status, seen_by);
      } else {
        serve_mcp(memory_store(), threads, control, status, seen_by);
      }
    }
    code = 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "longhaul-bench: the server failed: %s\n", e.what());
  }
  // Not `exit`: what the parent registered is the parent's.
  _exit(code);
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return ends;
}

}  // namespace

server_process::server_process(served kind, std::size_t threads, std::optional<std::size_t> cpu,
                               const std::string& folder, watched how, std::uint16_t collector) {
  const auto control = make_pipe(), status = make_pipe();
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    close(control[1]);
    close(status[0]);
    child(kind, threads, cpu, folder, how, collector, control[0], status[1]);
  }
  close(control[0]);
  close(status[1]);
  control_ = control[1];
  counter_.emplace(pid_);  // before it has threads
  const bool started = write(control_, "g", 1) == 1;
  const bool heard = started && read(status[0], &port_, sizeof port_) == sizeof port_;
  close(status[0]);
  if (!heard) {
    close(control_);
    waitpid(pid_, nullptr, 0);
    throw std::runtime_error("the server did not come up");
  }
}

server_process::~server_process() {
  close(control_);
  waitpid(pid_, nullptr, 0);
}

bool server_process::settle() const {
  constexpr auto look_every = 10ms;
  constexpr auto idle = 500us;  // of CPU in that time: the keeper's ticks
  for (int i = 0; i < 2000; ++i) {
    const auto before = cpu_time_of(pid_);
    std::this_thread::sleep_for(look_every);
    if (cpu_time_of(pid_) - before < idle) return true;
  }
  return false;
}

}  // namespace longhaul::bench
