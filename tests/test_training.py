"""Training: torch's result step for step, exact replay, and a stop where it should be."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import cases, close

from optim_core import gradients, schedules, training
from optim_core.data import Data, blobs, chebyshev, digits, line
from optim_core.descent import descend
from optim_core.losses import mse
from optim_core.network import BatchNorm, Dropout, Linear, Network, Relu, Tanh
from optim_core.optimizers import adam, gd, momentum, nesterov

quick = settings(max_examples=40, deadline=None)
DATA = blobs(n=45, noise=3.0, seed=1)
NET = Network([Linear(2, 8), BatchNorm(8), Tanh(), Dropout(0.2), Linear(8, 3)])
PLAIN = Network([Linear(2, 8), Tanh(), Linear(8, 3)])


def same(a, b):
    """Equal to the last bit, whatever it is made of."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b)


# ---- torch -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, options, a", list(cases("trainings")), ids=["gd", "momentum"])
def test_weights_losses_and_running_statistics_are_those_of_torch(name, options, a):
    net = Network([Linear(4, 6), BatchNorm(6), Tanh(), Linear(6, 3)])
    result = training.train(net, Data(a["X"], a["y"]), momentum, w=a["start"], order="fixed", **options)
    close(result["w"], a["w"], 1e-11)
    close(result["loss"], a["losses"], 1e-11)
    for key in ("mean", "var"):
        close(result["running"][1][key], a[key], 1e-11)
    evaluated = net.on(a["X_test"], [0] * 10, train=False, running=result["running"])
    close(evaluated.forward(result["w"])[0], a["outputs"], 1e-11)


# ---- mini-batches ----------------------------------------------------------------------------------------------------


