"""Pictures that are there before they are asked for.

Who moves a slider with the arrow keys goes on by one stop, or back by one. So the last pictures are kept, and in a
moment's rest the one of the next stop is made. A picture that is known is sent at once and then made again as always:
if it is not the same, the true one follows. What is known decides when a picture comes, never which.
"""

from collections import OrderedDict
from typing import NamedTuple

AFTER = 0.1  # seconds without a move before the next picture is made: fast drags and held keys leave none
QUICK = 0.1  # seconds that making a picture may take: the kernel is not kept busy for more with what nobody asked for
KEPT = 16  # pictures of a figure, a tenth of a megabyte each if their surfaces differ


class Picture(NamedTuple):
    """What the browser shows: the layers as SVG, the words under them."""

    layers: tuple
    caption: str


class Known:
    """The last pictures, by what was asked for: the controls' values, and the time (None for the end).

    >>> known = Known(kept=2)
    >>> for mu in (0.1, 0.2, 0.3):
    ...     known.keep({"mu": mu}, None, Picture(("", "", "<svg/>"), f"μ is {mu}."))
    >>> known.find({"mu": 0.3}, None).caption, known.find({"mu": 0.1}, None)
    ('μ is 0.3.', None)
    """

    def __init__(self, kept=KEPT):
        self.kept, self.pictures = kept, OrderedDict()

    def find(self, values, time):
        """The picture, or None."""
        return self.pictures.get(repr((values, time)))

    def keep(self, values, time, picture):
        """Remember it, and forget the one that was kept longest ago."""
        asked = repr((values, time))
        self.pictures[asked] = picture
        self.pictures.move_to_end(asked)
        if len(self.pictures) > self.kept:
            self.pictures.popitem(last=False)
