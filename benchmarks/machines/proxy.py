"""A plain proxy of TCP: `python -m benchmarks.machines.proxy PORT ADDRESS:PORT…`. Each connection goes to the
one of those that are ready (GET /readyz within twenty seconds) that has the fewest; where one doesn't take
it, to the next."""

import asyncio
import sys
from contextlib import suppress

_LOOK, _SECONDS = 2.0, 20.0


class Behind:
    """One that requests may go to."""

    def __init__(self, place: str) -> None:
        self.host, _, port = place.partition(":")
        self.port, self.ready, self.open = int(port), False, 0

    async def watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_SECONDS):
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                    writer.write(b"GET /readyz HTTP/1.0\r\nHost: proxy\r\n\r\n")
                    self.ready = b" 200 " in await reader.readline()
                    writer.close()
            except (OSError, TimeoutError):
                self.ready = False
            await asyncio.sleep(_LOOK)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()


async def main(port: int, places: list[str]) -> None:
    behind = [Behind(place) for place in places]
    watchers = [asyncio.create_task(one.watch()) for one in behind]

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for one in sorted(behind, key=lambda one: (not one.ready, one.open)):
            try:
                async with asyncio.timeout(_SECONDS):
                    upstream = await asyncio.open_connection(one.host, one.port)
            except (OSError, TimeoutError):
                continue
            one.open += 1
            try:
                await asyncio.gather(_pass(reader, upstream[1]), _pass(upstream[0], writer))
            finally:
                one.open -= 1
            return
        writer.close()

    async with await asyncio.start_server(take, "0.0.0.0", port) as server:
        await server.serve_forever()
    del watchers


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
