// SPDX-License-Identifier: Apache-2.0
#include "bench/client_bench.hpp"

#include <unistd.h>
#include <longhaul/client.hpp>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>

#include "bench/formatted.hpp"
#include "bench/messages.hpp"
#include "bench/probe.hpp"
#include "bench/server.hpp"

namespace longhaul::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::steady_clock;
using progress_text = std::function<void(const std::string&)>;

constexpr std::size_t variety = 256;  // different calls that are made in turn

double in_seconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e9; }

// What a loop of calls comes to, on the clock and on the processors.
class stopwatch {
 public:
  double elapsed() const { return in_seconds(steady_clock::now() - begun_); }
  double cpu() const { return in_seconds(cpu_time_of(::getpid()) - cpu_before_); }

 private:
  steady_clock::time_point begun_ = steady_clock::now();
  std::chrono::nanoseconds cpu_before_ = cpu_time_of(::getpid());
};

struct cost {
  double per_second = 0, cpu_us = 0;
};

// `connections` loops of calls on a thread, which end when the time is over.
struct loops {
  asio::io_context context{1};
  steady_clock::time_point end;
  std::uint64_t done = 0, wrong = 0;
  std::size_t next = 0;

  bool go_on() const { return steady_clock::now() < end; }
};

template <class Loop>
cost run_loops(loops& all, std::size_t connections, std::chrono::milliseconds time,
               const Loop& loop) {
  all.end = steady_clock::now() + time;
  const stopwatch watch;
  for (std::size_t i = 0; i < connections; ++i) {
    asio::co_spawn(all.context, loop(), asio::detached);
  }
  all.context.run();
  all.context.restart();
  const auto calls = static_cast<double>(std::max<std::uint64_t>(std::exchange(all.done, 0), 1));
  return {calls / watch.elapsed(), watch.cpu() * 1e6 / calls};
}

// The same requests as whole messages of Beast; nothing is read of a reply but its status.
std::vector<http::request<http::string_body>> bare_requests() {
  std::vector<http::request<http::string_body>> all;
  for (std::size_t n = 0; n < variety; ++n) {
    std::string bytes;
    call_request(era::modern, tool::quick, n, true).append_to(bytes, first_request_id + n);
    http::request_parser<http::string_body> parser;
    parser.eager(true);
    boost::system::error_code failed;
    parser.put(asio::buffer(bytes), failed);
    if (failed || !parser.is_done()) throw std::logic_error("the request is none");
    all.push_back(parser.release());
  }
  return all;
}

asio::awaitable<void> call_bare(loops& all, tcp::endpoint server,
                                const std::vector<http::request<http::string_body>>& requests) {
  tcp::socket socket(all.context);
  co_await socket.async_connect(server, asio::use_awaitable);
  socket.set_option(tcp::no_delay(true));
  boost::beast::flat_buffer buffer;
  while (all.go_on()) {
    co_await http::async_write(socket, requests[all.next++ % variety], asio::use_awaitable);
    http::response<http::string_body> reply;
    co_await http::async_read(socket, buffer, reply, asio::use_awaitable);
    ++(reply.result() == http::status::ok ? all.done : all.wrong);
  }
}

asio::awaitable<void> call_tools(loops& all, const client& server,
                                 const std::vector<raw_json>& arguments) {
  while (all.go_on()) {
    const std::size_t n = all.next++ % variety;
    const tool_call call = server.call(tool::quick, arguments[n]);
    const call_outcome end = co_await call.async_wait();
    const bool right =
        end.status == task_status::completed && end.result.text() == "rendered " + scene(n);
    ++(right ? all.done : all.wrong);
  }
}

std::vector<raw_json> all_arguments() {
  std::vector<raw_json> all;
  for (std::size_t n = 0; n < variety; ++n) all.push_back(raw_json::parse(arguments_text(n)));
  return all;
}

