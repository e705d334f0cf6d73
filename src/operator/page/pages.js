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

  // Gives the reply, and whether there are fewer than asked for; nothing if the filter changed.
  async function read(size, cursor, signal) {
    const asked = filter;
    const query = new URLSearchParams({ ...Object.fromEntries(filter), limit: size, ...(cursor && { cursor }) });
    const reply = await get(`/tasks?${query}`, signal);
    return asked === filter && { ...reply, short: reply.tasks.length < size };
  }

  // Puts `tasks` one behind the other. One that has not changed stays the same object.
  function join(...tasks) {
    const old = new Map(self.tasks.map((one) => [one.id, one]));
    const all = new Map();
    for (const one of tasks.flat()) {
      const was = old.get(one.id);
      if (!all.has(one.id)) all.set(one.id, JSON.stringify(was) === JSON.stringify(one) ? was : one);
    }
    self.tasks = [...all.values()];
  }

  function end({ nextCursor, complete, looked, short }, before) {
    next = nextCursor;
    self.looked = before + looked;
    self.rest = !next ? 'end' : self.tasks.length >= mostRows ? 'full'
      : short && !complete ? 'search' : 'more';
  }

  function begin(reply) {
    join(reply.tasks);
    end(reply, 0);
  }

  async function start(query, signal) {
    filter = query;
    const reply = await read(pageSize, null, signal);
    if (reply) begin(reply);
  }

  async function more() {
    const reply = await read(2 * pageSize, next);
    if (!reply) return;
    join(self.tasks, reply.tasks);
    end(reply, self.looked);
  }

  async function refresh(signal) {
    const reply = await read(Math.min(mostFresh, Math.max(pageSize, self.tasks.length)), null, signal);
    if (!reply) return;
    const last = self.tasks.findIndex((one) => one.id === reply.tasks.at(-1)?.id);
    // Nothing follows, or so many are new that they and the old do not touch: it begins anew.
    if (!reply.nextCursor || (last < 0 && !reply.short)) begin(reply);
    else join(reply.tasks, self.tasks.slice(last + 1));
  }

  return self;
}