@quick
@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 5), st.sampled_from(["shuffled", "fixed"]))
def test_an_epoch_sees_every_example_once_and_the_last_batch_is_what_is_left(n, size, seed, order):
    steps = -(-n // size)
    for epoch in range(3):
        seen = [training.batch_at(epoch * steps + k, n, size, seed, order) for k in range(1, steps + 1)]
        assert [len(batch) for batch in seen[:-1]] == [size] * (steps - 1)
        assert len(seen[-1]) == n - size * (steps - 1)
        assert sorted(np.concatenate(seen)) == list(range(n))


def test_each_epoch_is_shuffled_anew_and_each_seed_otherwise():
    epochs = [tuple(training.batch_at(t, n=30, size=30, seed=seed)) for seed in (0, 1) for t in (1, 2, 3)]
    assert len(set(epochs)) == 6
    assert {tuple(training.batch_at(t, n=30, size=30, order="fixed")) for t in (1, 2, 3)} == {tuple(range(30))}


def test_with_replacement_an_epoch_misses_about_a_third():
    seen = np.concatenate([training.batch_at(t, 1000, 10, order="replacement") for t in range(1, 101)])
    assert abs(len(set(seen)) / 1000 - (1 - np.exp(-1))) < 0.03
    assert len(training.batch_at(1, 10, 64, order="replacement")) == 64


@pytest.mark.parametrize("batch", [1, 10, 30, 60])
def test_the_mini_batch_gradient_is_unbiased_and_its_variance_falls_like_one_over_b(batch):
    # E‖g_B − g‖² = (tr Σ/B)(1 − B/N) · N/(N − 1), without replacement
    task, w, N = PLAIN.on(DATA.X, DATA.y), PLAIN.init(0), 45
    batch = min(batch, N)
    each, g = np.array([task[[s]].grad(w) for s in range(N)]), task.grad(w)
    close(each.mean(0), g, 1e-13)
    trace = ((each - g) ** 2).sum(-1).mean()
    rng = np.random.default_rng(0)
    noise = np.mean([((task[rng.permutation(N)[:batch]].grad(w) - g) ** 2).sum() for _ in range(600)])
    expected = trace / batch * (N - batch) / (N - 1)
    assert abs(noise - expected) <= 0.2 * expected + 1e-28


def test_mini_batches_are_a_gradient_for_descend():
    task = PLAIN.on(DATA.X, DATA.y)
    path = descend(momentum, PLAIN.init(0), training.minibatches(task, 10, seed=3), 20, lr=0.1)
    assert same(
        path["w"][-1], training.train(PLAIN, DATA, momentum, w=PLAIN.init(0), lr=0.1, batch=10, steps=20, seed=3)["w"]
    )


# ---- replay ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [gd, momentum, nesterov, adam, training.averaged(adam, beta=0.9)])
def test_a_training_replays_and_resumes_from_any_look_bit_for_bit(step):
    how = dict(lr=schedules.cosine(0.05, 30), batch=16, steps=14, every=3, seed=5)
    looks = list(training.training(NET, DATA, step, **how))
    assert [now["t"] for now in looks] == [0, 3, 6, 9, 12, 14]
    assert all(map(same, looks, training.training(NET, DATA, step, **how)))
    for k in (1, 3, 4):
        again = list(training.training(NET, DATA, step, **how, resume=looks[k]))
        assert same(again[0]["w"], looks[k]["w"])
        assert all(map(same, again[1:], looks[k + 1 :]))


def test_how_often_one_looks_changes_nothing():
    ends = [training.train(NET, DATA, adam, lr=0.01, batch=16, steps=12, every=every)["w"] for every in (1, 5, 12, 100)]
    assert all(same(ends[0], end) for end in ends)


def test_a_look_is_not_changed_by_what_comes_after_it():
    first = next(training.training(NET, DATA, momentum, lr=0.1, steps=5))
    w, running = first["w"].copy(), first["running"]
    before = repr(running)
    assert len(list(training.training(NET, DATA, momentum, lr=0.1, steps=5, resume=first))) == 6
    assert same(w, first["w"]) and repr(running) == before


@pytest.mark.parametrize("net", [NET, PLAIN], ids=["batch norm and dropout", "plain"])
def test_networks_with_other_learning_rates_train_as_each_alone_though_one_diverges(net):
    lrs = np.array([0.01, 1e9, 0.3])
    how = dict(batch=16, epochs=3, patience=2)
    together = training.train(net, DATA, momentum, lr=lrs[:, None], **how)
    assert (together["diverged"] > 0).tolist() == [False, True, False]
    for k, lr in enumerate(lrs):
        alone = training.train(net, DATA, momentum, lr=lr, **how)
        assert same(together["w"][k], alone["w"]) and together["diverged"][k] == alone["diverged"]
        assert same(together["best"]["w"][k], alone["best"]["w"]) and together["best"]["t"][k] == alone["best"]["t"]
        assert same(together["loss"][: len(alone["loss"]), k], alone["loss"])


# ---- what a training tells -------------------------------------------------------------------------------------------


def test_the_losses_are_those_of_the_mini_batches_before_their_step():
    result = training.train(PLAIN, DATA, gd, lr=0.1, batch=20, steps=4, every=1)
    w = PLAIN.init(0)
    for t in range(1, 5):
        task = PLAIN.on(DATA.X, DATA.y)[training.batch_at(t, 45, 20)]
        assert result["loss"][t - 1] == task.loss(w)
        w = w - 0.1 * task.grad(w)
    assert result["at"].tolist() == [0, 1, 2, 3, 4] and result["t"] == 4 and result["stopped"] == "steps"


def test_dropout_is_drawn_anew_at_every_step():
    net = Network([Linear(2, 30), Dropout(0.5), Linear(30, 3)])
    result = training.train(net, DATA, gd, lr=0.0, batch=None, steps=20)  # nothing else changes
    assert len(set(result["loss"])) == 20


def test_running_statistics_are_carried_from_step_to_step():
    net = Network([BatchNorm(2), Linear(2, 3)])
    running = training.train(net, DATA, gd, lr=0.0, batch=None, steps=10)["running"][0]
    old = 0.9**10  # what is left of the initial mean 0 and variance 1
    close(running["mean"], (1 - old) * DATA.X.mean(0))
    close(running["var"], old + (1 - old) * DATA.X.var(0, ddof=1))


def test_held_out_metrics_are_taken_in_evaluation_mode():
    result = training.train(NET, DATA, adam, lr=0.05, batch=15, epochs=4)
    task = NET.on(DATA.X_test, DATA.y_test, train=False, running=result["running"])
    assert result["test_loss"][-1] == task.loss(result["w"])
    assert result["test_accuracy"][-1] == task.accuracy(result["w"])
    assert result["test_accuracy"].shape == (5,) and result["test_accuracy"][-1] > result["test_accuracy"][0]
    assert (result["running"][1]["var"] != 1).all() and (result["running"][1]["mean"] != 0).all()


def test_without_a_test_part_there_is_nothing_to_tell():
    result = training.train(Network([Linear(1, 4), Tanh(), Linear(4, 1)], mse), chebyshev(), gd, steps=3, batch=None)
    assert result["test_loss"] is None and result["test_accuracy"] is None and result["best"] is None
    assert training.train(Network([Linear(1, 1)], mse), line(), gd, steps=1)["test_accuracy"] is None
    pairs = Data(DATA.X, DATA.X[:, ::-1], DATA.X_test, DATA.X_test[:, ::-1])  # a regression with two outputs
    result = training.train(Network([Linear(2, 2)], mse), pairs, gd, steps=1)
    assert result["test_accuracy"] is None and len(result["test_loss"]) == 2


def test_a_digits_network_learns():
    net = Network([Linear(64, 32), Relu(), Linear(32, 10)])
    result = training.train(net, digits(), adam, lr=0.01, epochs=5)
    assert result["test_accuracy"][0] < 0.3 and result["test_accuracy"][-1] > 0.93


# ---- when to stop ----------------------------------------------------------------------------------------------------


def test_early_stopping_waits_as_long_as_its_patience_and_keeps_the_best():
    net = Network([Linear(2, 40), Tanh(), Linear(40, 3)])
    result = training.train(net, blobs(n=20, noise=6.0), adam, lr=0.05, batch=None, steps=2000, every=10, patience=4)
    k = result["test_loss"].argmin()
    assert result["stopped"] == "patience" and len(result["at"]) == k + 1 + 4
    assert result["best"]["t"] == result["at"][k] and result["best"]["test_loss"] == result["test_loss"].min()
    replayed = training.train(net, blobs(n=20, noise=6.0), adam, lr=0.05, batch=None, steps=int(result["best"]["t"]))
    assert same(replayed["w"], result["best"]["w"])


def test_of_many_runs_each_stops_by_its_own_patience():
    data, lrs = blobs(n=20, noise=6.0), np.array([0.001, 0.05, 0.2])
    net, how = Network([Linear(2, 40), Tanh(), Linear(40, 3)]), dict(batch=None, steps=400, every=10, patience=3)
    together = training.train(net, data, adam, lr=lrs[:, None], **how)
    for k, lr in enumerate(lrs):
        alone = training.train(net, data, adam, lr=lr, **how)
        assert together["best"]["t"][k] == alone["best"]["t"] and same(together["best"]["w"][k], alone["best"]["w"])


def test_an_interrupted_training_keeps_what_it_has_reached():
    calls = itertools.count(1)

    def interrupted(w, grad, t, *, lr=0.1):
        if next(calls) == 8:
            raise KeyboardInterrupt
        return gd(w, grad, t, lr=lr)

    result = training.train(PLAIN, DATA, interrupted, batch=15, epochs=10)  # three steps an epoch: two are whole
    assert result["stopped"] == "interrupted" and result["t"] == 6 and len(result["loss"]) == 6
    assert same(result["w"], training.train(PLAIN, DATA, gd, lr=0.1, batch=15, epochs=2)["w"])


def test_the_bar_shows_only_after_a_second(capsys):
    training.train(PLAIN, DATA, gd, steps=3)
    assert capsys.readouterr().err == ""


# ---- what stands around the gradient ---------------------------------------------------------------------------------


def test_a_wrapped_training_takes_the_path_of_the_wrapped_mini_batches():
    task = PLAIN.on(DATA.X, DATA.y)
    for wrap in (
        lambda grad: gradients.clip_norm(grad, 0.3),
        lambda grad: gradients.clip_norm(grad, gradients.running(1.5)),
        lambda grad: gradients.l2(gradients.noisy(grad, 0.1, seed=4), 0.01, only=PLAIN.is_weight),
        lambda grad: gradients.sam(grad, 0.5),
    ):
        result = training.train(PLAIN, DATA, momentum, wrap=wrap, lr=0.1, batch=10, steps=20, seed=3)
        grad = wrap(training.minibatches(task, 10, seed=3))
        assert same(result["w"], descend(momentum, PLAIN.init(3), grad, 20, lr=0.1)["w"][-1])
        plain = training.train(PLAIN, DATA, momentum, lr=0.1, batch=10, steps=20, seed=3)
        assert not same(result["w"], plain["w"]) and result["loss"][0] == plain["loss"][0]


def test_a_gradient_asked_for_twice_in_a_step_counts_once():
    twice = lambda grad: lambda w, t: (grad(w, t) + grad(w + 9, t))[:] - grad(w + 9, t)  # noqa: E731
    how = dict(lr=0.05, batch=15, steps=12, every=5)
    once, again = (list(training.training(NET, DATA, gd, wrap=wrap, **how)) for wrap in (None, twice))
    for a, b in zip(once, again, strict=True):
        close(a["w"], b["w"], 1e-12)
        close(a["loss"], b["loss"], 1e-12)
        close(a["running"][1]["mean"], b["running"][1]["mean"], 1e-12)


# ---- averages, schedules that look -----------------------------------------------------------------------------------


def test_the_plain_average_is_the_mean_of_the_weights_since():
    path = descend(
        training.averaged(momentum, after=3),
        PLAIN.init(0),
        training.minibatches(PLAIN.on(DATA.X, DATA.y), 8),
        10,
        lr=0.1,
    )
    close(path["average"][10], path["w"][4:].mean(0), 1e-14)
    close(path["average"][3], path["w"][3], 1e-14)
    assert same(
        path["w"], descend(momentum, PLAIN.init(0), training.minibatches(PLAIN.on(DATA.X, DATA.y), 8), 10, lr=0.1)["w"]
    )


def test_the_exponential_average_forgets_at_the_rate_beta():
    path = descend(training.averaged(gd, beta=0.9), [5.0, -1.0], lambda w: w, 30, lr=0.1)
    weights = 0.9 ** np.arange(29, -1, -1)
    close(path["average"][30], weights @ path["w"][1:] / weights.sum(), 1e-14)


def test_an_averaged_step_can_be_called_by_itself():
    one = training.averaged(momentum)(np.array([1.0]), lambda w: w, 1, lr=0.5)
    two = training.averaged(momentum)(**one, grad=lambda w: w, t=2, lr=0.5)
    assert two["average"] == (one["w"] + two["w"]) / 2 and two.keys() == {"w", "v", "average"}


def test_averaging_calms_the_noise_of_mini_batches():
    data, net = line(n=60, noise=1.0), Network([Linear(1, 1)], mse)
    task = net.on(data.X, data.y)
    lowest = task.loss(np.linalg.lstsq(np.hstack([data.X, np.ones((60, 1))]), data.y[:, 0])[0])
    result = training.train(
        net,
        data,
        training.averaged(gd, after=100),
        w=np.stack([net.init(s) for s in range(20)]),
        lr=0.2,
        batch=2,
        steps=1500,
    )
    above = [(task.loss(result[name]) - lowest).mean() for name in ("w", "average")]
    assert above[1] < above[0] / 20


def test_a_schedule_may_look_at_the_losses_of_the_training():
    task = PLAIN.on(DATA.X, DATA.y)
    lr = schedules.on_plateau(0.5, factor=0.5, patience=2)
    path = descend(gd, PLAIN.init(0), training.minibatches(task, 9), 60, lr=lr, loss=task.loss)
    looks = list(training.training(PLAIN, DATA, gd, batch=9, steps=60, lr=lr, loss=task.loss))
    assert same(looks[-1]["w"], path["w"][-1]) and same(looks[-1]["measured"], path["loss"])
    resumed = list(training.training(PLAIN, DATA, gd, batch=9, steps=60, lr=lr, loss=task.loss, resume=looks[2]))
    assert same(resumed[-1]["w"], path["w"][-1])


# ---- refusals --------------------------------------------------------------------------------------------------------

BAD = {
    "no examples in a batch": lambda: training.train(PLAIN, DATA, gd, batch=0),
    "a batch in words": lambda: training.train(PLAIN, DATA, gd, batch="all"),
    "half a step": lambda: training.train(PLAIN, DATA, gd, steps=1.5),
    "a negative epoch": lambda: training.train(PLAIN, DATA, gd, epochs=-1),
    "an unknown order": lambda: training.train(PLAIN, DATA, gd, order="sorted"),
    "an unknown hyper-parameter": lambda: training.train(PLAIN, DATA, gd, mu=0.9),
    "a negative learning rate": lambda: training.train(PLAIN, DATA, gd, lr=-1.0),
    "a negative seed": lambda: training.train(PLAIN, DATA, gd, seed=-1),
    "weights of another network": lambda: training.train(PLAIN, DATA, gd, w=np.ones(3)),
    "no patience": lambda: training.train(PLAIN, DATA, gd, patience=0),
    "patience without a test part": lambda: training.train(PLAIN, DATA._replace(X_test=DATA.X[:0]), gd, patience=3),
    "labels out of range": lambda: training.train(PLAIN, DATA._replace(y=DATA.y + 1), gd),
    "a batch of one under batch norm": lambda: training.train(NET, DATA, gd, batch=1),
    "a last batch of one under batch norm": lambda: training.train(NET, DATA, gd, batch=44),
    "a wrapper in words": lambda: training.train(PLAIN, DATA, gd, wrap="clip"),
    "a wrapper that gives no gradient": lambda: training.train(PLAIN, DATA, gd, wrap=lambda grad: 1.0),
    "step zero": lambda: training.batch_at(0, 10, 5),
    "an average that never moves": lambda: training.averaged(gd, beta=1.0),
    "an average of no optimizer": lambda: training.averaged(3),
    "an average from a negative step": lambda: training.averaged(gd, after=-1),
}


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_in_one_sentence(call):
    with pytest.raises(ValueError, match=r"^\S+ = .*: must be .+"):
        call()
