"""Chapter 13: what is particular to its exercises; what its captions and sentences say is true."""

import itertools
import statistics

import numpy as np
import pytest

import notebooks
from optim_core import layers, optimizers
from optim_core.chapters.regularization import exercises as chapter
from optim_core.chapters.regularization import experiments, scenes
from optim_core.chapters.regularization.experiments import Training
from optim_core.data import digits
from optim_core.descent import descend
from optim_core.exercises import ____
from optim_core.gradients import l2
from optim_core.live import control
from optim_core.losses import cross_entropy, one_hot
from optim_core.scenes.board import number

# Exercises --------------------------------------------------------------------------------------------------------


def loop_stopped(losses, patience):
    lows = np.minimum.accumulate(losses)
    for k in range(len(losses)):
        if k >= patience and lows[k] == lows[k - patience]:
            return int(np.flatnonzero(np.asarray(losses) == lows[k])[0]), k
    return int(np.argmin(losses)), len(losses) - 1


OTHER_WAYS = [
    (chapter.l2_gradient, lambda g, w, lam, n, each: [a + lam * e * b / n for a, b, e in zip(g, w, each, strict=True)]),
    (chapter.dropout, lambda x, u, p: np.where(u < p, 0, x / (1 - p))),
    (chapter.dropout, lambda x, u, p: x * (1 - (u < p)) * (1 / (1 - p))),
    (chapter.stopped, loop_stopped),
    (chapter.stopped, lambda losses, patience: list(loop_stopped(losses, patience))),
    (chapter.matching_lambda, lambda lr, steps: (lr * steps) ** -1),
    (chapter.ensemble, lambda z: np.mean([np.exp(a - np.logaddexp.reduce(a, -1)[:, None]) for a in z], axis=0)),
    (chapter.best_slope, lambda distance, lam: (2 * lam + distance) / (2 * lam)),
]


@pytest.mark.parametrize("ex, answer", OTHER_WAYS, ids=lambda x: getattr(x, "name", ""))
def test_a_right_answer_written_in_another_way_is_correct(ex, answer):
    assert ex.check(answer).outcome == "correct"


def test_the_solutions_are_what_the_package_does():
    rng = np.random.default_rng(0)
    g, w, each = rng.standard_normal((3, 5))
    each = np.abs(each)
    assert np.allclose(chapter.l2_gradient.reference(g, w, 0.3, 7, each), l2(lambda _: g, 0.3 / 7, each)(w))
    J = lambda w: 0.3 / (2 * 7) * (each * w**2).sum()  # noqa: E731, and it is the derivative of the penalty
    slope = [(J(w + 1e-5 * e) - J(w - 1e-5 * e)) / 2e-5 for e in np.eye(5)]
    assert np.allclose(chapter.l2_gradient.reference(0 * g, w, 0.3, 7, each), slope)
    x = np.ones((40, 50))
    ours = layers.dropout(x, p=0.3)[0]
    assert set(np.round(np.unique(ours), 6)) == {0, round(1 / 0.7, 6)}
    u = rng.random((400, 50))
    assert chapter.dropout.reference(np.ones_like(u), u, 0.3).mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("lr, lam", [(0.01, 0.5), (0.1, 1.0)])
def test_the_repaired_loop_is_adamw_and_the_given_one_adam_with_l2(lr, lam):
    def grad(w, t):
        return experiments.noisy_gradient(t) + 0 * w

    ours = descend(optimizers.adamw, [1.0, 1.0], grad, 12, lr=lr, decay=lam)["w"][1:]
    assert np.allclose(chapter.adam_decay.reference(lr, lam), ours, rtol=1e-12)
    given = descend(optimizers.adam, [1.0, 1.0], l2(grad, lam), 12, lr=lr)["w"][1:]
    assert np.allclose(chapter.adam_decay.broken(lr, lam), given, rtol=1e-12)


