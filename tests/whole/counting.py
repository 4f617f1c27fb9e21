"""How the numbers of a caption are read and compared with what was counted by hand."""

import math
import re

from notebooks import parse_number


def value(words):
    """The first number in some words, and the weight of its last digit.

    >>> value("below η = 1,230, at last")
    (1230.0, 1.0)
    """
    return parse_number(re.search(r"[−\d][\d.,·×⁻⁰¹²³⁴⁵⁶⁷⁸⁹]*", words)[0].rstrip(".,"))


def says(words, number, digits=None):
    """Whether some words say this number, to the digits that they have; or that it is beyond all use.

    digits: how many of them count, where a number is written with so many: as 2,050 for 2048.3, or 0.5 for 0.4996.

    >>> says("0.5", 0.53), says("0.5", 0.53, 3), says("2,050", 2048.3), says("2,050", 2048.3, 3)
    (True, False, False, True)
    """
    if words.startswith("above"):
        return not number <= 1e8
    if words.startswith("below 10⁻¹²"):
        return 0 < number < 1e-12
    said, digit = value(words)
    if digits and number:
        digit = 10.0 ** (math.floor(math.log10(abs(number))) + 1 - digits)
    return abs(said - number) <= digit / 2 * (1 + 1e-9)
