# SPDX-License-Identifier: Apache-2.0
"""The network between a replica and its database: a TCP proxy that can be made worse.

  open   bytes pass
  slow   every piece waits first, and the pieces behind it with it
  stall  nothing passes, nothing is lost: it all arrives when the network is open again
  drop   what is sent vanishes; connections of that time stay dead, as half-open ones do, until half
         a minute after it, when the kernel of the peer would find out
  cut    connections are reset, new ones refused

All proxies live on one thread with an event loop, which alone touches their state.
"""
import asyncio
import contextlib
import socket
import struct
import threading

PIECE = 1 << 16
FOUND_OUT = 30  # seconds


class Proxy:
    """Made by `Network.add`; `port` is where a replica connects to."""

    def __init__(self, loop, port, target):
        self.loop, self.port, self.target = loop, port, target
        self.mode, self.delay = "open", 0.0
        self.passing = asyncio.Event()
        self.passing.set()
        self.listener = None
        self.pairs = {}  # task of a connection: its writers
        self.dead = set()  # tasks whose bytes vanish

    async def listen(self):
        self.listener = await asyncio.start_server(self.connected, "127.0.0.1", self.port)

    async def connected(self, reader, writer):
        me = asyncio.current_task()
        self.pairs[me] = [writer]
        try:
            if self.mode == "drop":
                self.dead.add(me)
                while await reader.read(PIECE):
                    pass
                return
            await self.passing.wait()
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            self.pairs[me].append(back)
            pumps = [asyncio.ensure_future(self.pump(me, reader, back)),
                     asyncio.ensure_future(self.pump(me, there, writer))]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for one in self.pairs.pop(me, []):
                one.transport.abort()
            self.dead.discard(me)

    async def pump(self, owner, source, sink):
        with contextlib.suppress(OSError):
            while piece := await source.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self.passing.wait()
                if owner not in self.dead:
                    sink.write(piece)
                    await sink.drain()
            if owner in self.dead:  # who closed is not heard either
                await asyncio.Event().wait()

    def reset(self, connections):
        for connection in connections:
            for one in self.pairs.get(connection, []):
                peer = one.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.transport.abort()

    async def become(self, mode, delay):
        self.mode, self.delay = mode, delay if mode == "slow" else 0.0
        if mode == "stall":
            self.passing.clear()
        else:
            self.passing.set()
        if mode == "drop":
            self.dead.update(self.pairs)
        elif self.dead:
            self.loop.call_later(FOUND_OUT, self.reset, set(self.dead))
        if mode == "cut":
            self.listener.close()
            self.listener = None
            self.reset(set(self.pairs))
        elif self.listener is None:
            await self.listen()

    def set(self, mode, delay=0.0):
        """Returns when it is so. Any thread."""
        asyncio.run_coroutine_threadsafe(self.become(mode, delay), self.loop).result(10)


class Network:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="network", daemon=True)
        self.thread.start()

    def add(self, port, target):
        proxy = Proxy(self.loop, port, target)
        asyncio.run_coroutine_threadsafe(proxy.listen(), self.loop).result(10)
        return proxy

    async def end_all(self):
        everybody = asyncio.all_tasks() - {asyncio.current_task()}
        for task in everybody:
            task.cancel()
        await asyncio.gather(*everybody, return_exceptions=True)

    def stop(self):
        asyncio.run_coroutine_threadsafe(self.end_all(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()
