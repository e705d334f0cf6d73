// SPDX-License-Identifier: Apache-2.0
// GET /tasks/{id}/stdout and stderr: a part of it, or all that comes until the task has ended.
#include <boost/asio/this_coro.hpp>
#include <charconv>

#include "json/write.hpp"
#include "operator/api_call.hpp"
#include "operator/task_lookup.hpp"
#include "operator/tunables.hpp"

namespace longhaul::operating {
namespace {

using part = serving::output_source::part;
using wire::http_reply;

// What is read where, in one visit of a thread that may block.
struct look {
  std::optional<part> found;
  std::uint32_t attempt = 0;
  bool ended = false;  // nothing more comes; looked at before the part was read
};

class output_reader {
 public:
  output_reader(const api_call& call, const task_record& task, std::string_view stream)
      : call_(call), id_(task.id()), owner_(task.owner()), stream_(stream) {
    if (call.server.around.outputs == nullptr) {
      throw api_error(404, "no program of this server prints anything");
    }
  }

  awaitable<look> from(std::uint64_t offset, std::size_t most) const {
    return visit([this, offset, most](serving::output_source& outputs) {
      return outputs.read(id_, stream_, offset, most);
    });
  }
  awaitable<look> last(std::size_t most) const {
    return visit(
        [this, most](serving::output_source& outputs) { return outputs.tail(id_, stream_, most); });
  }

 private:
  template <class Read>
  awaitable<look> visit(Read read) const {
    look result;
    const task_ptr task = co_await call_.server.store().look(owner_, id_);
    const bool over = !task || task->terminal();
    if (task) result.attempt = task->attempt;
    const auto work = [&] {
      serving::output_source& outputs = *call_.server.around.outputs;
      result.ended = over && !outputs.in_use(id_);
      result.found = read(outputs);
    };
    co_await call_.server.around.engine.offload(work);
    co_return result;
  }

  const api_call& call_;
  const std::string id_, owner_;
  const std::string_view stream_;
};

std::string head_lines(const part& bytes, bool ended) {
  return "Longhaul-Offset: " + std::to_string(bytes.offset) +
         "\r\nLonghaul-Total: " + std::to_string(bytes.total) +
         "\r\nLonghaul-Ended: " + (ended ? "true" : "false") +
         "\r\nContent-Disposition: inline; filename=\"output.txt\"\r\n";
}

std::string event_of(const part& bytes, std::uint32_t attempt, bool ended) {
  std::string out;
  json::object body(out);
  body.integer("attempt", attempt);
  body.integer("offset", bytes.offset).integer("nextOffset", bytes.offset + bytes.bytes.size());
  body.integer("total", bytes.total).boolean("ended", ended).string("text", bytes.bytes);
  body.close();
  return out;
}

// Of a character that is cut at the end, what is there comes with the next part. At most three
// bytes: more is no character.
void leave_cut_character(part& bytes) {
  const auto byte = [&](std::size_t back) {
    return static_cast<unsigned char>(bytes.bytes[bytes.bytes.size() - back]);
  };
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.bytes.size()); ++back) {
    if ((byte(back) & 0xC0U) == 0x80U) continue;
    const std::size_t length = byte(back) >= 0xF0U   ? 4
                               : byte(back) >= 0xE0U ? 3
                               : byte(back) >= 0xC0U ? 2
                                                     : 1;
    if (length > back) bytes.bytes.resize(bytes.bytes.size() - back);
    return;
  }
}

std::optional<std::uint64_t> resumed_at(const api_call& call) {
  if (!call.head.last_event_id) return std::nullopt;
  const std::string_view text = *call.head.last_event_id;
  std::uint64_t offset = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  const bool fits = error == std::errc() && stop == text.data() + text.size();
  return fits ? std::optional(offset) : std::nullopt;
}

