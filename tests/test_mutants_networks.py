"""Mistakes that people make with losses, layers and training, planted one at a time as in test_mutants.

MUTANTS lists for each function, module.name or module.Class.name, what may go wrong in it: the mistake in words, the
text of the source that is replaced, by what, and the test that must then fail.  A new mistake is a row.
"""

import numpy as np
import pytest
from test_mutants import fact, plant

# fmt: off
MUTANTS = {
    # ---- losses
    "losses.softmax": [
        ("softmax without its shift", "z - _max(z)", "z", "test_losses.test_large_logits_are_exact"),
        ("softmax over the batch", "e.sum(-1,", "e.sum(0,",
         "test_losses.test_softmax_gives_probabilities_and_log_softmax_their_logarithms"),
    ],
    "losses.softmax_grad": [
        ("softmax's gradient leaves out the other classes",
         "(dp - (dp * p).sum(-1, keepdims=True))", "dp * (1 - p)",
         "test_losses.test_softmax_applied_twice_cannot_get_below_a_floor"),
    ],
    "losses.log_softmax": [
        ("log-softmax without its shift", "z = z - _max(z)", "pass", "test_losses.test_large_logits_are_exact"),
    ],
    "losses.sigmoid": [
        ("sigmoid overflows", "_exp_minus_abs(z)", "np.exp(z)", "test_losses.test_large_logits_are_exact"),
    ],
    "losses.one_hot": [
        ("one-hot rows swapped", "np.eye(classes)[y]", "1 - np.eye(classes)[y]",
         "test_losses.test_large_logits_are_exact"),
    ],
    "losses.cross_entropy": [
        ("cross-entropy applies softmax twice", "log_softmax(z)", "log_softmax(softmax(z))",
         "test_losses.test_large_logits_are_exact"),
        ("cross-entropy takes the logarithm of 0", "log_softmax(z)", "np.log(softmax(z))",
         "test_losses.test_large_logits_are_exact"),
        ("cross-entropy sums over the batch", ".sum((-2, -1)) / z.shape[-2]", ".sum((-2, -1))",
         "test_losses.test_a_mean_over_the_batch_and_for_mse_over_the_outputs_too"),
        ("cross-entropy's gradient sums over the batch", "(np.exp(log_p) - y) / z.shape[-2]", "np.exp(log_p) - y",
         "test_losses.test_a_mean_over_the_batch_and_for_mse_over_the_outputs_too"),
        ("cross-entropy's gradient points the wrong way", "np.exp(log_p) - y", "y - np.exp(log_p)",
         "test_losses.test_large_logits_are_exact"),
        ("smoothing spares the right class", "s / z.shape[-1]", "s / (z.shape[-1] - 1)",
         "test_losses.test_smoothing_is_a_mixture_of_targets"),
    ],
    "losses.mse": [
        ("mse sums over the outputs", ".mean((-2, -1))", ".sum(-1).mean(-1)",
         "test_losses.test_a_mean_over_the_batch_and_for_mse_over_the_outputs_too"),
    ],
    # ---- layers
    "layers.standardise": [
        ("the batch's variance is unbiased",
         ".mean(axis, keepdims=True)  # divided", ".sum(axis, keepdims=True) / (x.shape[axis] - 1)  # divided",
         "test_layers.test_batch_norm_gives_each_feature_mean_zero_and_variance_one"),
        ("ε missing", "v + number", "v + 0 * number",
         "test_layers.test_batch_norm_and_its_running_statistics_are_those_of_torch"),
        ("m and v have no gradient",
         "d - d.mean(axis, keepdims=True) - xhat * (d * xhat).mean(axis, keepdims=True)", "d",
         "test_layers.test_batch_norm_and_its_running_statistics_are_those_of_torch"),
    ],
    "layers.batch_norm": [
        ("batch norm swaps training and evaluation", "if train:", "if not train:",
         "test_layers.test_in_evaluation_an_example_does_not_depend_on_the_others"),
        ("batch norm evaluates by the batch", "if train:", "if True:",
         "test_layers.test_in_evaluation_an_example_does_not_depend_on_the_others"),
        ("batch norm's running variance is biased", "momentum * v * B / (B - 1)", "momentum * v",
         "test_layers.test_the_running_variance_is_unbiased_even_for_tiny_batches"),
        ("batch norm forgets its running variance", "var = (1 - momentum) * var + momentum * v * B / (B - 1)", "pass",
         "test_layers.test_the_running_statistics_approach_those_of_the_data"),
        ("batch norm forgets its running mean", "mean = (1 - momentum) * mean + momentum * m", "pass",
         "test_layers.test_the_running_statistics_approach_those_of_the_data"),
        ("batch norm's momentum is the share of the old",
         "mean = (1 - momentum) * mean + momentum * m", "mean = momentum * mean + (1 - momentum) * m",
         "test_layers.test_batch_norm_and_its_running_statistics_are_those_of_torch"),
        ("batch norm normalises examples", "standardise(x, -2, eps)", "standardise(x, -1, eps)",
         "test_layers.test_batch_norm_gives_each_feature_mean_zero_and_variance_one"),
        ("batch norm evaluates without ε", "np.sqrt(var + eps)", "np.sqrt(var)",
         "test_layers.test_batch_norm_and_its_running_statistics_are_those_of_torch"),
        ("γ's gradient forgets x̂", "gamma=(dy * xhat).sum(-2)", "gamma=dy.sum(-2)",
         "test_layers.test_batch_norm_and_its_running_statistics_are_those_of_torch"),
    ],
    "layers.layer_norm": [
        ("layer norm normalises features", "standardise(x, -1, eps)", "standardise(x, -2, eps)",
         "test_layers.test_layer_norm_does_to_examples_what_batch_norm_does_to_features"),
    ],
    "layers.weight_norm": [
        ("weight norm's direction is pulled along itself", "(dW - dg[..., None, :] * U)", "dW",
         "test_layers.test_weight_norm_keeps_directions_and_lengths_apart"),
    ],
    "layers.dropout": [
        ("dropout keeps with probability p", ">= p", "< p",
         "test_layers.test_dropout_drops_the_share_p_and_keeps_the_mean"),
        ("dropout does not scale", "kept / (1 - p)", "kept * 1.0",
         "test_layers.test_dropout_drops_the_share_p_and_keeps_the_mean"),
        ("dropout scales by the reciprocal of the drop rate", "kept / (1 - p)", "kept / p",
         "test_layers.test_dropout_drops_the_share_p_and_keeps_the_mean"),
        ("dropout is still on in evaluation", ' if flag("train", train) else 1.0', "",
         "test_layers.test_dropout_rests_in_evaluation_and_with_p_zero"),
        ("dropout's mask is the same at every step", ", step]).random", "]).random",
         "test_layers.test_dropouts_mask_follows_from_seed_and_step_alone"),
        ("dropout lets the gradient of dropped units through", "x=dy * mask", "x=dy",
         "test_layers.test_dropout_lets_no_gradient_through_what_it_dropped"),
    ],
    "layers.rnn": [
        ("back through time with the slope of the step before", "h[t + 1] * h[t + 1]", "h[t] * h[t]",
         "test_layers.test_a_recurrent_layer_of_one_step_is_linear_and_tanh"),
        ("back through time by W in place of its transpose", "da @ _T(W)", "da @ W",
         "test_layers.test_the_gradient_of_every_state_is_the_slope_with_respect_to_it"),
        ("back through time stops after one step", "*dh]", "*dh] if t + 1 < len(steps) - 1 else [0 * da, *dh]",
         "test_layers.test_the_gradient_of_every_state_is_the_slope_with_respect_to_it"),
    ],
    "layers.residual": [
        ("a residual forgets the direct way back", 'dy + d["x"]', 'd["x"]',
         "test_layers.test_a_residual_lets_the_gradient_through_a_dead_block"),
    ],
    # ---- networks
    "network.Layer.__init__": [
        ("biases count as weights", "if len(shape) == 2:", "if True:",
         "test_network.test_weights_are_told_from_biases_scales_and_shifts"),
    ],
    "network.orthogonal": [
        ("orthogonal matrices as QR leaves them", " * np.sign(np.diag(R))", "",
         "test_network.test_orthogonal_weights_keep_all_lengths_they_can_and_have_no_favourite_direction"),
        ("orthogonal only where columns are fewer", "return W if n >= m else W.T", "return W.reshape(n, m)",
         "test_network.test_orthogonal_weights_keep_all_lengths_they_can_and_have_no_favourite_direction"),
    ],
    "network.Parallel.forward": [
        ("branches are averaged", "root = np.sqrt(len(y))", "root = len(y)",
         "test_network.test_a_parallel_of_one_branch_is_the_branch_and_equal_branches_add_up_by_the_root_of_their_number"),
    ],
    "network.Task._first_rows": [
        ("the Hessian forgets that examples influence each other", " or (self.train and self.net.mixes)", "",
         "test_network.test_the_hessian_knows_that_batch_norm_mixes_the_examples"),
        ("the Hessian sums over the examples", "axes=(0, 1)) / B", "axes=(0, 1))",
         "test_network.test_hessian_does_not_depend_on_how_the_examples_are_cut_up"),
    ],
    "slices.filter_normalised": [
        ("one length for the whole matrix",
         "np.linalg.norm(W, axis=0) / np.linalg.norm(g, axis=0)", "np.linalg.norm(W) / np.linalg.norm(g)",
         "test_slices.test_a_filter_normalised_direction_has_the_lengths_of_the_weights_and_leaves_the_rest"),
    ],
    # ---- Muon
    "muon.newton_schulz": [
        ("Newton–Schulz without its division", "X = G / np.maximum(", "X = G + 0 * np.maximum(",
         "test_muon.test_a_training_by_muon_is_that_of_torch"),
        ("Newton–Schulz divides by one norm for all matrices", "(G * G).sum((-2, -1), keepdims=True)", "(G * G).sum()",
         "test_muon.test_a_stack_of_matrices_is_each_alone_bit_for_bit"),
        ("Newton–Schulz with b and c exchanged", "b * A + c * A @ A", "c * A + b * A @ A",
         "test_muon.test_a_training_by_muon_is_that_of_torch"),
        ("Newton–Schulz forgets A²", "b * A + c * A @ A", "b * A",
         "test_muon.test_muons_coefficients_lift_small_singular_values_and_never_settle_and_the_classic_ones_settle_at_one"),
        ("Newton–Schulz takes one step", "range(steps)", "range(1)",
         "test_muon.test_a_training_by_muon_is_that_of_torch"),
    ],
    "muon.orthogonalise": [
        ("directions that are only rounding count as 1", " * rank[..., None, :]", "",
         "test_muon.test_directions_that_a_matrix_does_not_have_stay_zero"),
        ("U V in place of U Vᵀ", "@ Vt", "@ Vt.swapaxes(-1, -2)",
         "test_muon.test_of_all_steps_of_its_spectral_norm_muons_lowers_the_loss_most"),
    ],
    "muon.muon": [
        ("Muon does not look ahead", "u = mu * m + (1 - mu) * g", "u = m",
         "test_muon.test_a_training_by_muon_is_that_of_torch"),
        ("Muon's scale is upside down", "max(1, k / n)", "max(1, n / k)",
         "test_muon.test_a_training_by_muon_is_that_of_torch"),
        ("Muon's decay without the learning rate", "lr * (D + decay * w)", "lr * D + decay * w",
         "test_muon.test_decay_shrinks_matrices_alone"),
        ("Muon's decay on the biases, too", ", adam)", ", adam + lr * decay * w)",
         "test_muon.test_decay_shrinks_matrices_alone"),
        ("Muon's rest takes its matrices' rate", "lr_rest * m_hat", "lr * m_hat",
         "test_muon.test_a_training_by_muon_is_that_of_torch"),
    ],
    # ---- data
    "data.digits": [
        ("a wrong label may be the right one", "rng.integers(1, 10, train)", "rng.integers(0, 10, train)",
         "test_data.test_wrong_labels_are_as_many_as_asked_for_wrong_and_in_the_training_part_only"),
        ("wrong labels are drawn otherwise at every noise",
         "generator([seed, 9])", "generator([seed, int(99 * noise)])",
         "test_data.test_a_label_that_is_wrong_at_some_noise_is_wrong_at_more"),
    ],
    "data.wilson": [
        ("Wilson's blocks swapped between the classes", "y[:, None] > 0", "y[:, None] < 0",
         "test_data.test_wilsons_examples_have_the_answer_two_ones_and_features_of_their_own"),
    ],
    # ---- training
    "training.batch_at": [
        ("the last short batch is dropped", 'math.ceil(n / whole("size", size, 1))', "max(1, n // size)",
         "test_training.test_an_epoch_sees_every_example_once_and_the_last_batch_is_what_is_left"),
        ("no reshuffle", "_shuffled(n, seed, epoch)", "_shuffled(n, seed, 0)",
         "test_training.test_each_epoch_is_shuffled_anew_and_each_seed_otherwise"),
        ("the order does not know the seed", "_shuffled(n, seed, epoch)", "_shuffled(n, 0, epoch)",
         "test_training.test_each_epoch_is_shuffled_anew_and_each_seed_otherwise"),
        ("sampling with replacement", 'order == "replacement"', 'order != "fixed"',
         "test_training.test_an_epoch_sees_every_example_once_and_the_last_batch_is_what_is_left"),
    ],
    "training.averaged": [
        ("an exponential average that starts from 0", " / (1 - beta**k)", "",
         "test_training.test_the_exponential_average_forgets_at_the_rate_beta"),
        ("the average counts from the first step", "max(t - after, 1)", "t",
         "test_training.test_the_plain_average_is_the_mean_of_the_weights_since"),
    ],
    "training.training": [
        ("a gradient asked for twice counts twice", "if t not in seen:", "if True:",
         "test_training.test_a_gradient_asked_for_twice_in_a_step_counts_once"),
        ("running statistics are not carried along", "running=running, step=t)", "step=t)",
         "test_training.test_running_statistics_are_carried_from_step_to_step"),
        ("dropout drops the same at every step", "running=running, step=t)", "running=running, step=0)",
         "test_training.test_dropout_is_drawn_anew_at_every_step"),
    ],
    "training.train": [
        ("patience runs out a look late", '(best["waited"] >= patience)', '(best["waited"] > patience)',
         "test_training.test_early_stopping_waits_as_long_as_its_patience_and_keeps_the_best"),
    ],
    "training._best": [
        ("early stopping keeps the last weights", "_choose(better, now[name], best[name])", "now[name]",
         "test_training.test_early_stopping_waits_as_long_as_its_patience_and_keeps_the_best"),
    ],
    "training._test": [
        ("held-out data are tested in training mode", "train=False", "train=True",
         "test_training.test_held_out_metrics_are_taken_in_evaluation_mode"),
    ],
}
# fmt: on

ROWS = [pytest.param(f, *row[1:], id=row[0]) for f, mistakes in MUTANTS.items() for row in mistakes]


@pytest.mark.parametrize("function, old, new, name", ROWS)
def test_a_planted_mistake_is_caught(function, old, new, name, monkeypatch):
    plant(monkeypatch, function, old, new)
    with np.errstate(all="ignore"), pytest.raises((AssertionError, ExceptionGroup)):
        fact(name)()


def test_every_mistake_has_a_name_of_its_own():
    assert len({row.id for row in ROWS}) == len(ROWS)