@pytest.mark.parametrize("distance, lam", [*itertools.product([0.0, 0.5, 4.0], [0.1, 10.0, 1000.0])])
def test_the_critics_slope_is_where_gradient_ascent_goes_and_no_neighbour_is_better(distance, lam):
    w = chapter.best_slope.reference(distance, lam)
    assert experiments.critic(distance, lam) == pytest.approx(w, rel=1e-6)
    value = lambda w: w * distance - lam * (w - 1) ** 2  # noqa: E731
    assert all(value(w) >= value(w + d) for d in (-1.0, -1e-3, 1e-3, 1.0))


def test_the_predictions_are_what_the_questions_say():
    *_, sweep = experiments.random_features(0.0, 0, (80, 200))
    assert f"{100 * sweep.wrong[0][0]:.1f} %" in chapter.threshold.question
    assert sweep.seen[1][0] == 0
    (grown,) = experiments.growing(decays=(0.1,), looks=[421])
    assert f"{100 * grown.seen[0][0, 0]:.0f} % of its training" in chapter.later.question
    assert f"{100 * grown.right[0][0, 0]:.0f} % of the held-out" in chapter.later.question
    assert "0.0005" in chapter.torch_decay.options[chapter.torch_decay.correct] and 0.5 / 1000 == 0.0005


def test_a_students_dropout_runs_beside_ours_and_what_goes_wrong_is_said():
    _, sums, trouble = experiments.beside(chapter.dropout.reference)(0.4)
    assert np.allclose(sums["ours"], sums["yours"]) and trouble == ""
    assert list(experiments.beside(lambda x, u, p: ____)(0.4)[1]) == ["ours"]
    for broken in (lambda x, u, p: x.sum(), lambda x, u, p: nothing, lambda x, u, p: x / 0):  # noqa: F821
        scene = scenes.Sums()
        scene.show(experiments.beside(broken)(0.4))
        scene.at(0)
        assert "Yours did not give" in scene.caption


# Polynomials, random features -------------------------------------------------------------------------------------


def test_ridge_is_at_a_minimum_of_the_loss_with_its_penalty():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((12, 4)), rng.standard_normal(12)
    for lam, spared in [(0.0, []), (0.7, []), (30.0, [0])]:
        w = experiments.ridge(A, y, lam, spared)
        kept = np.delete(w, spared)
        grad = A.T @ (A @ w - y) / 12 + lam / 12 * np.where(np.isin(np.arange(4), spared), 0, w)
        assert np.abs(grad).max() < 1e-12 and len(kept) == 4 - len(spared)


@pytest.mark.parametrize("n", [5, 15, 60])
@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_errors_on_new_points_are_what_new_points_say(n, noise):
    (x, y), fits, seen, new = experiments.polynomials(n, noise, 0.0)
    assert np.isfinite(new).all() and (new >= noise**2).all() and (np.diff(seen) < 1e-9).all()
    rng = np.random.default_rng(5)
    at = rng.integers(201, size=100_000)
    fresh = experiments.truth(experiments.GRID[at]) + noise * rng.standard_normal(len(at))
    for d in (0, 3, 9):
        assert new[d] == pytest.approx(np.mean((fits[d][at] - fresh) ** 2), rel=0.03)


def test_capacity_alone_does_not_overfit_and_the_situations_are_as_named():
    polynomials = experiments.polynomials
    assert polynomials(15, 0.0, 0.0)[3][14] < 1e-12 < polynomials(15, 0.0, 0.0)[3][3]
    new = polynomials(15, 0.3, 0.0)[3]
    assert new[1] > 2 * new[3] and new[14] > 10 * new[3] and new[3] < 1.1 * new.min()
    assert polynomials(60, 0.3, 0.0)[3][14] < 0.1 * new[14] and polynomials(15, 0.3, 0.1)[3][14] < 0.1 * new[14]
    assert polynomials(15, 0.3, 1e-4)[3][14] < 0.5 * new[14] < polynomials(15, 0.3, 1e-6)[3][14]  # too small
    fit = polynomials(15, 0.3, 100.0)[1][14]
    assert np.ptp(fit) < 0.5 < np.ptp(polynomials(15, 0.3, 0.1)[1][14])  # nearly a constant
    for seed in range(5):  # the first figure has a peak at as many points as weights, too
        assert polynomials(10, 0.3, 0.0, seed)[3][14] < polynomials(15, 0.3, 0.0, seed)[3][14]


