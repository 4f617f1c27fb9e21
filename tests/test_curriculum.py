"""What the collection set out to teach is found where `curriculum.py` says."""

import pytest
from curriculum import CORRECTIONS, RESULTS, SAID, TOPICS
from sections import Section, by_number, sections

NOTEBOOKS = by_number()
PLAN = {f"{number:02}" for number in range(1, 16)}  # every chapter of the plan has topics


def named(row):
    return f"{row[-3]}-{row[-4]}"


def section(number, heading):
    there = sections(NOTEBOOKS[number])
    assert heading in there, f"{NOTEBOOKS[number].stem} has no heading {heading!r}; it has {', '.join(there)}"
    return there[heading]


@pytest.mark.parametrize(("chapters", "topic", "number", "heading", "words"), TOPICS, ids=map(named, TOPICS))
def test_a_topic_is_treated_where_the_table_says(chapters, topic, number, heading, words):
    assert section(number, heading).says(words), f"{NOTEBOOKS[number].stem}, {heading}: {words}"


@pytest.mark.parametrize(("said", "number", "heading", "words"), CORRECTIONS, ids=map(named, CORRECTIONS))
def test_a_correction_is_taught_where_the_table_says(said, number, heading, words):
    assert section(number, heading).says(words), f"{NOTEBOOKS[number].stem}, {heading}: {words}"


@pytest.mark.parametrize(("result", "what", "number", "heading", "claims"), RESULTS, ids=map(named, RESULTS))
def test_a_result_is_quoted_where_the_table_says(result, what, number, heading, claims):
    missing = set(claims.split()) - section(number, heading).claims
    assert not missing, f"{NOTEBOOKS[number].stem}, {heading} quotes no {missing}"


@pytest.mark.parametrize(("result", "what", "number", "heading", "words"), SAID, ids=map(named, SAID))
def test_a_result_is_told_where_the_table_says(result, what, number, heading, words):
    here = section(number, heading)
    assert here.says(words) or words in here.printed, f"{NOTEBOOKS[number].stem}, {heading}: {words}"


def test_the_tables_leave_nothing_out():
    assert {one for row in TOPICS for one in row[0].split()} >= PLAN
    numbers = {row[0] for row in [*RESULTS, *SAID]}
    assert numbers >= {str(number) for number in range(1, 28)}
    for table in (TOPICS, CORRECTIONS, RESULTS, SAID):
        assert len(set(table)) == len(table) and all(all(row) for row in table)


def test_words_are_found_wherever_a_line_breaks_and_nowhere_else():
    here = Section(text="A term is *said* here.", asked="What is it?")
    assert here.says("*said*\nhere") and here.says("What is it?") and not here.says("*said* there")
