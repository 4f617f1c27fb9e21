"""Mistakes that people make, planted in the source one at a time: each is caught by a fact that is named beside it.

MUTANTS lists for each function, module.name or module.Class.name, what may go wrong in it: the mistake in words, the
text of the source that is replaced, by what, and the fact that must then fail: a test, or a tuple of a test and its
arguments; where none is named, it is the optimizer's path, compared with torch's.  A new mistake is a row.
"""

import importlib
import inspect
import sys
import textwrap

import pytest

PATH = "test_optimizers.check_paths"
FIRST = "test_optimizers.test_the_first_step_is_what_the_equation_says"

# fmt: off
MUTANTS = {
    # ---- gradient descent and momentum
    "optimizers.gd": [
        ("gd adds the gradient", "w - lr * grad(w)", "w + lr * grad(w)"),
    ],
    "optimizers.momentum": [
        ("momentum adds the gradient", "v - lr * grad(w)", "v + lr * grad(w)"),
        ("momentum averages where a sum is asked", "v - lr * grad(w)", "v - (1 - mu) * lr * grad(w)"),
        ("momentum keeps the learning rate outside the velocity",
         "v = mu * v - lr * grad(w)\n    w = w + v", "v = mu * v - grad(w)\n    w = w + lr * v",
         (PATH, "momentum", "optax")),
        ("momentum moves with the old velocity",
         "v = mu * v - lr * grad(w)\n    w = w + v", "w = w + v\n    v = mu * v - lr * grad(w)"),
    ],
    "optimizers.nesterov": [
        ("nesterov takes the gradient at the old point",
         "grad(w + mu * v)", "grad(w)", "test_optimizers.test_nesterov_looks_where_the_velocity_leads"),
        ("nesterov looks ahead by v, not by μv", "grad(w + mu * v)", "grad(w + v)"),
        ("nesterov looks backwards", "grad(w + mu * v)", "grad(w - mu * v)"),
    ],
    "optimizers.ema_momentum": [
        ("EMA momentum sums", "(1 - beta) * grad(w)", "grad(w)"),
    ],
    "optimizers.normalized_gd": [
        ("normalized gd divides by the squared norm", "norm, 1)", "norm**2, 1)"),
        ("normalized gd divides each coordinate by itself",
         "np.hypot.reduce(g, axis=-1, keepdims=True)", "np.abs(g)"),
    ],
    # ---- AdaGrad, RMSProp, AdaDelta
    "optimizers.adagrad": [
        ("AdaGrad without the root", "(np.sqrt(s) + eps)", "(s + eps)"),
        ("AdaGrad with ε inside the root", "(np.sqrt(s) + eps)", "np.sqrt(s + eps)"),
        ("AdaGrad gives steep parameters the large rate",
         "g / (np", "g * (np", "test_optimizers.test_steep_coordinates_get_small_learning_rates"),
        ("AdaGrad sums gradients, not squares", "s + g**2", "s + np.abs(g)"),
        ("AdaGrad forgets",
         "s + g**2", "g**2",
         "test_optimizers.test_adagrad_under_a_constant_gradient_travels_twice_the_root_of_the_time"),
    ],
    "optimizers.mean_square_adagrad": [
        ("mean-square AdaGrad takes the sum",
         "np.sqrt(s / t)", "np.sqrt(s)",
         "test_optimizers.test_the_mean_form_bursts_after_a_flat_stretch_and_the_sum_form_does_not"),
    ],
    "optimizers.rmsprop": [
        ("RMSProp without the root", "(np.sqrt(s) + eps)", "(s + eps)"),
        ("RMSProp with ε inside the root", "(np.sqrt(s) + eps)", "np.sqrt(s + eps)"),
        ("RMSProp gives steep parameters the large rate",
         "g / (np", "g * (np", "test_optimizers.test_steep_coordinates_get_small_learning_rates"),
        ("RMSProp accumulates g, not g²", "(1 - beta) * g**2", "(1 - beta) * g"),
        ("RMSProp accumulates the squared velocity", "(1 - beta) * g**2", "(1 - beta) * (g + b) ** 2"),
        ("RMSProp sums without 1 − β", "(1 - beta) * g**2", "g**2", (FIRST, "rmsprop")),
        ("RMSProp corrects its bias", "np.sqrt(s) + eps", "np.sqrt(s / (1 - beta**t)) + eps", (FIRST, "rmsprop")),
    ],
    "optimizers.centered_rmsprop": [
        ("centered RMSProp is not centered",
         "np.maximum(s - m**2, 0)", "s",
         "test_optimizers.test_centered_rmsprop_takes_longer_steps_where_the_gradient_is_steady"),
        ("centered RMSProp takes the root of what rounding left",
         "np.maximum(s - m**2, 0)", "s - m**2",
         "test_optimizers.test_centered_rmsprop_stays_finite_under_a_constant_gradient"),
    ],
    "optimizers.adadelta": [
        ("AdaDelta's averages swapped", "np.sqrt(X + eps) / np.sqrt(s + eps)", "np.sqrt(s + eps) / np.sqrt(X + eps)"),
        ("AdaDelta with ε outside the root",
         "np.sqrt(X + eps) / np.sqrt(s + eps)", "(np.sqrt(X) + eps) / (np.sqrt(s) + eps)",
         ("test_optimizers.test_epsilon_is_the_hidden_learning_rate_of_adadelta", 0.0001, 0.0316)),
        ("AdaDelta accumulates gradients twice", "(1 - rho) * d**2", "(1 - rho) * g**2"),
        ("AdaDelta accumulates the step after η",
         "(1 - rho) * d**2", "(1 - rho) * (lr * d) ** 2",
         "test_optimizers.test_adadelta_accumulates_its_steps_before_the_learning_rate"),
    ],
    # ---- Adam and its family
    "optimizers.adam": [
        ("Adam multiplies by its correction", "m / (1 - beta1**t)", "m * (1 - beta1**t)", (FIRST, "adam")),
        ("Adam multiplies v by its correction", "v / (1 - beta2**t)", "v * (1 - beta2**t)", (FIRST, "adam")),
        ("Adam corrects by 1 − β",
         "m / (1 - beta1**t)", "m / (1 - beta1)",
         "test_optimizers.test_with_correction_adams_steps_are_one_learning_rate_under_a_constant_gradient"),
        ("Adam corrects v by 1 − β", "v / (1 - beta2**t)", "v / (1 - beta2)"),
        ("Adam counts one step too many", "    g = grad(w)\n", "    g, t = grad(w), t + 1\n", (FIRST, "adam")),
        ("Adam counts from 0", "    g = grad(w)\n", "    g, t = grad(w), t - 1\n", (FIRST, "adam")),
        ("Adam takes m without its hat", "lr * m_hat /", "lr * m /", (FIRST, "adam")),
        ("Adam takes v without its hat", "np.sqrt(v_hat)", "np.sqrt(v)", (FIRST, "adam")),
        ("Adam forgets both hats", "lr * m_hat / (np.sqrt(v_hat)", "lr * m / (np.sqrt(v)"),
        ("Adam without the root", "np.sqrt(v_hat)", "v_hat"),
        ("Adam with ε inside the root", "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)"),
        ("Adam adds ε to the weights", "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat) + eps"),
        ("Adam averages g where it should average g²", "(1 - beta2) * g**2", "(1 - beta2) * g", (FIRST, "adam")),
        ("Adam's v starts from the parameters",
         "    g = grad(w)\n", "    g = grad(w)\n    v = w if t == 1 else v\n", (FIRST, "adam")),
        ("Adam swaps β₁ and β₂", "    g = grad(w)\n", "    g, beta1, beta2 = grad(w), beta2, beta1\n"),
    ],
    "optimizers.uncorrected_adam": [
        ("uncorrected Adam corrects",
         "lr * m / (np",
         "lr * m / (1 - beta1**t) / (np",
         "test_optimizers.test_without_correction_adams_steps_start_at_three_and_peak_at_six_and_a_half_learning_rates"),
    ],
    "optimizers.adamw": [
        ("AdamW puts its decay into the gradient",
         "    g = grad(w)\n", "    g, decay = grad(w) + decay * w, 0.0\n",
         "test_optimizers.test_decoupled_decay_shrinks_every_weight_alike_and_l2_in_adam_does_not"),
        ("AdamW's decay without the learning rate",
         "lr * (m_hat / (np.sqrt(v_hat) + eps) + decay * w)", "lr * m_hat / (np.sqrt(v_hat) + eps) - decay * w"),
        ("AdamW's weights grow", "+ decay * w)", "- decay * w)", (FIRST, "adamw")),
    ],
    "optimizers.amsgrad": [
        ("AMSGrad forgets its maximum",
         "np.maximum(v_max, v)", "v",
         "test_optimizers.test_amsgrad_mends_the_example_in_which_adam_walks_to_the_worst_point"),
        ("AMSGrad corrects before the maximum",
         "v_max = np.maximum(v_max, v)\n    m_hat = m / (1 - beta1**t)\n    v_hat = v_max / (1 - beta2**t)",
         "v_max = np.maximum(v_max, v / (1 - beta2**t))\n    m_hat = m / (1 - beta1**t)\n    v_hat = v_max"),
    ],
    "optimizers.nadam": [
        ("NAdam does not look ahead",
         "mu(t + 1) * m / (1 - p * mu(t + 1))", "mu(t) * m / (1 - p)", (PATH, "nadam", "optax")),
        ("NAdam forgets the product of its momenta", "p = p * mu(t)", "p = mu(t) ** t"),
    ],
    "optimizers.radam": [
        ("RAdam rectifies from four on",
         "rho > 5", "rho > 4",
         "test_optimizers.test_radam_is_momentum_until_five_gradients_stand_behind_the_average"),
        ("RAdam does not rectify",
         "rectified = r * np", "rectified = np",
         "test_optimizers.test_radam_is_momentum_until_five_gradients_stand_behind_the_average"),
        ("RAdam counts half the gradients", "rho_inf - 2 * t", "rho_inf - t"),
    ],
    "optimizers.adamax": [
        ("AdaMax averages where it should take the maximum",
         "np.maximum(beta2 * u, np.abs(g) + eps)", "beta2 * u + (1 - beta2) * np.abs(g) + eps", (FIRST, "adamax")),
        ("AdaMax corrects its maximum", "m_hat / u", "m_hat / (u / (1 - beta2**t))", (FIRST, "adamax")),
    ],
    "optimizers.schedule_free": [
        ("schedule-free takes the gradient at the mean", "grad(y)", "grad(w)"),
        ("schedule-free takes the gradient at the fast point", "grad(y)", "grad(z)"),
        ("schedule-free counts its start", "(1 - 1 / t) * w + z / t", "(1 - 1 / (t + 1)) * w + z / (t + 1)"),
        ("schedule-free's β stands on the wrong point", "(1 - beta) * z + beta * w", "beta * z + (1 - beta) * w"),
        ("schedule-free steps from between", "z - lr * grad(y)", "y - lr * grad(y)"),
        ("schedule-free averages exponentially", "(1 - 1 / t) * w + z / t", "beta * w + (1 - beta) * z"),
    ],
    "optimizers.sign_gd": [
        ("sign descent keeps the size", "np.sign(grad(w))", "grad(w)"),
    ],
    "optimizers.lion": [
        ("Lion's β's are exchanged", "    g = grad(w)\n", "    g, beta1, beta2 = grad(w), beta2, beta1\n"),
        ("Lion takes the sign of its memory alone", "beta1 * m + (1 - beta1) * g", "beta2 * m + (1 - beta2) * g"),
        ("Lion remembers before it moves",
         "    u = np.sign(beta1 * m + (1 - beta1) * g)\n    m = beta2 * m + (1 - beta2) * g\n",
         "    m = beta2 * m + (1 - beta2) * g\n    u = np.sign(beta1 * m + (1 - beta1) * g)\n"),
        ("Lion forgets the sign", "np.sign(beta1 * m + (1 - beta1) * g)", "beta1 * m + (1 - beta1) * g"),
        ("Lion's decay stands inside the sign",
         "    u = np.sign(beta1 * m + (1 - beta1) * g)\n",
         "    u, decay = np.sign(beta1 * m + (1 - beta1) * g + decay * w), 0\n"),
        ("Lion's decay without the learning rate", "lr * (u + decay * w)", "lr * u - decay * w"),
    ],
    "optimizers.decoupled": [
        ("decoupled decay without the learning rate",
         "- lr * decay * w", "- decay * w", "test_optimizers.test_a_decoupled_step_is_an_optimizer_like_any_other"),
        ("decoupled decay after the step",
         "lr * decay * w)", 'lr * decay * new["w"])',
         "test_optimizers.test_a_decoupled_step_is_an_optimizer_like_any_other"),
    ],
    "optimizers.projected": [
        ("a projected step ends where it began", 'np.clip(new["w"], low, high)', "np.clip(w, low, high)",
         "test_optimizers.test_a_projected_step_is_the_step_as_long_as_it_stays_in_the_box"),
    ],
    # ---- clipping, L2, noise
    "gradients.clip_norm": [
        ("clipping divides by the norm, without θ",
         "else theta) / (norm", "else 1.0) / (norm",
         "test_gradients.test_a_clipped_gradient_is_no_longer_than_theta_and_points_the_same_way"),
        ("clipping compares the squared norm with θ",
         "g * np.minimum(1, (theta(norm, t) if moving else theta) / (norm + eps))",
         "np.where(norm**2 > theta, g * theta / norm, g)",
         "test_gradients.test_the_norm_counts_and_not_its_square"),
        ("clipping by norm clips each component",
         "np.hypot.reduce(g, axis=-1, keepdims=True)", "np.abs(g)", "test_gradients.test_clipping_is_torchs"),
        ("clipping lengthens short gradients",
         "np.minimum(1, (theta", "np.minimum(np.inf, (theta",
         "test_gradients.test_a_clipped_gradient_is_no_longer_than_theta_and_points_the_same_way"),
        ("clipping takes one norm for all runs",
         "np.hypot.reduce(g, axis=-1, keepdims=True)", "np.linalg.norm(g)",
         "test_gradients.test_the_norm_is_over_the_parameters_of_one_run"),
    ],
    "gradients.clip_value": [
        ("clipping by value forgets the lower end",
         "np.clip(g, low, high)", "np.minimum(g, high)", "test_gradients.test_clipping_is_torchs"),
        ("clipping by value is symmetric",
         "np.clip(g, low, high)", "np.clip(g, -high, high)",
         "test_gradients.test_clipping_by_value_cuts_each_component_to_its_interval"),
    ],
    "gradients.running": [
        ("the moving threshold counts the present step",
         "multiple * sums[t - 1] / (t - 1)", "multiple * sums[t] / t",
         "test_gradients.test_a_moving_threshold_is_a_multiple_of_the_mean_norm_before_the_step"),
        ("the moving threshold remembers what a replay must not see",
         "sums[t:] = [sums[t - 1] + norm]", "sums[t:] = [sums[-1] + norm]",
         "test_gradients.test_a_moving_threshold_is_a_multiple_of_the_mean_norm_before_the_step"),
    ],
    "gradients.l2": [
        ("L2 decays the biases",
         "lam * only * w", "lam * w",
         "test_gradients.test_l2_spares_what_the_mask_leaves_out"),
        ("L2's gradient keeps the 2 of w²",
         "g + lam * only * w", "g + 2 * lam * only * w", "test_gradients.test_l2_adds_the_gradient_of_its_penalty"),
        ("L2 makes weights grow", "g + lam * only * w", "g - lam * only * w", (PATH, "gd")),
    ],
    "gradients.sam": [
        ("SAM looks downhill", "w + rho * g", "w - rho * g",
         "test_gradients.test_sam_asks_a_step_of_length_rho_uphill"),
        ("SAM steps as far as the gradient is long", "np.where(norm > 0, norm, 1)", "1.0",
         "test_gradients.test_sam_asks_a_step_of_length_rho_uphill"),
        ("SAM forgets what it saw uphill", "np.asarray(grad(w, t) if takes_step else grad(w))", "g",
         "test_gradients.test_a_minimum_narrower_than_rho_does_not_hold_sam"),
    ],
    "gradients.noisy": [
        ("noise is the same at every step",
         "default_rng((s, t))", "default_rng((s, 1))",
         "test_gradients.test_noise_is_normal_with_its_sigma_and_new_at_every_step"),
        ("noise has variance σ",
         "g + sigma *", "g + np.sqrt(sigma) *",
         "test_gradients.test_noise_is_normal_with_its_sigma_and_new_at_every_step"),
        ("noise is uniform",
         "standard_normal(w.shape[-1])", "uniform(-1, 1, w.shape[-1])",
         "test_gradients.test_noise_is_normal_with_its_sigma_and_new_at_every_step"),
        ("noise is not replayed",
         "default_rng((s, t))", "default_rng()", "test_gradients.test_noise_follows_from_seed_and_step_alone"),
    ],
    "gradients.hessian": [
        ("the Hessian is transposed",
         "axis=-1)", "axis=-2)",
         "test_gradients.test_rows_are_components_of_the_gradient_and_columns_are_parameters"),
    ],
    # ---- schedules
    "schedules.natural_exponential": [
        ("the natural exponential with β = .96",
         "beta=0.0408", "beta=0.96", "test_schedules.test_beta_096_is_for_the_exponential_and_kills_the_natural_one"),
    ],
    "schedules.linear": [
        ("linear decay goes negative after τ",
         "np.minimum(k, tau) / tau", "k / tau",
         "test_schedules.test_no_schedule_ever_goes_below_its_end_or_above_its_beginning"),
    ],
    "schedules.cosine": [
        ("cosine rises again",
         "np.minimum(k, steps)", "k",
         "test_schedules.test_no_schedule_ever_goes_below_its_end_or_above_its_beginning"),
    ],
    "schedules.warmup": [
        ("warm-up begins at 0",
         "start = 1 / (steps + 1)", "start = 0",
         "test_schedules.test_a_warm_up_is_a_stair_of_equal_steps_that_ends_where_the_schedule_begins"),
        ("warm-up ends a step late",
         "k >= steps", "k > steps",
         "test_schedules.test_a_warm_up_is_a_stair_of_equal_steps_that_ends_where_the_schedule_begins"),
        ("warm-up swallows the schedule's first steps",
         "read(k - steps,", "read(k,",
         "test_schedules.test_a_warm_up_is_a_stair_of_equal_steps_that_ends_where_the_schedule_begins"),
    ],
    "schedules.exponential": [
        ("the exponential is a step ahead", "beta**k", "beta ** (k + 1)", "test_schedules.test_the_formulas"),
    ],
    "schedules.step": [
        ("the stair is a step ahead", "k // every", "(k + 1) // every", "test_schedules.test_the_formulas"),
    ],
    "schedules.wsd": [
        ("WSD falls from its first step on", "(k - (steps - c)) / c", "k / steps",
         "test_schedules.test_until_it_falls_wsd_does_not_know_how_long_it_will_be"),
        ("WSD rises again after its end", ", 0, 1)", ", 0, None)",
         "test_schedules.test_wsd_is_a_constant_and_then_a_line_bit_for_bit"),
        ("WSD's cool-down begins where it should end", "(k - (steps - c))", "(k - c)",
         "test_schedules.test_until_it_falls_wsd_does_not_know_how_long_it_will_be"),
    ],
    "schedules.inverse_time": [
        ("inverse time divides by βk alone",
         "(1 + beta * k)", "np.maximum(1, beta * k)", "test_schedules.test_the_formulas"),
    ],
    "schedules.inverse_sqrt": [
        ("1/√k in place of 1/√(k + 1)", "np.sqrt(k + 1)", "np.sqrt(max(k, 1))", "test_schedules.test_the_formulas"),
    ],
    "schedules.piecewise": [
        ("piecewise changes a step late",
         'side="right"', 'side="left"', "test_schedules.test_piecewise_counts_each_schedule_from_where_it_begins"),
    ],
    "schedules.on_plateau": [
        ("patience runs out a step early",
         "bad > patience", "bad >= patience", "test_schedules.test_patience_counts_more_than_so_many_bad_losses"),
        ("on_plateau compares with the last loss, not with the best",
         "best = np.where(falls, loss, best)", "best = loss",
         ("test_schedules.test_on_plateau_makes_of_the_same_losses_what_torch_makes", 1)),
    ],
    # ---- quadratics
    "quadratics.expected": [
        ("the distance shrinks by 1 − ηλ, and not its square", "(1 - eta * lam) ** 2", "np.abs(1 - eta * lam)",
         "test_quadratics.test_without_noise_the_mean_loss_is_the_loss"),
        ("the noise's variance by η, not η²", "eta**2 * noise**2", "eta * noise**2",
         "test_quadratics.test_under_a_constant_rate_the_mean_loss_ends_at_the_noise_floor"),
        ("the noise adds its σ, not σ²", "noise**2", "noise",
         "test_quadratics.test_the_rate_one_over_k_makes_of_noise_a_mean_of_so_many"),
    ],
    # ---- descend
    "descent.descend": [
        ("schedules count from 1",
         "read(t - 1,", "read(t,", "test_descent.test_the_first_step_uses_the_schedule_at_zero"),
        ("a continued run counts its steps anew",
         "at(t), t=t,", "at(t), t=t - start,", ("test_optimizers.test_replay_and_fork_are_bit_equal", "adam")),
    ],
    "descent._freeze": [
        ("a run that left comes back",
         "np.where(stays[..., None], old[name], new[name])", "new[name]",
         "test_descent.test_a_diverged_run_stays_at_its_last_finite_state_and_says_when_it_left"),
    ],
    "fast.kept": [
        ("what is kept can be changed", "answer.flags.writeable = False", "pass",
         "test_fast.test_what_is_kept_is_computed_once_and_cannot_be_changed"),
    ],
    "fast.well": [
        ("NaN is inside the limit", "not (-bound <= value.min() and value.max() <= bound)",
         "(value.min() < -bound or value.max() > bound)",
         "test_descent.test_a_step_into_infinity_or_nan_is_not_taken"),
    ],
    "fast.last_of_each": [
        ("a run that left is dropped without a trace",
         "diverged[going[left]] = t", "pass",
         "test_descent.test_runs_that_left_are_dropped_from_a_map_and_nothing_else_changes"),
    ],
}
# fmt: on