def test_the_ratio_of_errors_does_not_hang_on_few_draws(monkeypatch):
    ratios = [new[14] / new[4] for *_, new in (experiments.polynomials(15, 0.3, 0.0, seed) for seed in range(200))]
    assert experiments.ratio_of_errors() == pytest.approx(np.median(ratios))
    points = experiments.points
    monkeypatch.setattr(experiments, "points", lambda n, noise, seed=0: points(n, noise, seed + 1000))
    assert 0.5 < experiments.ratio_of_errors() / np.median(ratios) < 2  # what the question lets pass


def test_without_noise_a_high_degree_is_bad_where_it_cannot_follow(monkeypatch):
    monkeypatch.setattr(experiments, "truth", lambda x: 1 / (1 + 25 * x**2))
    new = experiments.polynomials(15, 0.0, 0.0)[3]
    assert new[14] > 1 > 100 * new[10]


@pytest.mark.parametrize("n, noise", [(15, 0.0), (60, 0.0), (15, 0.01), (15, 0.3), (60, 1.0)])
def test_the_error_of_the_chosen_degree_is_inside_its_panel(n, noise):
    scene = scenes.Degrees()
    for degree in (3, 14):
        scene.show((degree, n, noise, 0.0, experiments.polynomials(n, noise, 0.0)))
        low, high = scene.error.axes.get_ylim()
        assert low < scene.new[degree] < high


def test_the_lowest_of_all_degrees_is_what_fits_of_our_own_find():
    """Points, noise and penalty at both ends and between; by least squares with the penalty as further rows."""
    sigmas = [0.0, 0.02, 0.1, 0.3, 0.6, 1.0]
    for n, lam in itertools.product((5, 9, 14, 15, 16, 27, 60), (0.0, 1e-4, 0.1, 100.0)):
        Y = np.stack([experiments.points(n, sigma)[1] for sigma in sigmas], 1)
        A, B = (np.polynomial.legendre.legvander(np.linspace(-1, 1, m), 15) for m in (n, 201))
        off = []
        for k in range(1, 17):
            rows = np.vstack([A[:, :k], lam**0.5 * np.eye(k)[1:]])  # the constant is not shrunk
            w = np.linalg.lstsq(rows if lam else A[:, :k], np.vstack([Y, np.zeros((k - 1, 6))]) if lam else Y)[0]
            off.append(((B[:, :k] @ w - np.sin(3 * np.linspace(-1, 1, 201))[:, None]) ** 2).mean(0) + np.square(sigmas))
        for sigma, errors in zip(sigmas, np.array(off).T, strict=True):
            said = scenes.lowest(experiments.polynomials(n, sigma, lam)[3])
            assert said.startswith("The lowest of all degrees on new points: ")
            error, degree = said.removesuffix(".").split(": ")[1].split(", degree ")
            least, at = errors.min(), int(degree)
            assert errors[at] <= least * (1 + 1e-5) + 1e-22 and (errors[:at] > least * (1 + 1e-7)).all()
            small = least < 0.99e-12
            assert (error == "below 10⁻¹²") == small or abs(least - 1e-12) < 1e-14
            assert small or notebooks.parse_number(error)[0] == pytest.approx(least, rel=0.006)
            assert sigma or lam or at % 2 or n < 3, "sin(3x) is odd: what a degree that is even adds is rounding"


