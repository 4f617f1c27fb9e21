"""What a live figure's layers show, for every test that looks at them."""

import re


def visible(ground, frame, overlay):
    """The layers as one sees them, each an SVG: what comes in one message covers the layers beneath."""
    together = re.findall(r"<svg xmlns.*?(?=<svg xmlns|$)", overlay)
    assert len(together) in (1, 3)
    return together if len(together) == 3 else [ground, frame, overlay]
