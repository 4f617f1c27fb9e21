"""Chapter 15: what its patients, figures, captions and questions say is true."""

import itertools
import math

import numpy as np
import pytest

from optim_core.chapters.clinic import exercises, experiments, scenes
from optim_core.chapters.clinic.experiments import CAUSES, KNOBS, PATIENTS, Recipe, recipe, treated
from optim_core.exercises import ____

LETTERS = list(PATIENTS)
QUESTIONS = {letter: getattr(exercises, f"patient_{letter.lower()}") for letter in LETTERS}


def shows(cause, letter, seed=0):
    return bool(CAUSES[cause].sign(treated(letter, seed=seed))[0])


def level(chart):
    """What a cure has to better: the loss, where the answers are right already, else the share of right answers."""
    return chart.right[-1] - 0.1 * float(np.mean(chart.loss[-20:]))


# ---- the ward


@pytest.mark.parametrize("letter", LETTERS)
def test_a_patient_has_one_faulty_stage_and_is_otherwise_healthy(letter):
    _, fault, *own = PATIENTS[letter]
    assert len(fault) == 1
    healthy = Recipe()._replace(**own[0] if own else {})
    differs = [name for name, a, b in zip(Recipe._fields, recipe(letter), healthy, strict=True) if a != b]
    assert differs == list(fault)
    assert experiments.faulty_line(letter).startswith(f"{differs[0]}=")


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("letter", LETTERS)
def test_the_sign_of_the_true_cause_shows_and_of_the_others_only_where_it_is_said(letter, seed):
    question = QUESTIONS[letter]
    assert shows(question.true, letter, seed)
    for cause in question.causes.values():
        assert cause == question.true or shows(cause, letter, seed) is (cause in question.remarks), cause


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("letter", LETTERS)
def test_its_own_knob_cures_a_patient(letter, seed):
    sick, cured = treated(letter, seed=seed), treated(letter, CAUSES[QUESTIONS[letter].true].knob, seed)
    assert cured.right[-1] > 0.94 and level(cured) > level(sick) + 0.05
    if letter != "E":
        assert sick.right[-1] < cured.right[-1] - 0.05


@pytest.mark.parametrize("letter", LETTERS)
def test_no_wrong_knob_cures_a_patient_and_the_answer_says_what_it_does(letter):
    question = QUESTIONS[letter]
    own = CAUSES[question.true].knob
    cured = level(treated(letter, own))
    for key, cause in question.causes.items():
        text = question.answer(key).text
        knob = CAUSES[cause].knob
        assert f"“{knob}”" in text and CAUSES[cause].shows in text
        if cause == question.true:
            assert f"`{experiments.faulty_line(letter)}`" in text
        elif knob == own:
            assert "The right knob, for another reason." in text
        else:
            assert level(treated(letter, knob)) < cured - 0.04, knob
            unturned = KNOBS[knob](recipe(letter)) == recipe(letter)
            assert ("there is nothing to turn" in text) is unturned
        assert ("That does show" in text) is (cause != question.true and shows(cause, letter))


def test_the_knobs_leave_a_healthy_training_as_it_is_but_for_those_that_change_its_numbers():
    changed = [knob for knob, turn in KNOBS.items() if turn(Recipe()) != Recipe()]
    assert changed == ["η ÷ 10", "η × 10", "λ = 0.03"]
    assert {cause.knob for cause in CAUSES.values()} == set(KNOBS) - {"nothing"}


def test_the_smaller_rate_cures_one_patient_only():
    cured = [letter for letter in LETTERS if treated(letter, "η ÷ 10").right[-1] > 0.94]
    assert cured == ["J"]
    hides = treated("B", "η ÷ 10")
    assert treated("B").right[-1] + 0.05 < hides.right[-1] < 0.9  # it helps a little, which proves nothing
    assert treated("B", "λ = 0.03").right[-1] < treated("B").right[-1]