@pytest.mark.parametrize("p", [40, 250])
@pytest.mark.parametrize("lam", [0.0, 1.0])
def test_the_sweep_is_least_squares_on_the_features_themselves(p, lam):
    *_, sweep = experiments.random_features(0.2, 3, (20, p))
    data = digits(200, 3, noise=0.2)
    V = np.random.default_rng([3, 1]).standard_normal((p, 64)).T / 4
    A, B, k = np.maximum(data.X @ V, 0), np.maximum(data.X_test @ V, 0), experiments.PENALTIES.index(lam)
    W = experiments.ridge(A, one_hot(data.y, 10), lam)
    assert sweep.wrong[1][k] == pytest.approx(np.mean((B @ W).argmax(-1) != data.y_test), abs=2e-3)
    assert sweep.norm[1][k] == pytest.approx(np.linalg.norm(W), rel=1e-6)


def test_what_the_text_says_of_the_peak():
    *_, clean = experiments.random_features(0.0)
    *_, noisy = experiments.random_features(0.2)
    p, n = np.array(clean.p), experiments.N
    wrong, norm, noise = np.array(clean.wrong), np.array(clean.norm), np.array(noisy.wrong)
    assert p[wrong[:, 0].argmax()] == p[norm[:, 0].argmax()] == n
    assert (np.array(clean.seen)[p >= n, 0] == 0).all() and (np.diff(norm[p >= n, 0]) < 0).all()
    assert wrong[p == n, 3] < wrong[p < n, 0].min()  # λ = 1: no peak left
    valley = noise[p < n, 0].min()
    assert abs(noise[-1, 0] - valley) < 0.03 and noise[-1, 4] < valley - 0.02
    near, far = noise[p == n][0], noise[-1]  # with wrong labels the λ that helps grows with p
    assert near[4] < near[5] and 0.4 < far[5] / far[0] < 0.6 and far[5] < 0.75 * far[4]


def found_by_hand(p, wrong):
    """The lowest before n, the highest of what follows it, and the lowest beyond n: pairs (wrong, p), or None."""
    pairs = list(zip(wrong.tolist(), p, strict=True))
    low = min((pair for pair in pairs if pair[1] < experiments.N), key=lambda pair: pair[0])
    beyond = [pair for pair in pairs if pair[1] > experiments.N]
    then = max((pair for pair in pairs if pair[1] >= low[1]), key=lambda pair: pair[0])
    return low, then if then[0] > low[0] else None, min(beyond, key=lambda pair: pair[0]) if beyond else None


def test_found_says_where_a_curve_is_lowest_and_highest():
    """Curves that are drawn at random, and those of the figure: every λ, as far as they have come."""
    curves = [np.random.default_rng(k).random(len(experiments.COUNTS)) for k in range(30)]
    for noise in (0.0, 0.2):
        (*_, sweep) = experiments.random_features(noise)
        curves += list(np.array(sweep.wrong).T)
    for wrong, most in itertools.product(curves, range(1, len(experiments.COUNTS) + 1)):
        p = np.array(experiments.COUNTS[:most])
        low, then, end = found_by_hand(p.tolist(), wrong[:most])
        word = "{} (p = {:,})"
        assert " ".join(scenes.found(p, wrong[:most])) == " ".join(
            [f"lowest below p = n: {word.format(scenes.percent(low[0]), low[1])};"]
            + ([] if end else ["no p above n yet."])
            + ([f"highest from there on: {word.format(scenes.percent(then[0]), then[1])};"] if end and then else [])
            + (["not higher from there on;"] if end and not then else [])
            + ([f"lowest above: {word.format(scenes.percent(end[0]), end[1])}."] if end else [])
        )


# Shrink or stop, two decays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("h", [0.01, 0.3, 1.0])
def test_the_parts_are_what_descent_and_the_minimum_keep(h):
    w = descend(optimizers.gd, [0.0], lambda w: h * (w - 1), 30, lr=0.9)["w"][:, 0]
    assert np.allclose(w, experiments.kept_by_stopping(h, 0.9, np.arange(31)), atol=1e-12)
    w = descend(optimizers.gd, [0.0], lambda w: h * (w - 1) + 0.2 * w, 500, lr=0.8)["w"][-1, 0]
    assert w == pytest.approx(experiments.kept_by_ridge(h, 0.2), abs=1e-6)


