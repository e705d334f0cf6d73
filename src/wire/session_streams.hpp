// SPDX-License-Identifier: Apache-2.0
// The streams of one session over HTTP: those of its requests, and those that its client opened
// with GET to hear what belongs to no request (MCP 2025-11-25 "Streamable HTTP"). Which connection
// has which stream, which stream a message goes to, and what is sent again when a stream is taken
// up.
//
//   connected ──the connection died, or was closed early──► left ──GET, Last-Event-ID──► connected
//       │                                                     │
//       └──the reply, or the end of the session──► ended ◄────┘  (what it said is still kept)
//
//   a request's messages      its own stream, connected or not: what it says is kept for later
//   of a task (2025-11-25)    one connected stream of `tasks/result`, else a connected GET stream,
//                             else news are dropped (kept for a `tasks/result` that was left), and
//                             questions wait
//   what belongs to no one    the newest connected GET stream, else whoever sends it keeps it
//
// Invariants: a stream has one connection at most, and a message one stream. A question that has no
// answer is on a connected stream that fits, if there is one: where its stream is left and another
// fits, it moves, and is not sent again on the former. An answered one is never sent again.
//
// Threads: any. Outlets and exchanges are called with the lock held, so that the order of sending
// is the order of ids: they do not block, and call nobody of the wire.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/task.hpp"
#include "server/exchange.hpp"
#include "wire/event_log.hpp"
#include "wire/revisions.hpp"

namespace longhaul::wire {

/// A question as it is sent.
struct put_question {
  std::string id;    ///< of the request to the client
  std::string task;  ///< empty: it belongs to the stream of a plain call
  std::string key;
  std::string message;
};

class session_streams {
 public:
  session_streams(const revision_look& look, std::shared_ptr<event_budget> budget,
                  stream_number first = 1);

  /// From now on more than replies may be sent: `notifications/initialized` came.
  void set_initialized();
  /// The session has ended: GET streams end, nothing more is kept. What is open goes on, but for
  /// calls that wait for an answer, or will.
  void close();
  /// A GET stream is connected.
  bool listening() const;
  /// What was kept of streams that have ended may go.
  void forget_ended();

  // --- of requests
  /// A stream on the reply of a request begins.
  stream_number begin(std::shared_ptr<outlet> to);
  /// Sends news on a stream. False: they were not taken, the reader is slow.
  bool send(stream_number stream, std::string message);
  /// Sends a question of a plain call on its stream. False: there are too many open. Once the
  /// session has ended nobody can answer: `wait` is abandoned.
  bool ask(stream_number stream, put_question question, const serving::exchange_ptr& wait);
  /// Closes the connection, not the stream: the client is to come again.
  void leave_early(stream_number stream, milliseconds retry);
  /// The request is answered (empty: without a reply). Returns the id of the reply if the
  /// connection `own` is to carry it; an empty one: it went to whoever took the stream up, or waits
  /// for that.
  std::string end(stream_number stream, std::string_view reply, const outlet* own);

  // --- of GET
  enum class resumption : std::uint8_t {
    resumed,  ///< … and more will come: `reader` is woken when it ends
    ended,    ///< all that there was is sent
    unknown,  ///< there was no such event
    dropped   ///< what followed it is not kept any more
  };
  /// A stream of its own begins. `reader` is shut down when it is to end.
  stream_number listen(std::shared_ptr<outlet> to, const serving::exchange_ptr& reader);
  struct resumed_stream {
    resumption how = resumption::unknown;
    stream_number stream = 0;
    bool listens = false;  ///< GET opened it
  };
  /// Sends what followed an event on its stream, and goes on with it; whoever had it has it no
  /// more.
  resumed_stream resume(std::string_view last_event, std::shared_ptr<outlet> to,
                        const serving::exchange_ptr& reader);
  /// The connection `from` has the stream no more; it may be taken up.
  void left(stream_number stream, const outlet* from);
  /// The server closes it, unless somebody else has it: the client is told when to come again.
  void retire(stream_number stream, const std::shared_ptr<outlet>& from);

