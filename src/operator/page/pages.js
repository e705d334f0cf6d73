// SPDX-License-Identifier: Apache-2.0
// A list of tasks, newest first, page by page. Its first rows are read again to keep it fresh.
import { get } from './api.js';

export const mostRows = 2000;
export const mostFresh = 500;
const pageSize = 50;

export function taskPages() {
  // rest: 'end'; 'more'; 'search': it stopped before it found enough; 'full': no more are shown.
  const self = { tasks: [], looked: 0, rest: 'end', start, more, refresh };
  let filter;
  let next;

  async function read(size, take, cursor, signal) {
    const asked = filter;
    const query = new URLSearchParams(filter);
    query.set('limit', size);
    if (cursor) query.set('cursor', cursor);
    const reply = await get(`/tasks?${query}`, signal);
    // A reply to an older filter is dropped.
    if (asked === filter) take(reply, reply.tasks.length < size);
  }

  // What has not changed stays the same object: its row is not drawn again.
  function join(before, behind) {
    const known = new Map(self.tasks.map((one) => [one.id, one]));
    const joined = new Map();
    for (const one of [...before, ...behind]) {
      const old = known.get(one.id);
      if (!joined.has(one.id)) joined.set(one.id, JSON.stringify(old) === JSON.stringify(one) ? old : one);
    }
    self.tasks = [...joined.values()];
  }

  function end({ nextCursor, complete, looked }, short) {
    next = nextCursor;
    self.looked += looked;
    self.rest = !next ? 'end' : self.tasks.length >= mostRows ? 'full'
      : short && !complete ? 'search' : 'more';
  }

  function begin(reply, short) {
    self.looked = 0;
    self.tasks = reply.tasks;
    end(reply, short);
  }

  function start(query, signal) {
    filter = query;
    return read(pageSize, begin, null, signal);
  }

  function more() {
    return read(2 * pageSize, (reply, short) => {
      join(self.tasks, reply.tasks);
      end(reply, short);
    }, next);
  }

  function refresh(signal) {
    const size = Math.min(mostFresh, Math.max(pageSize, self.tasks.length));
    return read(size, (reply, short) => {
      const last = self.tasks.findIndex((one) => one.id === reply.tasks.at(-1)?.id);
      // All is new if nothing more follows, or if so many came that they and the old do not touch.
      if (!reply.nextCursor || (last < 0 && !short)) begin(reply, short);
      else join(reply.tasks, self.tasks.slice(last + 1));
    }, null, signal);
  }

  return self;
}