def test_the_largest_gap_is_one_and_nobody_finds_a_larger_at_any_stop():
    h = np.random.default_rng(0).random(2000)
    h = np.concatenate([h, 10.0 ** (-7 * h), np.geomspace(1e-9, 1, 2000)])
    for t, c in itertools.product(control("stop", 100.0).stops, control("match", 1.0).stops):
        gap, x = scenes.largest_gap(t, c)
        stopped, shrunk = 1 - (1 - h) ** t, h / (h + c / t)
        assert np.abs(stopped - shrunk).max() <= gap + 1e-3 and 0 < x <= t * (1 + 1e-12)
        assert gap == pytest.approx(abs(1 - (1 - x / t) ** t - x / (x + c)), abs=1e-9)
        if c == 1.0:  # stopping keeps more of every direction
            assert (stopped - shrunk > -1e-12).all()


def test_the_best_t_and_the_best_penalty_are_the_lowest_of_those_tried():
    rng, (_, *measured) = np.random.default_rng(0), experiments.stopping(0.2)
    for stopped, shrunk in [measured, *(np.round(rng.random((2, 61)), 2) for _ in range(60))]:
        said = []
        for wrong in (stopped, shrunk):
            least, when = min((value, t) for value, t in zip(wrong, experiments.TIMES, strict=True))
            said.append((scenes.percent(least), number(float(f"{when:.2g}"))))
        assert scenes.best_of(stopped, shrunk) == (
            f"the best t gets {said[0][0]} of the held-out digits wrong, at t = {said[0][1]}; the best λ {said[1][0]}, "
            f"at 1/(ηλ) = {said[1][1]}"
        )


def test_what_the_decay_alone_leaves_is_what_steps_without_a_gradient_do():
    lr, lam = np.array([0.001, 0.002, 0.005, 0.01, 0.02]), np.array([[0.0], [0.02], [0.05], [0.1], [0.2], [0.5], [1.0]])
    w = np.ones((7, 5, 1))
    w = descend(optimizers.adamw, w, np.zeros_like, 600, keep="last", lr=lr[:, None], decay=lam[..., None])["w"][..., 0]
    for i, j in np.ndindex(7, 5):
        told = scenes.alone(float(lr[j]), float(lam[i, 0])).removeprefix("After 600 steps the decay alone leaves ")
        if told == "less than 0.01.":
            assert w[i, j] < 0.0051
        else:
            assert notebooks.parse_number(told.rstrip("."))[0] == pytest.approx(w[i, j], abs=0.0051) and told != "0."


def test_means_are_told_with_two_standard_errors_where_two_decimals_show_them():
    for n, scale, middle in itertools.product((2, 10, 50), (1e-4, 0.01, 0.03, 0.3, 2.0), (-1.0, 0.0, 0.004, 0.7)):
        values = middle + scale * np.random.default_rng(n).standard_normal(n)
        error, (mean, *more) = 2 * statistics.stdev(values) / n**0.5, scenes.with_spread(values).split(" ± ")
        assert notebooks.parse_number(mean)[0] == pytest.approx(values.mean(), abs=0.0051) and mean not in (
            "−0",
            "0.00",
        )
        assert bool(more) == (error >= 0.01)
        assert not more or notebooks.parse_number(more[0])[0] == pytest.approx(error, abs=0.0051)


def test_stopping_and_ridge_on_digits_are_what_the_features_themselves_say():
    h, stopped, shrunk = experiments.stopping(0.2)
    data, k = digits(200, 0, noise=0.2), 20
    V = np.random.default_rng([0, 1]).standard_normal((1000, 64)).T / 4
    A, B, Y = np.maximum(data.X @ V, 0), np.maximum(data.X_test @ V, 0), one_hot(data.y, 10)
    W = A.T @ np.linalg.solve(A @ A.T + h[0] / experiments.TIMES[k] * np.eye(200), Y)
    assert shrunk[k] == pytest.approx(np.mean((B @ W).argmax(-1) != data.y_test), abs=1e-3)
    W = np.zeros((1000, 10))
    for _ in range(100):
        W -= A.T @ (A @ W - Y) / h[0]
    assert experiments.TIMES[k] == pytest.approx(100)
    assert stopped[k] == pytest.approx(np.mean((B @ W).argmax(-1) != data.y_test), abs=1e-3)