def test_learning_one_batch_by_heart_parts_the_ward_as_the_method_says():
    memory = {letter: experiments.one_batch(treated(letter)) for letter in LETTERS}
    learn = [letter for letter, (losses, right) in memory.items() if right == 1 and losses[-1] < 0.5]
    assert learn == ["B", "D", "G", "I", "L", "M"]
    data = [letter for letter in LETTERS if any(shows(c, letter) for c in ("inputs", "shift", "order", "labels"))]
    assert data == ["B", "C", "I", "M"]


@pytest.mark.parametrize("seed", range(3))
def test_two_softmaxes_stop_at_the_floor_that_theory_says(seed):
    losses, right = experiments.one_batch(treated("E", seed=seed))
    floor = math.log(math.e + 9) - 1  # the largest probability of the second softmax is e/(e + 9)
    assert right == 1 and floor < losses[-1] < floor + 0.05


def test_clipped_steps_have_the_length_of_the_threshold():
    chart = treated("A")
    for k in range(1, len(chart.t)):
        size = max(np.linalg.norm(w) for w in chart.w[k - 1 : k + 1])
        most = 0.3 * (0.001 + experiments.shared(1200) * size)
        assert np.linalg.norm(chart.w[k] - chart.w[k - 1]) <= experiments.LOOK * most


def test_strong_decay_lets_the_accuracy_rise_before_it_takes_the_weights():
    for seed in (0, 1):
        right = treated("F", seed=seed).right
        assert max(right[:5]) > 0.3 > 0.15 > right[-1]


def test_evaluation_mode_knows_neither_repetition_nor_company():
    assert set(experiments.answers_that_change(experiments.healthy()).values()) == {0.0}
    company = experiments.answers_that_change(treated("L"))
    assert company["asked again"] == 0 and company["in other company"] > 0.5 and company["alone"] > 0.5
    assert min(experiments.answers_that_change(treated("G")).values()) > 0.05


def test_a_measure_is_taken_once_for_each_look():
    calls = []

    def counted(chart, k):
        calls.append(k)
        return {"k": k}

    chart = experiments.healthy()
    t, values = experiments.measured(chart, counted, 7)
    again, _ = experiments.measured(chart, counted, 7)
    assert t.tolist() == again.tolist() == [0, 70, 140, 210, 280, 300]
    assert calls == values["k"].tolist() == [0, 7, 14, 21, 28, 30]
    assert experiments.measured(chart, counted, 7, last=False)[0].tolist() == [0, 70, 140, 210, 280]


def test_the_healthy_training_goes_only_as_far_as_it_is_asked_and_bears_an_interruption():
    chart = experiments.healthy(3, 0)
    assert chart.t == [0] and experiments.healthy(3, 25) is chart and chart.t == [0, 10, 20, 30]
    experiments._begun(3)[1].close()
    (*_, whole) = experiments.watch(Recipe(), 3)
    assert experiments.healthy(3).right == whole.right and np.array_equal(experiments.healthy(3).w[-1], whole.w[-1])


def test_batches_of_twenty_that_are_asked_at_once_answer_as_one_by_one():
    chart = treated("L")
    X = chart.data.X_test[:50]
    one_by_one = [chart._in_company(X[b : b + 20], -1, 0) for b in (0, 20, 40)]
    assert np.array_equal(chart.answers(X), np.concatenate(one_by_one))
    assert np.array_equal(chart.answers(X[:7]), chart._in_company(X[:7], -1, 0))


def test_a_training_that_leaves_the_range_stops_and_says_so():
    for letter, knob in (("J", "η × 10"), ("C", "η × 10"), ("J", "nothing"), ("C", "nothing")):
        chart, ends = treated(letter, knob), knob == "η × 10"
        w, t = np.array(chart.w), chart.diverged
        assert scenes.result_of(chart).endswith(f"diverged in step {t}") is ends is bool(np.abs(w[-1]).max() > 1e6)
        first = math.ceil(t / experiments.LOOK)  # the look that sees it
        assert not ends or (w[first:] == w[-1]).all() and np.abs(w[:first]).max() <= 1e6


@pytest.fixture(scope="module")
def ward():
    return scenes.Ward()


