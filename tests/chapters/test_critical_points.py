"""Chapter 02: what its exercises, questions and figures say is true."""

import math

import numpy as np
import pytest

from optim_core import critical, descent, optimizers, surfaces
from optim_core.chapters.critical_points import exercises as chapter
from optim_core.chapters.critical_points import experiments
from optim_core.chapters.critical_points.exercises import classify, escape_direction, escape_steps, quadratic_model
from optim_core.chapters.critical_points.scenes import Eigenvectors, Taylor


def test_the_classifier_and_the_escape_direction_are_those_of_the_package():
    for (eigenvalues,) in classify.cases:
        assert classify.reference(eigenvalues) == critical.classify(np.diag(eigenvalues))
    for (hessian,) in escape_direction.cases:
        assert escape_direction.same(escape_direction.reference(hessian), critical.escape_direction(hessian))


def test_the_quadratic_model_misses_the_loss_by_the_third_order_only():
    surface, w, d = surfaces.rosenbrock(), np.array([-0.5, 0.8]), np.array([0.6, -0.8])
    at = surface.loss(w), surface.grad(w), surface.hessian(w)
    misses = [abs(quadratic_model.reference(*at, s * d) - surface.loss(w + s * d)) for s in (1e-1, 1e-2, 1e-3)]
    orders = np.log10(np.array(misses[:-1]) / misses[1:])
    assert np.all(np.abs(orders - 3) < 0.1)


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-8])
def test_the_escape_law_counts_the_steps_of_gradient_descent(distance):
    def hill(u):
        return np.array([-2.0, 2.0]) * u

    path = descent.descend(optimizers.gd, np.array([distance, 0.0]), hill, 400, lr=0.05)
    measured = int(np.argmax(path["w"][:, 0] >= 1))
    assert measured == math.ceil(escape_steps.reference(distance, 1.0, 0.05, -2.0))


def test_on_the_antidiagonal_gradient_descent_ends_at_the_saddle():
    assert chapter.antidiagonal.measure() == "b"
    assert chapter.antidiagonal.options["b"] == "at the saddle"


@pytest.mark.parametrize("closer", [10, 100, 1000])
def test_starting_closer_costs_the_logarithm_more_steps(closer):
    more = experiments.steps_to_leave(1e-2 / closer) - experiments.steps_to_leave(1e-2)
    assert abs(more - math.log(closer) / math.log(1 + 2 * experiments.LR)) <= 1.5


def test_the_prediction_of_the_steps_is_the_measured_difference():
    p = chapter.more_steps
    assert p.measure() == experiments.steps_to_leave(1e-4) - experiments.steps_to_leave(1e-2)
    assert "= 48.3" in p.why


def test_the_eigenvalues_that_the_choices_quote():
    surface = surfaces.product()
    assert np.allclose(critical.eigen(surface.hessian(np.array([1.0, 1.0])))[0], [0, 4])
    assert np.allclose(critical.eigen(surface.hessian(np.zeros(2)))[0], [-2, 2])
    w = np.array([2.0, 0.5])
    assert np.allclose(critical.eigen(surface.hessian(w))[0], [0, 2 * w @ w])


def test_the_chance_of_three_positive_eigenvalues_that_a_choice_quotes():
    positive = (critical.eigen(critical.goe(3, runs=40_000, seed=1))[0] > 0).all(-1).mean()
    assert abs(positive - 0.0249) < 4 * math.sqrt(0.0249 / 40_000)
    assert "in 2.5% of cases, not in 12.5%" in chapter.independent_signs.explanations["c"]


@pytest.mark.parametrize("surface", [make() for make in surfaces.SURFACES.values()], ids=lambda s: s.name)
def test_the_loss_at_every_known_critical_point_is_in_the_panels(surface):
    scene, one = Eigenvectors(), Taylor()
    for point in surface.critical_points:
        L = surface.loss(point["w"])
        scene.show((surface, point["w"], 0.0))
        one.show((surface, point["w"], 30.0, 0.0))
        for axes in (*scene.sections, one.section):
            low, high = axes.get_ylim()
            assert low < L < high, f"{surface.name}: {point}"


def test_limits_stay_while_the_point_moves_a_little():
    scene = Taylor()
    limits = set()
    for w1 in np.linspace(1.8, 2.0, 21):
        scene.show((surfaces.product(), (w1, -2.0), 30.0, 0.0))
        limits.add(scene.section.get_ylim())
    assert len(limits) < 6