def test_adamw_decays_both_weights_and_l2_by_the_noise():
    for lr, decay, sigma in [(0.005, 0.1, (0.1, 10.0)), (0.002, 0.2, (1.0, 5.0)), (0.005, 0.5, (2.0, 20.0))]:
        runs, alone = experiments.two_weights(lr, decay, sigma), (1 - lr * decay) ** 600
        for k in (0, 1):
            end = runs["AdamW"][-1, :, k]
            assert abs(end.mean() - alone) < 2 * scenes.spread(end) + 0.005
            if sigma[k] >= 5 * decay:  # the noise is much larger than λw
                end = runs["Adam + L2"][-1, :, k]
                assert abs(end.mean() - np.exp(-lr * decay * 600 / sigma[k])) < 2 * scenes.spread(end) + 0.02
    runs = experiments.two_weights(0.005, 0.0)
    assert np.allclose(runs["AdamW"], runs["Adam + L2"])


@pytest.mark.parametrize(
    "stop, match, dots", [(1.0, 10.0, 1), (1e6, 0.1, 1), (1.0, 1.0, 2), (1e6, 1.0, 2), (50.0, 10.0, 2)]
)
def test_no_dot_stands_beside_its_line(stop, match, dots, monkeypatch):
    scene, shown = scenes.ShrinkOrStop(), []
    monkeypatch.setattr(scene.wrong, "show", lambda lines, looks, dots: shown.append(dots))
    scene.show((stop, match, 0.2, experiments.stopping(0.2)))
    assert len(shown[0]) == dots


# Networks ---------------------------------------------------------------------------------------------------------


def test_the_knobs_do_what_their_situations_say():
    plain, (*_, shrunk), (*_, much) = (
        experiments.plain(0.3), experiments.knobs(0.03, 1.0, 0.0, 0.3), experiments.knobs(0.1, 1.0, 0.0, 0.3),
    )  # fmt: skip
    assert plain.seen[-1] == 1 and plain.test_loss[-1] > min(plain.test_loss) and plain.t[-1] == experiments.LENGTH
    assert shrunk.right[-1] > plain.right[-1] + 0.05 and shrunk.seen[-1] < 0.9
    assert much.right[-1] < plain.right[-1] - 0.1
    (*_, dropped) = experiments.knobs(0.0, 1.0, 0.5, 0.3)
    assert dropped.right[-1] > plain.right[-1] and dropped.seen[-1] < 1
    scene = scenes.Knobs()
    for patience, ends in [(1, True), (20, True), (30, False)]:
        scene.show(("λ = 0", patience, plain, plain))
        assert scene.ran_out is ends
        scene.at(0)
        best, end = chapter.stopped.reference(plain.test_loss, patience)
        assert (scene.best, scene.end) == (best, end)
        assert plain.seen[best] < 1
    assert chapter.stopped.reference(plain.test_loss, 1)[0] == np.argmin(plain.test_loss)  # smooth: one look will do
    for wrong in (0.0, 0.3):  # with dropout it will not; on clean labels that costs something: "impatient"
        (*_, dropped) = experiments.knobs(0.0, 1.0, 0.5, wrong)
        best, low = chapter.stopped.reference(dropped.test_loss, 1)[0], int(np.argmin(dropped.test_loss))
        assert best < low and (dropped.right[low] > dropped.right[best] + 0.005) == (wrong == 0)
        scene.show(("p = 0.5", 1, dropped, experiments.plain(wrong)))
        scene.at(0)
        assert f"the lowest held-out loss came later, at step {dropped.t[low]}: " in scene.caption
    scene.show(("λ = 0", 1, plain, plain))
    scene.at(0)
    assert "came later" not in scene.caption


