"""The ways into the collection: every link of the glossary, the problems and the paths leads where it says."""

import re
from urllib.parse import unquote

import normalise
import pytest
from sections import by_number, sections

from optim_core.chapters import between, chapters, guide

NOTEBOOKS = by_number()
PROBLEMS = [problem for group in guide.PROBLEMS.values() for problem in group]
PLACES = {place for problem in PROBLEMS for place in problem.places}
PLAIN = {"AdaGrad", "NaN", "cosine schedule", "cross-entropy", "mean squared error"}  # named in a formula or a table
FIRST = normalise.read(chapters()[0].notebook).cells


@pytest.mark.parametrize("term", guide.TERMS, ids=lambda term: term.english)
def test_a_term_stands_where_the_glossary_sends_its_reader(term):
    there = sections(NOTEBOOKS[term.number])
    assert term.heading in there, f"{NOTEBOOKS[term.number].stem} has no heading {term.heading!r}; it has {list(there)}"
    word, text = (term.word or term.english).lower(), there[term.heading].text.lower()
    emphasised = [part for pair in re.findall(r"\*\*([^*]+)\*\*|\*([^*]+)\*", text) for part in pair]
    assert word in text if term.english in PLAIN else any(word in part for part in [*emphasised, term.heading.lower()])


@pytest.mark.parametrize("place", sorted(PLACES), ids=lambda place: "-".join(place))
def test_a_problem_leads_to_a_section_that_there_is(place):
    number, heading = place
    assert heading in sections(NOTEBOOKS[number])


def test_terms_and_problems_are_named_once_and_in_words():
    for names in ([term.english.lower() for term in guide.TERMS], [problem.seen for problem in PROBLEMS]):
        assert len(set(names)) == len(names)
    for term in guide.TERMS:
        assert term.meaning and term.meaning[0] != " " and term.meaning[-1] != ".", term
        assert re.search(r"[\u4e00-\u9fff]", term.chinese) or term.chinese == term.english, term
    assert all("|" not in field for row in [*guide.TERMS, *PROBLEMS] for field in row if isinstance(field, str))


def test_the_problems_can_be_looked_through():
    assert len(PROBLEMS) <= 45 and all(2 < len(group) <= 14 for group in guide.PROBLEMS.values())
    assert all(len(problem.seen) <= 100 and 1 <= len(problem.places) <= 4 for problem in PROBLEMS)


def test_the_first_notebook_shows_all_of_it():
    texts = [cell.source for cell in FIRST if cell.cell_type == "markdown"]
    for mark in ("chapters", "paths", "problems", "glossary"):
        assert sum(f"<!-- {mark} -->" in text for text in texts) == 1, mark
    assert all(guide.with_guide(text) == text for text in texts), "run python3 -m optim_core normalise"


def test_every_link_of_the_first_notebook_to_a_heading_is_spelt_as_the_heading_is():
    for cell in FIRST:
        for name, anchor in re.findall(r"\]\((\d\d_\w+\.ipynb)#([^)]+)\)", cell.source):
            headings = sections(normalise.NOTEBOOKS / name)
            assert unquote(anchor) in {heading.replace(" ", "-") for heading in headings}, (name, anchor)


def test_paths_go_forwards_through_chapters_that_there_are_and_that_they_prepare():
    needs = {chapter.number: chapter.after for chapter in chapters()}
    for name, _, numbers in guide.PATHS:
        stops = numbers.split() or sorted(needs)
        assert stops == sorted(set(stops)) and set(stops) <= set(needs), name
    week = guide.PATHS[1][2].split()
    assert all(set(needs[number]) <= set(week) for number in week)


def test_what_stands_between_two_marks_is_made_anew_and_nothing_else():
    text = "before <!-- a -->\n\n<!-- /a --> after <!-- b -->\nkept\n<!-- /b -->"
    made = between(text, "a", "| new |")
    assert made == "before <!-- a -->\n| new |\n<!-- /a --> after <!-- b -->\nkept\n<!-- /b -->"
    assert between(made, "a", "| new |") == made and between("no mark", "a", "new") == "no mark"