def rows():
    """(function, mistake, old, new, fact, its arguments) for every mistake."""
    for function, mistakes in MUTANTS.items():
        for mistake, old, new, *fact in mistakes:
            fact = fact[0] if fact else (PATH, function.split(".")[-1])
            name, *arguments = [fact] if isinstance(fact, str) else fact
            yield pytest.param(function, old, new, name, arguments, id=mistake)


def plant(monkeypatch, function, old, new):
    """Replace the function by one whose source has been changed, wherever optim_core has a name for it."""
    module, *owners, name = function.split(".")
    module = owner = importlib.import_module(f"optim_core.{module}")
    for attribute in owners:
        owner = getattr(owner, attribute)
    original, source = getattr(owner, name), textwrap.dedent(inspect.getsource(getattr(owner, name)))
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {function}"
    namespace = dict(vars(module))
    exec(compile(source.replace(old, new), f"<{function}, changed>", "exec"), namespace)
    monkeypatch.setattr(owner, name, namespace[name])
    for other in [m for n, m in list(sys.modules.items()) if n.split(".")[0] == "optim_core"]:
        for key, value in list(vars(other).items()):
            if value is original:
                monkeypatch.setattr(other, key, namespace[name])
            elif isinstance(value, dict) and value.get(name) is original:  # a table of optimizers, of schedules
                monkeypatch.setitem(value, name, namespace[name])


def fact(name):
    module, name = name.split(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("function, old, new, name, arguments", list(rows()))
def test_a_planted_mistake_is_caught(function, old, new, name, arguments, monkeypatch):
    if arguments:  # the other facts are tests by themselves
        fact(name)(*arguments)
    plant(monkeypatch, function, old, new)
    with pytest.raises((AssertionError, ExceptionGroup)):
        fact(name)(*arguments)


def test_every_mistake_has_a_name_of_its_own():
    names = [row.id for row in rows()]
    assert len(names) == len(set(names))