def test_when_patience_ends_a_training_is_said_of_every_look():
    """Losses that fall, rise and come again, at every stop of patience, as far as they have come."""
    rng = np.random.default_rng(0)
    for k, patience in itertools.product(range(12), (1, 2, 3, 5, 10, 20, 30)):
        losses = np.round(np.cumsum(rng.normal(-0.02 + 0.01 * k, 0.3, 31)), 1) + 9
        for looks in (1, 2, 6, 11, 21, 31):
            seen = losses[:looks].tolist()
            run = Training([20 * i for i in range(looks)], [], seen, [], rng.random(looks).tolist(), [])
            best, end = 0, None
            for now in range(looks):
                best = best if seen[best] <= seen[now] else now
                if now - best == patience:
                    end = now
                    break
            said, then = scenes.stops(run, patience), f"step {20 * best}: {scenes.percent(run.right[best])} right"
            some = f"{patience} look{'s' if patience > 1 else ''}"
            if end is None:
                assert said == f"A patience of {some} has not run out; the lowest held-out loss so far is at {then}."
                assert min(seen) == seen[best]
                continue
            low = seen.index(min(seen))
            late = f"; the lowest held-out loss came later, at step {20 * low}: {scenes.percent(run.right[low])} right"
            assert scenes.missed(run, best) == (late if low > best else "")
            assert said == (
                f"With a patience of {some} it ends at step {20 * end}, with the weights of {then}"
                f"{late if low > best else ''}."
            )


def test_penalties_leave_biases_alone_and_know_the_first_layer():
    net = experiments.network(0.5)
    each = experiments.penalties(net, 0.1, first=3.0)
    first, second = (here for here, _ in net.matrices)
    assert np.allclose(each[first], 0.3) and np.allclose(each[second], 0.1) and not each[~net.is_weight].any()
    assert (experiments.penalties(net, 0.1, biases=True) > 0).all()
    (*_, free) = experiments.knobs(0.1, 0.0, 0.0, 0.3)
    (*_, held) = experiments.knobs(0.1, 2.0, 0.0, 0.3)
    assert held.size[-1] < 0.2 * free.size[-1]


def test_the_formula_of_the_mean_is_exact_over_all_choices_of_members():
    rng = np.random.default_rng(0)
    p, Y = rng.random((6, 7, 3)), np.eye(3)[rng.integers(3, size=7)]
    one = experiments.measured(p, Y)
    for M in (1, 2, 3, 6):
        some = [((p[list(who)].mean(0) - Y) ** 2).sum(-1).mean() for who in itertools.combinations(range(6), M)]
        assert np.mean(some) == pytest.approx(experiments.of_the_mean(one.variance, one.rho, M), rel=1e-12)
    formula = experiments.of_the_mean(one.variance, one.rho, np.arange(1, 7))
    assert np.allclose(one.brier[0], formula, rtol=0.02)
    assert one.brier[0, -1] == pytest.approx(experiments.of_the_mean(one.variance, one.rho, 6))


def test_members_that_share_a_start_can_be_averaged_and_others_cannot():
    start, both, data = (experiments.ensemble(differ, 0.3) for differ in experiments.DIFFER)
    assert start.rho > 0.95 > 0.75 > max(both.rho, data.rho)
    assert max(start.averaged[-1], both.averaged[-1]) < 0.8 * min(start.right[0], both.right[0])
    assert data.averaged[-1] > data.right[0] and both.right[-1] > both.right[0]
    large = experiments.ensemble(experiments.DIFFER[0], 0.3, scale=8.0)
    assert large.rho < 0.8 and large.right[-1] > large.right[0] + 0.03
    whole, some = (experiments.ensemble(differ) for differ in experiments.DIFFER[:2])
    assert some.right[0] < whole.right[0] - 0.02 and some.right[-1] < whole.right[0] + 0.01  # only won back


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_what_the_rules_of_dropout_do_to_a_sum(p):
    sums = {rule: experiments.masked_sums(p, rule) for rule in experiments.RULES}
    mean, test = [s.mean() for s in sums.values()], experiments.unit().sum()
    error = 4 * sums[experiments.RULES[0]].std() / np.sqrt(4000)
    assert abs(mean[0] - test) < error and mean[1] == pytest.approx((1 - p) * mean[0])
    assert mean[2] == pytest.approx((1 - p) / p * mean[0])
    assert (abs(mean[2] - test) < error) == (p == 0.5)
    scene = scenes.Dropping()
    low, high = scene.sums.edges[[0, -1]]
    for rule, all_sums in sums.items():  # the histogram is not cut
        assert np.mean((all_sums < low) | (all_sums > high)) < 1e-3, rule