client client_of(const server_process& server) {
  return client({.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/mcp"});
}

client_row measure_calls(const options& with, const server_process& server, std::size_t connections,
                         std::uint64_t& wrong) {
  loops all;
  client_row row{.connections = connections};
  const tcp::endpoint place(asio::ip::address_v4::loopback(), server.port());
  const auto requests = bare_requests();
  const auto bare = [&] { return call_bare(all, place, requests); };
  const client library = client_of(server);
  const auto arguments = all_arguments();
  const auto ours = [&] { return call_tools(all, library, arguments); };
  run_loops(all, connections, with.warm_up, bare);
  run_loops(all, connections, with.warm_up, ours);
  std::vector<cost> bares, calls;
  for (std::size_t round = 0; round < with.rounds; ++round) {
    bares.push_back(run_loops(all, connections, with.time, bare));
    calls.push_back(run_loops(all, connections, with.time, ours));
  }
  const auto middle = [](std::vector<cost>& each, double cost::* which) {
    const auto at = each.begin() + static_cast<std::ptrdiff_t>(each.size() / 2);
    std::ranges::nth_element(each, at, {}, which);
    return (*at).*which;
  };
  row.per_second = middle(calls, &cost::per_second);
  row.cpu_us = middle(calls, &cost::cpu_us);
  row.bare_per_second = middle(bares, &cost::per_second);
  row.bare_cpu_us = middle(bares, &cost::cpu_us);
  wrong += all.wrong;
  return row;
}

// Many tasks that nobody ends, until they are cancelled.
void measure_followed(const options& with, const server_process& server, client_report& into,
                      const progress_text& progress) {
  into.followed = with.population;
  const client library = client_of(server);
  library.connect();
  into.mib_before = resident_mib();
  const auto arguments = all_arguments();
  std::vector<tool_call> calls;
  for (std::size_t n = 0; n < into.followed; ++n) {
    calls.push_back(library.call(tool::external, arguments[n % variety]));
    // As many under way as a careful caller would have.
    while (n >= 64 && !calls[n - 64].handle() && !calls[n - 64].ended()) {
      calls[n - 64].wait_for(std::chrono::milliseconds(1));
    }
    if (progress && n % 500 == 0) progress("followed: " + std::to_string(n) + " tasks");
    into.mib = std::max(into.mib, n % 500 == 0 ? resident_mib() : 0);
  }
  if (progress) progress("followed: all of them, for a while");
  const stopwatch watch;
  const auto end = steady_clock::now() + std::max<std::chrono::milliseconds>(
                                             with.time, std::chrono::milliseconds(10'000));
  while (steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    into.mib = std::max(into.mib, resident_mib());
  }
  into.busy = watch.cpu() / watch.elapsed();
  if (progress) progress("followed: cancelled");
  const stopwatch ending;
  for (const tool_call& call : calls) call.cancel();
  for (const tool_call& call : calls) {
    into.wrong += call.wait().status == task_status::cancelled ? 0 : 1;
    into.mib = std::max(into.mib, resident_mib());
  }
  into.seconds_to_end = ending.elapsed();
}

}  // namespace

client_report measure_client(const options& with, const progress_text& progress) {
  client_report result;
  // Before any thread: it forks.
  const server_process server(served::mcp, with.server_threads, with.server_cpu, with.folder);
  for (const std::size_t connections : {std::size_t{1}, with.connections}) {
    if (progress) progress("calls over " + std::to_string(connections) + " connections");
    result.rows.push_back(measure_calls(with, server, connections, result.wrong));
  }
  measure_followed(with, server, result, progress);
  return result;
}

void print_client(std::ostream& out, const client_report& all) {
  out << "calls over connections   per second   bare Beast   CPU, us   bare Beast   share\n";
  for (const client_row& row : all.rows) {
    out << formatted("%22zu %12.0f %12.0f %9.1f %12.1f %6.0f%%\n", row.connections, row.per_second,
                     row.bare_per_second, row.cpu_us, row.bare_cpu_us, 100 * row.share());
  }
  out << formatted(
      "\n%zu tasks followed by one client: %.1f MiB (%.1f before), %.2f CPUs while nothing "
      "happens;\nall cancelled, and known to have ended, in %.1f s\n",
      all.followed, all.mib, all.mib_before, all.busy, all.seconds_to_end);
}

void print_client_json(std::ostream& out, const client_report& all) {
  out << "{\"client\":[";
  for (const client_row& row : all.rows) {
    out << (&row == all.rows.data() ? "" : ",")
        << formatted(R"({"connections":%zu,"per_second":%.1f,"bare_per_second":%.1f,"cpu_us":%.3f,)"
                     R"("bare_cpu_us":%.3f,"share":%.4f})",
                     row.connections, row.per_second, row.bare_per_second, row.cpu_us,
                     row.bare_cpu_us, row.share());
  }
  out << formatted(
      R"(],"followed":{"tasks":%zu,"mib_before":%.2f,"mib":%.2f,"busy":%.4f,"seconds_to_end":%.3f},)"
      R"("wrong":%llu})",
      all.followed, all.mib_before, all.mib, all.busy, all.seconds_to_end,
      static_cast<unsigned long long>(all.wrong));
  out << '\n';
}

}  // namespace longhaul::bench