@pytest.mark.parametrize("letter", LETTERS)
def test_all_evidence_can_be_asked_of_every_patient_at_its_first_look(letter, ward):
    scene, first = ward, next(experiments.ward(letter, "nothing", 3))
    for evidence in scenes.EVIDENCE:
        scene.adjust(evidence)
        scene.show((letter, "nothing", 3, *first))
        scene.at(0)
        assert f"Patient {letter} after 0 steps" in scene.caption and evidence in scene.caption


@pytest.mark.parametrize("letter", LETTERS)
def test_evidence_stays_in_its_panel_and_says_where_it_begins_and_ends(letter, ward):
    chart, (low, high) = treated(letter), ward.kinds["log"].axes.get_ylim()
    for evidence, vectors in {
        "weight norm by layer": [chart.w[k][: 64 * 32] for k in (0, -1)],
        "length of a step by layer": [(chart.w[k + 1] - chart.w[k])[: 64 * 32] / experiments.LOOK for k in (0, -2)],
    }.items():
        lines, _ = scenes.EVIDENCE[evidence].shown(chart)
        values = np.concatenate([line[1] for line in lines[0].values()])
        assert low < values.min() and values.max() < high
        said = [experiments.short(np.linalg.norm(vector)) for vector in vectors]
        assert f"W₁ from {said[0]} to {said[1]}" in scenes.EVIDENCE[evidence].words(chart)


@pytest.mark.parametrize("letter", LETTERS)
def test_what_the_evidence_counts_is_what_loops_count(letter):
    """dead_share, predicted, neighbours_agree, classes_in_batches, one_batch, answers_that_change."""
    chart, data = treated(letter), treated(letter).data
    W1, b1, W2, b2 = np.split(chart.w[-1], np.cumsum([64 * 32, 32, 320]))[:4]
    if letter not in "GL":  # where dropout or a batch normalization stands between, these weights are not all
        z = data.X[chart.few] @ W1.reshape(64, 32) + b1
        dead = [all(one <= 0 for one in unit) for unit in z.T.tolist()]
        assert experiments.dead_share(chart) == pytest.approx(sum(dead) / 32)
        inside = np.maximum(data.X_test @ W1.reshape(64, 32) + b1, 0)
        answers = (inside @ W2.reshape(32, 10) + b2).argmax(1).tolist()
        assert experiments.predicted(chart) == pytest.approx([answers.count(c) / len(answers) for c in range(10)])
        assert chart.right[-1] == pytest.approx(np.mean(answers == data.y_test))
        assert set(experiments.answers_that_change(chart).values()) == {0.0}
    agree = 0
    for i in range(min(200, len(data.X))):
        far = ((data.X - data.X[i]) ** 2).sum(1)
        far[i] = np.inf
        agree += data.y[far.argmin()] == data.y[i]
    assert experiments.neighbours_agree(chart) == pytest.approx(agree / min(200, len(data.X)), abs=0.011)
    held, n, size = experiments.classes_in_batches(chart), len(data.X), chart.recipe.batch
    assert len(held) == 300
    if chart.recipe.order == "fixed":
        first = [len(set(data.y[b : b + size].tolist())) for b in range(0, n - n % size, size)]
        assert held[: min(len(first), 300)].tolist() == first[:300]
    else:  # of all classes some are missing by chance
        expected = 10 * (1 - 0.9 ** min(size, n))
        assert held.mean() == pytest.approx(expected, abs=0.4) and held.max() <= 10
    losses, right = experiments.one_batch(chart)
    assert len(losses) == 200 and right * 16 == round(right * 16)
    said = {name: words(chart) for name, (_, _, _, words) in scenes.EVIDENCE.items()}
    assert f"a batch of {len(experiments.batch_at(1, n, size, 0, chart.recipe.order))} " in said["classes in a batch"]
    assert f"none of {min(200, n)} digits" in said["what goes into the hidden units"]
    assert f" of {min(200, n)} have the label" in said["pictures and labels"]


# ---- the search