bool send_part(wire::outlet& out, const part& bytes, std::uint32_t attempt, bool ended) {
  wire::stream_event event;
  event.id = std::to_string(bytes.offset + bytes.bytes.size());
  event.data = std::make_shared<const std::string>(event_of(bytes, attempt, ended));
  return out.send_event(std::move(event), wire::urgency::news);
}

// A reader that is too slow is told later, of the same bytes: nothing is left out while they are
// kept. Output that has begun anew (another attempt) is told from its beginning.
awaitable<http_reply> follow(const api_call& call, const output_reader& reader,
                             std::optional<std::uint64_t> begin, std::size_t tail) {
  call.out->expect_wait();
  const auto here = co_await boost::asio::this_coro::executor;
  stream_wait wait(call.server.streams, *call.out, here);
  call.out->send_event({}, wire::urgency::must_arrive);  // the reply begins
  if (!begin) {
    const look first = co_await reader.last(1);
    const std::uint64_t total = first.found ? first.found->total : 0;
    begin = total - std::min<std::uint64_t>(total, tail);
  }
  std::uint64_t from = *begin;
  std::uint32_t attempt = 0;
  while (!wait.over()) {
    look next;
    try {
      next = co_await reader.from(from, tunables::output_part);
    } catch (const std::runtime_error&) {  // the store, or the file: it may be read in a moment
      next.found.reset();
      next.attempt = attempt;
    }
    const bool anew = attempt != 0 && next.attempt > attempt;
    if (anew || (next.found && next.found->total < from)) {
      attempt = next.attempt;
      from = 0;
      continue;
    }
    attempt = next.attempt;
    part bytes = next.found ? *std::move(next.found) : part();
    bytes.offset = std::max(bytes.offset, from);
    const bool full = bytes.bytes.size() == tunables::output_part;
    const bool last = next.ended && !full;
    if (!last) leave_cut_character(bytes);
    const bool has_news = last || !bytes.bytes.empty();
    const bool sent = !has_news || send_part(*call.out, bytes, attempt, last);
    if (sent && last) break;
    if (sent) from = bytes.offset + bytes.bytes.size();
    if (sent && full) continue;
    const bool goes_on = co_await wait.pause(tunables::follow_interval);
    if (!goes_on) break;
  }
  co_return http_reply();
}

awaitable<http_reply> show(api_call& call, std::string_view stream) {
  call.target.allow_only({"offset", "tail", "limit", "follow"});
  const api_target& target = call.target;
  if (target.parameter("offset") != nullptr && target.parameter("tail") != nullptr) {
    throw api_error(400, "offset and tail exclude each other: leave one of them out");
  }
  constexpr std::uint64_t anywhere = std::uint64_t(1) << 62U;
  const bool has_offset = target.parameter("offset") != nullptr;
  const std::uint64_t offset = target.number("offset", 0, anywhere, 0);
  const auto tail = static_cast<std::size_t>(
      target.number("tail", 0, tunables::largest_output_part, tunables::output_part));
  const auto limit = static_cast<std::size_t>(
      target.number("limit", 1, tunables::largest_output_part, tunables::largest_output_part));
  const task_ptr task = co_await task_of(call);
  const output_reader reader(call, *task, stream);
  if (target.flag("follow")) {
    refuse_head(call);
    auto from = resumed_at(call);
    if (!from && has_offset) from = offset;
    co_return co_await follow(call, reader, from, tail);
  }
  look seen;
  if (has_offset) {
    seen = co_await reader.from(offset, limit);
  } else {
    seen = co_await reader.last(std::min(tail, limit));
  }
  if (!seen.found) seen.found.emplace();
  http_reply reply;
  reply.content_type = "text/plain; charset=utf-8";
  reply.lines = head_lines(*seen.found, seen.ended);
  reply.body = std::move(seen.found->bytes);
  co_return reply;
}

}  // namespace

awaitable<http_reply> show_stdout(api_call& call) { return show(call, "stdout"); }
awaitable<http_reply> show_stderr(api_call& call) { return show(call, "stderr"); }

}  // namespace longhaul::operating
