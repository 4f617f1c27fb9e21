"""A class on one server: how much memory a session takes, and how long a slider waits while all others move theirs.

    python tests/benchmarks/lecture.py [--sessions 30] [--chapter momentum] [--moves 10]

starts the server of `python3 -m optim_core lecture`, opens so many pages, each with a kernel of its own in which the
whole chapter runs, and lets all of them move a slider at once, a move every two seconds. An answer is there when the
kernel has worked the move off: what the browser then draws is not in it (tests/benchmarks/latency.py has that). Printed
are the memory of the kernels, the median and the 95th percentile of the answers, and the cores that they had.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import numpy as np
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from lab import free_port  # noqa: E402

EVERY = 2.0  # seconds between two moves of a session: a student who looks at what the picture does
AsyncHTTPClient.configure(None, max_body_size=10**9, max_clients=1000)


def message(kind: str, content: dict) -> dict:
    header = dict(msg_id=uuid.uuid4().hex, msg_type=kind, session="class", username="", version="5.3")
    metadata = dict(version="1.0.0")  # of ipywidgets' messages about all widgets at once
    return dict(header=header, parent_header={}, metadata=metadata, content=content, channel="shell", buffers=[])


class Session:
    """One page: its kernel, and the first slider of its first figure."""

    def __init__(self, url: str, page: str):
        self.url = url
        self.kernel = re.search(r'"kernelId": "([\w-]+)"', page)[1]

    async def begin(self) -> None:
        address = self.url.replace("http", "ws", 1) + f"api/kernels/{self.kernel}/channels"
        self.socket = await websocket_connect(address, max_message_size=10**9)
        target, comm = "jupyter.widget.control", uuid.uuid4().hex
        await self.ask("comm_open", dict(comm_id=comm, target_name=target, data={}, target_module=None))
        states = await self.ask("comm_msg", dict(comm_id=comm, data=dict(method="request_states")))
        models = next(
            one["content"]["data"]["states"]
            for one in states
            if one["header"]["msg_type"] == "comm_msg" and "states" in one["content"]["data"]
        )
        self.slider, state = next(
            (key, one["state"]) for key, one in models.items() if one["model_name"] == "SelectionSliderModel"
        )
        self.stops = len(state["_options_labels"])

    async def ask(self, kind: str, content: dict) -> list[dict]:
        """Send a message; the kernel's messages about it, until it is idle again."""
        sent, heard = message(kind, content), []
        await self.socket.write_message(json.dumps(sent))
        while True:
            text = await self.socket.read_message()
            if isinstance(text, bytes):  # with binary parts: their count, where they begin, the message, the parts
                begin, end = struct.unpack("!2I", text[4:12])
                text = text[begin:end]
            got = json.loads(text)
            if got["parent_header"].get("msg_id") == sent["header"]["msg_id"]:
                heard.append(got)
                if got["header"]["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
                    return heard

    async def move(self, moves: int, rng: np.random.Generator) -> list[float]:
        """Move the slider so often; seconds until each move was worked off."""
        seconds = []
        await asyncio.sleep(EVERY * rng.random())
        for index in rng.integers(0, self.stops, moves).tolist():
            begun = time.monotonic()
            data = dict(method="update", state=dict(index=index), buffer_paths=[])
            await self.ask("comm_msg", dict(comm_id=self.slider, data=data))
            seconds.append(time.monotonic() - begun)
            await asyncio.sleep(max(0.0, EVERY - seconds[-1]))
        return seconds


def memory(parent: int) -> list[float]:
    """Megabytes that each child process of `parent` has for itself (PSS: what is shared is counted in parts)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(re.search(r"^PPid:\s+(\d+)", (folder / "status").read_text(), re.M)[1]) == parent:
                found.append(int(re.search(r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.M)[1]) / 1024)
        except (OSError, TypeError):  # it ended meanwhile
            pass
    return found


async def run(url: str, server: int, options: argparse.Namespace) -> None:
    client = AsyncHTTPClient()
    begun, sessions = time.monotonic(), []
    for number in range(options.sessions):  # one after the other: a class does not arrive in one second
        page = await client.fetch(f"{url}?chapter={options.chapter}", request_timeout=3600)
        sessions.append(Session(url, page.body.decode()))
        print(f"\r{number + 1} sessions", end="", file=sys.stderr, flush=True)
    print(f"\n{options.sessions} sessions opened one after the other, in {time.monotonic() - begun:.0f} s")
    await asyncio.gather(*(one.begin() for one in sessions))
    rngs = [np.random.default_rng(number) for number in range(options.sessions)]
    moved = await asyncio.gather(*(one.move(options.moves, r) for one, r in zip(sessions, rngs, strict=True)))
    each = memory(server)
    half, most = 1000 * np.percentile(np.concatenate(moved), [50, 95])
    print(f"memory: {np.median(each):.0f} MB a session (median of {len(each)}), {sum(each) / 1024:.1f} GB in all")
    print(
        f"answer to a move: median {half:.0f} ms, 95th percentile {most:.0f} ms ({len(os.sched_getaffinity(0))} cores)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--chapter", default="momentum")
    parser.add_argument("--moves", type=int, default=10)
    options = parser.parse_args()
    port, log = free_port(), tempfile.NamedTemporaryFile("w+", suffix=".log")
    command = [sys.executable, "-m", "optim_core.lecture", "--no-browser", f"--port={port}"]
    env = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        while "running at" not in Path(log.name).read_text():
            if server.poll() is not None:
                sys.exit(Path(log.name).read_text())
            time.sleep(0.2)
        asyncio.run(run(f"http://127.0.0.1:{port}/", server.pid, options))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