  // --- what belongs to no request
  /// False: no GET stream is connected, or its reader is slow. Whoever sends it keeps it.
  bool tell(std::string message);

  // --- of tasks
  /// A `tasks/result` waits on this stream. One before it whose client left is over.
  void add_result(const std::string& task, stream_number stream, const serving::exchange_ptr& wait);
  void remove_result(const std::string& task, stream_number stream);
  /// This stream is the one that gets the news of a task.
  bool carries(const std::string& task, stream_number stream) const;
  /// Puts a question of a task on the stream that fits, now or later; once for each id.
  /// False: there are too many open.
  bool ask_of_task(put_question question);
  /// Questions that have been answered elsewhere, or whose task ended, are not put any more.
  void keep_open_questions(const task_record& task);
  /// The client answered: it is not asked again, although somebody may still ask who does not know.
  void answered(const std::string& question);
  /// Its answer could not be kept: it may be put again.
  void not_answered(const std::string& question);

  /// Tasks that GET streams tell of, until they end. GET streams are woken.
  void note_task(const std::string& task);
  void forget_task(const std::string& task);
  /// Those that are known, and were noted last.
  std::vector<std::string> tasks() const;

 private:
  struct connection {
    std::shared_ptr<outlet> to = nullptr;    // null: left
    serving::exchange_ptr reader = nullptr;  // null: `to` is the reply of the request itself
    std::uint64_t since = 0;                 // grows
    bool listens = false;                    // GET opened it: no reply ends it
  };
  struct open_question {
    put_question asked;
    stream_number own = 0;                       // of the plain call
    std::weak_ptr<serving::exchange> wait = {};  // … which waits here
    event_id at = {};                            // where it was sent
    message_ptr text = nullptr;
  };
  struct waiting_result {
    stream_number stream = 0;
    std::weak_ptr<serving::exchange> wait;
  };

  connection* find(stream_number stream) LONGHAUL_REQUIRES(mutex_);
  bool connected(stream_number stream) const LONGHAUL_REQUIRES(mutex_);
  stream_number newest_listening() const LONGHAUL_REQUIRES(mutex_);
  stream_number connected_for(const std::string& task) const LONGHAUL_REQUIRES(mutex_);
  void greet(stream_number stream, outlet& to) LONGHAUL_REQUIRES(mutex_);
  void say_retry(stream_number stream, outlet& to, milliseconds retry) LONGHAUL_REQUIRES(mutex_);
  void disconnect(connection& from) LONGHAUL_REQUIRES(mutex_);
  void forget_oldest_left() LONGHAUL_REQUIRES(mutex_);
  void make_room_to_listen() LONGHAUL_REQUIRES(mutex_);
  bool keep(open_question question) LONGHAUL_REQUIRES(mutex_);
  void settle() LONGHAUL_REQUIRES(mutex_);
  void place(open_question& question) LONGHAUL_REQUIRES(mutex_);
  void note_settled(const std::string& question) LONGHAUL_REQUIRES(mutex_);

  const revision_look& look_;
  mutable guarded_mutex mutex_;
  event_log log_ LONGHAUL_GUARDED_BY(mutex_);
  std::map<stream_number, connection> streams_ LONGHAUL_GUARDED_BY(mutex_);  // not ended
  std::map<std::string, open_question> questions_ LONGHAUL_GUARDED_BY(mutex_);
  std::vector<std::string> settled_ LONGHAUL_GUARDED_BY(mutex_);  // the newest answered ones
  std::map<std::string, std::vector<waiting_result>> results_ LONGHAUL_GUARDED_BY(mutex_);
  std::vector<std::string> tasks_ LONGHAUL_GUARDED_BY(mutex_);
  std::uint64_t connections_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  bool initialized_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool closed_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::wire
