"""An experiment whose results come one after the other: how much is taken at a time, and when.

    def experiment(lr):
        for now in training(net, data, gd, lr=lr, epochs=20):
            yield now

The figure shows what has come so far, and the kernel stays free. A piece of at most WORK seconds is taken in a callback
of the asyncio loop that runs in this thread, and the next one is asked for `loop.call_later`: what a slider sends comes
in between, whether it arrives in the same loop (Pyodide, VS Code) or in another thread's (JupyterLab's subshells, each
of which runs a loop of its own). A callback that is still waiting when its loop ends is dropped without a word, which a
task would not be. Without a running loop (a script, a test) nothing comes by itself.
"""

import asyncio
import time

from ..refuse import refuse

WORK = 0.025  # seconds of work for one picture: a slider that moves meanwhile waits for no more than that and a drawing
PERIOD = 0.05  # seconds from one picture to the next, at least: what a browser can show without falling behind
REST = 0.005  # seconds between them that are left to the kernel, at least
STILL = 0.5  # seconds of work in the picture for a page without a kernel


class Stream:
    """An iterator of results, and how far it has come.

    result: the last one; pieces: how many have come; worked: the seconds they took; ended: whether there are no more.

    >>> stream = Stream(iter("abc"))
    >>> stream.take(), stream.result, stream.take(pieces=9), stream.result, stream.ended
    (True, 'a', True, 'c', True)
    """

    def __init__(self, results):
        self.results, self.result, self.pieces, self.worked, self.ended = results, None, 0, 0.0, False

    def take(self, seconds=0.0, pieces=1):
        """Take results for `seconds` of work, and until there are `pieces` of them; whether any came."""
        before, worked, begun = self.pieces, self.worked, time.perf_counter()
        try:
            while not self.ended and (self.pieces < pieces or self.worked - worked < seconds):
                self.result = next(self.results)
                self.pieces += 1
                self.worked = worked + time.perf_counter() - begun
        except StopIteration:
            self.ended = True
        if not self.pieces:
            refuse("experiment", "a stream without a result", "one that gives at least one")
        return self.pieces > before

    def close(self):
        """No more of it; what stands in its `finally` runs."""
        self.ended = True
        close = getattr(self.results, "close", None)
        if close:
            close()


def is_stream(result):
    """Whether an experiment gave its results one by one: a generator, or another iterator."""
    return hasattr(result, "__next__")


def later(seconds, call, *arguments):
    """Have the loop that runs in this thread call it after so many seconds; False if none runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return False
    loop.call_later(seconds, call, *arguments)
    return True
