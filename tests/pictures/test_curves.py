"""Training curves: what is drawn, and the histories that are hardly there."""

import math

import pytest

import glassnet as gn
from glassnet.pictures import training_curves

from .looking import check, line, overlaps, texts


def history_of(*records: dict[str, float], steps: int = 0) -> gn.History:
    history = gn.History()
    history.epochs += [{"epoch": i + 1, **record} for i, record in enumerate(records)]
    history.steps += [
        {"step": i + 1, "loss": 1 / (i + 1), "lr": 0.1, "grad_norm": 2.0} for i in range(steps)
    ]
    return history


def classifier(epochs: int) -> gn.History:
    return history_of(
        *(
            {
                "train_loss": 2 / (i + 1),
                "grad_norm": 1.5,
                "train_accuracy": 1 - 0.5 / (i + 1),
                "penalty": 0.0,
                "lr": 0.1,
                "valid_loss": 2.5 / (i + 1),
                "valid_accuracy": 1 - 0.6 / (i + 1),
                "seconds": 0.5,
            }
            for i in range(epochs)
        )
    )


def panels(figure) -> list[str]:
    return [axes.get_ylabel() for axes in figure.axes]


@pytest.mark.parametrize("epochs", [1, 2, 7, 400])
def test_lines_are_the_history(epochs):
    history = classifier(epochs)
    figure = training_curves(history)
    check(figure)
    assert panels(figure) == ["loss", "accuracy (%)", "learning rate", "gradient norm"]
    loss, accuracy, rate, norm = figure.axes
    assert line(loss, "training").tolist() == history["train_loss"]
    assert line(loss, "validation").tolist() == history["valid_loss"]
    assert line(accuracy, "training").tolist() == history["train_accuracy"]
    assert line(accuracy, "validation").tolist() == history["valid_accuracy"]
    assert rate.lines[0].get_ydata().tolist() == history["lr"]
    assert norm.lines[0].get_ydata().tolist() == history["grad_norm"]
    assert loss.lines[0].get_xdata().tolist() == history["epoch"]
    assert overlaps(figure) == []


def test_the_last_epoch_is_marked():
    for epochs in (1, 20, 21, 45, 399):
        drawn = training_curves(classifier(epochs)).axes[0].lines[0]
        start, distance = drawn.get_markevery()
        assert (epochs - 1 - start) % distance == 0
        assert epochs <= 20 * distance
        assert distance == 1 or epochs > 20  # of few epochs, each


def test_epochs_have_whole_numbers():
    figure = training_curves(classifier(1))
    check(figure)
    low, high = figure.axes[0].get_xlim()
    assert [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high] == [1]


def test_the_scale_is_logarithmic_beyond_two_decades_above_zero():
    def scale(*losses: float) -> str:
        figure = training_curves(history_of(*({"train_loss": loss} for loss in losses)))
        check(figure)
        return figure.axes[0].get_yscale()

    assert scale(1.0, 0.011) == "linear"
    assert scale(1.0, 0.009) == "log"
    assert scale(1.0, 0.0) == "linear"
    assert scale(1e-12, 1e12) == "log"
    assert scale(0.0, 0.0) == "linear"


def tick_labels(axes) -> list[str]:
    low, high = axes.get_ylim()
    return [
        tick.label1.get_text()
        for tick in axes.yaxis.get_major_ticks()
        if low <= tick.get_loc() <= high
    ]


def test_the_learning_rate_shows_four_decades_in_powers_of_ten():
    figure = training_curves(
        history_of(*({"train_loss": 1.0, "lr": r} for r in (0.01, 0.004, 4e-8)))
    )
    check(figure)
    rate = figure.axes[1]
    assert rate.get_ylim()[0] == pytest.approx(1e-6)
    assert all("10^{" in label for label in tick_labels(rate))


def test_the_numbers_of_an_axis_have_as_many_decimals():
    figure = training_curves(history_of(*({"train_loss": v} for v in (0.39, 0.11, 0.03))))
    check(figure)
    decimals = {len(label.strip("$").partition(".")[2]) for label in tick_labels(figure.axes[0])}
    assert len(decimals) == 1


def test_the_penalty_is_drawn_where_there_is_one():
    assert "penalty" not in texts(training_curves(classifier(2)))
    history = classifier(2)
    for record in history.epochs:
        record["penalty"] = 0.25
    figure = training_curves(history)
    assert "penalty" in texts(figure)
    assert line(figure.axes[0], "penalty").tolist() == [0.25, 0.25]


def test_the_best_epoch_is_marked():
    figure = training_curves(classifier(5), best_epoch=3)
    check(figure)
    assert texts(figure).count("best epoch: 3") == 1
    assert all(axes.lines[-1].get_xdata() == [3, 3] for axes in figure.axes[:2])


def test_without_validation():
    figure = training_curves(history_of({"train_loss": 1.0}, {"train_loss": 0.5}))
    check(figure)
    assert panels(figure) == ["loss"]
    assert "validation" not in texts(figure)


def test_values_that_are_not_finite_leave_gaps():
    losses = (1.0, math.nan, math.inf, 0.001)
    figure = training_curves(history_of(*({"train_loss": v, "lr": math.nan} for v in losses)))
    check(figure)
    drawn = line(figure.axes[0], "training").tolist()
    assert [value if math.isfinite(value) else None for value in drawn] == [1.0, None, None, 0.001]
    assert figure.axes[0].get_yscale() == "log"


def test_regression_has_a_panel_for_each_metric():
    record = {"train_loss": 1.0, "train_mae": 0.5, "valid_loss": 2.0, "valid_mae": 0.7}
    figure = training_curves(history_of(record | {"valid_r2": -0.5}, record | {"valid_r2": 0.5}))
    check(figure)
    assert panels(figure) == ["loss", "mean absolute error", "R²"]
    assert line(figure.axes[2], "validation").tolist() == [-0.5, 0.5]


def test_at_most_two_metrics():
    record = {"train_loss": 1.0, "train_accuracy": 0.5, "train_top3": 0.6, "train_top5": 0.7}
    figure = training_curves(history_of(record, record | {"valid_top3": 0.8}))
    check(figure)
    assert panels(figure) == ["loss", "accuracy (%)", "top3 (%)"]


def test_steps_are_drawn_for_few_epochs():
    few = history_of({"train_loss": 0.5, "lr": 0.1}, {"train_loss": 0.4, "lr": 0.1}, steps=10)
    figure = training_curves(few)
    check(figure)
    by_step = next(drawn for drawn in figure.axes[0].lines if "step" in drawn.get_label())
    assert by_step.get_ydata().tolist() == [record["loss"] for record in few.steps]
    assert by_step.get_xdata().tolist() == pytest.approx([0.2 * (i + 1) for i in range(10)])
    assert len(figure.axes[1].lines) == 2

    many = history_of(*[{"train_loss": 0.5}] * 10, steps=10)
    assert not any("step" in text for text in texts(training_curves(many)))


def test_no_epoch_at_all():
    figure = training_curves(gn.History())
    check(figure, labelled=False)
    assert "no epoch was finished" in texts(figure)