@pytest.mark.parametrize("k", range(1, 7))
def test_the_best_of_k_is_what_all_draws_of_k_give(k):
    scores = np.random.default_rng(k).random(6).round(1)  # some are equal
    best = [max(some) for some in itertools.combinations(scores, k)]
    assert experiments.best_of(scores, k) == pytest.approx(np.mean(best))
    for q in (0.1, 0.5, 0.9):
        found = experiments.quantile_of_best(scores, k, q)
        assert np.mean(np.array(best) <= found) >= q - 1e-12 and np.mean(np.array(best) < found) < q + 1e-12


@pytest.fixture
def untrained(monkeypatch):
    """The same points, but what they get is a formula and no training: best at η = 2, a little worse with much λ."""

    def tried(u, seed=0):
        right = (297 * np.exp(-((u[:, 0] - 0.83) ** 2) / 0.1 - 0.1 * u[:, 1] ** 4)).round() / 297
        return right, right

    monkeypatch.setattr(experiments, "tried", tried)
    for name in ("random_trials", "grids", "best_by_trials"):
        monkeypatch.setattr(experiments, name, getattr(experiments, name).__wrapped__)


@pytest.mark.parametrize("knob", experiments.SPACE)
def test_the_searchs_caption_counts_the_values_and_names_the_best(knob, untrained):
    column = list(experiments.SPACE).index(knob)
    low, high = experiments.SPACE[knob]
    for way, side, seed in itertools.product(("random", "grid"), experiments.SIDES, range(6)):
        x, right = experiments.search(way, side**3, seed)
        values = side**3 if way == "random" else side
        said = scenes.found(x, right, knob)
        assert said == f"they try {values} values of {knob}; the best gets {100 * sorted(right)[-1]:.1f} % right"
        assert len(x) == len(right) == side**3 and low <= x[:, column].min() and x[:, column].max() <= high


def test_what_the_best_of_k_gets_on_average_is_the_mean_of_drawn_and_of_laid_trials(untrained):
    k, mean, low, high, rows = experiments.best_by_trials()
    rng, (_, scores, _) = np.random.default_rng(0), experiments.random_trials()
    for row, side in zip(rows, experiments.SIDES, strict=True):
        bests = np.array([scores[rng.permutation(len(scores))[: side**3]].max() for _ in range(400)])
        assert abs(bests.mean() - mean[side**3 - 1]) < 4 * bests.std() / 20
        assert np.mean(bests < low[side**3 - 1]) < 0.2 and np.mean(bests > high[side**3 - 1]) < 0.2
        laid = [experiments.search("grid", side**3, seed)[1].max() for seed in range(experiments.OFFSETS)]
        assert row == (side**3, pytest.approx(sum(laid) / 6), min(laid), max(laid)) and k[side**3 - 1] == side**3


def test_the_trials_needed_are_enough_and_one_less_is_not():
    for share, sure in itertools.product((0.002, 0.05, 0.3, 0.9), (0.5, 0.95, 0.99)):
        k = exercises.trials_needed.reference(share, sure)
        assert experiments.among_the_best(k, share) >= sure - 1e-12
        assert k == 1 or experiments.among_the_best(k - 1, share) < sure


def test_a_grid_has_few_values_of_each_knob_wherever_it_is_laid():
    for side, offset in itertools.product(experiments.SIDES, np.random.default_rng(0).random((3, 3))):
        u = experiments.grid(side, offset)
        assert u.shape == (side**3, 3) and [len(np.unique(column.round(9))) for column in u.T] == [side] * 3
        assert 0 <= u.min() and u.max() < 1


def test_a_knob_explains_what_depends_on_it_alone():
    u = np.random.default_rng(0).random((400, 3))
    only = experiments.explained(u, (8 * u[:, 1]).astype(int) * 1.0)
    assert only["λ"] == pytest.approx(1) and max(only["η"], only["gain"]) < 0.1
    both = experiments.explained(u, u[:, 0] + u[:, 2])  # variances of independent parts add up
    assert both["η"] == pytest.approx(0.5, abs=0.1) and both["gain"] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("trials, key", [(9, "a"), (33, "b"), (64, "c"), (95, "d")])