def test_what_dropout_and_l2_leave_is_said_at_every_p_and_penalty():
    """1 − p of each weight, whatever its feature's size; L2: by least squares with a further row."""
    for p in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        kept = experiments.trained_with_dropout(p)
        assert np.allclose(kept, 1 - p, atol=0.02)
        for lam in (0.01, 0.1, 1.0, 10.0, 100.0):
            said = scenes.leaves(p, kept, lam)
            assert notebooks.parse_number(said.split("leaves ")[1].split(" of")[0])[0] == pytest.approx(1 - p, abs=0.02)
            ends = said.removesuffix(".").split("leaves ")[2].split(" to ")
            for told, size in zip(ends, (0.1, 10.0), strict=True):
                (left,) = np.linalg.lstsq(np.array([[size], [lam**0.5]]), np.array([size, 0.0]))[0]
                assert notebooks.parse_number(told)[0] == pytest.approx(left, rel=0.06)


def test_decay_brings_a_large_start_down_and_the_rest_stays():
    (*_, grown) = experiments.growing(8.0, decays=(0.0, 0.1), looks=[421, 1000])
    seen, right, size = (np.array(part)[..., 0] for part in (grown.seen, grown.right, grown.size))
    assert (seen > 0.98).all() and (right[:, 0] < 0.4).all() and right[1, 1] > right[0, 1] + 0.15
    assert size[1, 1] < 0.5 * size[1, 0]


def test_a_rectified_network_can_be_rescaled_without_changing_it():
    net, data = experiments.network(), digits(100)
    first, second = (here for here, _ in net.matrices)
    w = net.init(0, "he")
    other = w.copy()
    other[: second.start] *= 10  # the first layer with its biases
    other[second] /= 10
    a, b = (net.loss(v, data.X, data.y) for v in (w, other))
    assert a == pytest.approx(b, rel=1e-12) and net.measure.func is cross_entropy.__wrapped__
    slopes = [np.linalg.norm(net.grad(v, data.X, data.y)[second]) for v in (w, other)]
    assert slopes[1] == pytest.approx(10 * slopes[0])


def test_percent_and_small_are_tidy():
    assert [scenes.percent(v) for v in (0, 0.004, 0.1234, 1)] == ["0 %", "0.4 %", "12.3 %", "100 %"]
    assert scenes.small(0.0) == "below 10⁻¹²" and scenes.small(2.47) == "2.47"


def test_two_words_in_the_histogram_do_not_lie_on_each_other():
    scene = scenes.Dropping()
    for p, rule in itertools.product([0.1, 0.4, 0.9], experiments.RULES):
        sums = experiments.masked_sums(p, rule)
        scene.show((p, rule, sums, 1.0, np.full(9, 1 - p)))
        scene.at(0)
        scene.figure.canvas.draw()
        artists, frame = scene.sums.artists, scene.sums.axes.bbox
        words = [one for name, one in artists.items() if name.startswith("mark word") and one.get_visible()]
        boxes = [word.get_window_extent() for word in words]
        assert len(boxes) == 1 + (abs(sums.mean() - 10) > 3)
        assert all(box.x0 >= frame.x0 and box.x1 <= frame.x1 for box in boxes)
        assert len(boxes) < 2 or not boxes[0].overlaps(boxes[1])
        low, high = scene.sums.axes.get_xlim()
        assert ((low < sums) & (sums < high)).mean() > 0.998
