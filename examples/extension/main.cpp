// SPDX-License-Identifier: Apache-2.0
// An extension of the protocol: a clock with methods, a result type of its own, a notification that
// clients can ask for, and one that it hears from them. Clients of 2026-07-28 declare it with each
// request, as `"extensions": {"com.example/clock": {}}`; those of sessions once, as experimental.
//   longhaul-extension --stdio
//   longhaul-extension --http 127.0.0.1:8080
#include <atomic>
#include <boost/describe.hpp>
#include <longhaul/longhaul.hpp>
#include <string>

struct now_params {
  std::string zone = "utc";
};
BOOST_DESCRIBE_STRUCT(now_params, (), (zone))

struct time_of_day {
  std::string zone;
  int minutes = 0;  ///< since midnight
};
BOOST_DESCRIBE_STRUCT(time_of_day, (), (zone, minutes))

struct alarm_params {
  int minutes = 0;
};
BOOST_DESCRIBE_STRUCT(alarm_params, (), (minutes))

struct wound_params {
  int turns = 0;
};
BOOST_DESCRIBE_STRUCT(wound_params, (), (turns))

// A clock that stands still until somebody winds it: a turn is a minute.
class clock_work {
 public:
  time_of_day in(const std::string& zone) const {
    if (zone != "utc" && zone != "cet") {
      throw longhaul::protocol_error(-32602, "no such zone: " + zone);
    }
    return {zone, (minutes_ + (zone == "cet" ? 60 : 0)) % (24 * 60)};
  }
  void wind(int turns) { minutes_ += turns; }

 private:
  std::atomic<int> minutes_ = 12 * 60;
};

int main(int argc, char** argv) {
  longhaul::server server{{.name = "clock", .version = "0.1.0"}};
  clock_work clock;

  longhaul::extension extension("com.example/clock",
                                longhaul::raw_json::parse(R"({"zones": ["utc", "cet"]})"));
  extension.add_method({.name = "clock/now", .limit = std::chrono::seconds(5)},
                       [&clock](const now_params& wanted) { return clock.in(wanted.zone); });
  // A `resultType` of the extension's own tells its clients what they are looking at.
  extension.add_method({.name = "clock/alarm"}, [](const alarm_params& wanted) {
    return longhaul::extension_result{"com.example/alarm", longhaul::to_json(wanted)};
  });
  // `"ticks": true` in the filter of `subscriptions/listen` asks for all, `"ticks": ["cet"]` for
  // those of one zone.
  extension.add_notification({.name = "notifications/clock/tick", .member = "ticks"});
  // This runs where requests are read, so it must not block. What a client sends is not checked
  // before: it may be anything.
  extension.on_notification("notifications/clock/wound", [&](const longhaul::caller_info&,
                                                             const longhaul::raw_json& params) {
    try {
      const auto wound = longhaul::from_json<wound_params>(longhaul::or_empty_object(params));
      if (wound.turns < 0 || wound.turns > 24 * 60) return;
      clock.wind(wound.turns);
    } catch (const longhaul::invalid_arguments&) {
      return;  // nobody waits for an answer
    }
    for (const std::string zone : {"utc", "cet"}) {
      server.notify("notifications/clock/tick", longhaul::to_json(clock.in(zone)),
                    {.subject = zone});
    }
  });
  server.add_extension(extension);
  return longhaul::run(server, argc, argv);
}