def test_the_right_option_follows_from_what_is_measured(trials, key, monkeypatch):
    monkeypatch.setattr(exercises, "matching", lambda side: trials)
    assert exercises.needed.measure() == key


def test_what_is_chosen_and_what_is_reported_are_other_digits_and_other_seeds():
    choose, report = experiments.halves()
    assert len(choose.X_test) + len(report.X_test) == 597
    assert not set(map(bytes, choose.X_test)) & set(map(bytes, report.X_test))
    assert not set(experiments.TUNING) & set(experiments.FRESH)


def test_trials_lie_in_their_ranges_and_each_method_has_as_many():
    for name, (_, ranges, plan) in experiments.METHODS.items():
        drawn = experiments.trials(name, tries=200)
        assert len(experiments.trials(name)) == experiments.TRIES and plan in experiments.PLANS
        for knob, (low, high) in ranges.items():
            values = np.array([one[knob] for one in drawn])
            assert low <= values.min() and values.max() <= high
            middle = math.sqrt(low * high) if knob == "lr" else 1 - math.sqrt((1 - low) * (1 - high))
            assert 60 < (values < middle).sum() < 140


# ---- the baseline


def test_the_verdict_is_welchs_at_two_standard_errors():
    from scipy.stats import ttest_ind

    rng, said = np.random.default_rng(0), set()
    gaps, spreads = np.append(0.0, np.geomspace(0.0005, 0.8, 10)), (0.0002, 0.004, 0.3)
    for sign, gap, one, two in itertools.product((-1, 1), gaps, spreads, spreads):
        mine, other = rng.normal(0.9 + sign * gap, one, (8, 5)), rng.normal(0.9, two, (8, 5))
        for a, b, t in zip(mine, other, ttest_ind(mine, other, axis=1, equal_var=False).statistic, strict=True):
            words = scenes.verdict(a, b)
            assert ("do not tell" in words) is bool(abs(t) <= 2)
            assert words.startswith("Momentum") is bool(t > 2) and words.startswith("Adam") is bool(t < -2)
            said.add(words)
    assert len(said) == 3
    same = np.full(5, 0.1)  # all five diverged, or all are alike
    assert "do not tell" in scenes.verdict(same, same) and scenes.verdict(same, same + 0.8).startswith("Adam")


def test_what_the_question_says_of_adams_default():
    default, tuned = (experiments.baseline(lr)[1].mean() for lr in scenes.ADAMS)
    text = exercises.which.explanations["a"]
    assert f"{100 * default:.0f} % right" in text and f"{100 * tuned:.0f} % with another η" in text


def test_a_verdict_waits_for_the_last_step():
    scene, (losses, right) = scenes.Beat(), experiments.baseline(scenes.ADAMS[1])
    for looks in range(1, len(losses) + 1):
        scene.show((0.1, 0.9, "η constant", losses[:looks], right, 0))
        scene.at(0)
        assert ("still training" in scene.caption) is (looks < len(losses))
        assert ("do not tell" in scene.caption) is (looks == len(losses))  # it is compared with itself


# ---- a student's function


def test_a_students_function_that_fails_leaves_the_figure():
    def fails(scores, k):
        return undefined  # noqa: F821

    def late(scores, k):
        return 1 / (k - 3)

    for function in (fails, late, lambda scores, k: "x", lambda scores, k: scores, lambda scores, k: 1e300, None):
        scene = scenes.BestOf()
        scene.show(exercises.beside(function)(scores=10, seed=0))
        scene.at(0)
        assert "ours 0." in scene.caption
    assert list(exercises.beside(lambda scores, k: ____)(10, 0)[2]) == ["ours", "drawn"]
    n, _, curves, trouble = exercises.beside(exercises.expected_best.reference)(40, 1)
    assert np.allclose(curves["ours"], curves["yours"]) and not trouble
    assert np.abs(curves["ours"] - curves["drawn"]).max() < 0.06  # the mean of 300 draws
