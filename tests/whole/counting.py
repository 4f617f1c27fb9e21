"""How the numbers of a caption are read and compared with what was counted by hand."""

import math
import re

from notebooks import parse_number
from optim_core.scenes.board import number

TENS = r"10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+"
NUMBER = rf"(−?(?:{TENS}|(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?(?:·{TENS})?))"


def fields(pattern, caption):
    """What stands in the groups of a pattern, a regular expression in which # is a number; no word may be left over.

    >>> fields("Step # of #, λ = #, (none|all|#)", "Step 1,000 of 2,000, λ = −2.5·10⁻⁴, none")
    ('1,000', '2,000', '−2.5·10⁻⁴', 'none', None)
    """
    found = re.fullmatch(pattern.replace("#", NUMBER), caption)
    assert found, f"what the caption says is not of this form:\n{pattern}"
    return found.groups()


def value(words):
    """The first number in some words, and the weight of its last digit.

    >>> value("below η = 1,230, at last")
    (1230.0, 1.0)
    """
    return parse_number(re.search(r"[−\d][\d.,·×⁻⁰¹²³⁴⁵⁶⁷⁸⁹]*", words)[0].rstrip(".,"))


def says(words, number, digits=None):
    """Whether some words say this number, to the digits that they have; or on which side of a bound it lies.

    digits: how many of them count, where a number is written with so many: as 2,050 for 2048.3, or 0.5 for 0.4996. A
    whole number may have all of its own.

    >>> says("0.5", 0.53), says("0.5", 0.53, 3), says("2,050", 2048.3)
    (True, False, False)
    >>> says("2,050", 2048.3, 3), says("2,048", 2048.3, 3), says("2,048", 2048, 3)
    (True, False, True)
    >>> says("above 10⁸", math.nan), says("more than 10⁶", 9e5), says("below 10⁻¹²", 1e-14)
    (True, False, True)
    """
    if bound := re.match(r"(above|more than|below)\b", words):
        return 0 < number < value(words)[0] if bound[1] == "below" else not number <= value(words)[0]
    said, digit = value(words)
    if digits and said not in (number, float(f"{said:.{digits}g}")):
        return False
    if digits and number:
        digit = 10.0 ** (math.floor(math.log10(abs(number))) + 1 - digits)
    return abs(said - number) <= digit / 2 * (1 + 1e-9)


def wrote(words, one, digits=3):
    """Whether some words are this number as captions write it, but for a last digit that rounding decides.

    >>> wrote("0.125", 0.125), wrote("0.12", 0.125), wrote("0.12", 0.125, 2), wrote("0.13", 0.125, 2)
    (True, False, True, True)
    """
    return words in {number(one * (1 + k * 1e-9), digits) for k in (-1, 0, 1)}


def brief(words, one, digits=3):
    """The same, where a whole number, too, is written with no more than so many digits.

    >>> brief("1,230", 1234.0), brief("1,234", 1234.0)
    (True, False)
    """
    return any(wrote(words, float(f"{one * (1 + k * 1e-9):.{digits}g}"), digits) for k in (-1, 0, 1))
