"""What a run leaves: how it ended, in numbers, and its folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.experiments.folder import RunFolder, environment, to_json
from glassnet.experiments.predictions import Predictions
from glassnet.experiments.run import Run
from glassnet.files import write_atomically
from glassnet.kernels import active_kernels
from glassnet.randomness import stream
from glassnet.storage import save
from glassnet.training import (
    Evaluation,
    History,
    class_report,
    confusion_matrix,
    evaluate,
    predicted_class,
)


def write(
    run: Run,
    folder: RunFolder,
    *,
    figures: bool = True,
    on_test: Callable[[Run, Evaluation], None] | None = None,
) -> dict[str, Any]:
    """Evaluate the final model on the test part, write everything, and return the metrics.

    `on_test` is called as soon as there are figures of the test part.
    """
    save(run.model, folder.path / "model.safetensors")  # first what took longest to make
    if run.early_stopping is not None and run.early_stopping.last_weights is not None:
        write_last_weights(run.early_stopping.last_weights, folder)
    history = run.trainer.history
    folder.write("history.csv", history.to_csv())
    if history.steps:
        folder.write("steps.csv", history.to_csv(steps=True))
    if run.evaluations is not None and run.evaluations.records:
        rows = History()
        rows.steps = run.evaluations.records
        folder.write("evaluations.csv", rows.to_csv(steps=True))
    record = run.recorder.record if run.recorder else None
    if record is not None:
        write_atomically(folder.path / "layers.safetensors", record.to_bytes())
    test = _evaluated(run, run.data.test)
    run.clock.lap("test")
    if on_test is not None and test is not None:
        on_test(run, test)
    folder.write_data_description(run.data)
    if test is not None and run.data.test is not None and run.data.classes:
        predictions = Predictions(run.data.test.y, predicted_class(test.outputs))
        write_atomically(folder.path / "predictions.safetensors", predictions.to_bytes())
    result = metrics_of(run, test)
    if figures and len(history):
        from glassnet.pictures import augmentation_preview, run_figures

        best = run.early_stopping.best_epoch if run.early_stopping else None
        folder.write_figures(run_figures(history, run.model, run.data, test, best, record))
        if examples := run.config.augment.examples():
            rng = stream(run.config.training.seed, "augment")
            preview = augmentation_preview(run.data.train, examples, rng)
            folder.write_figures({"augmentation": preview} if preview else {})
    if run.board is not None:
        pictures = {f.stem: f.read_bytes() for f in sorted(folder.figures.glob("*.png"))}
        numbers = {name: float(v) for name, v in result.items() if isinstance(v, (int, float))}
        run.board.results(run.trainer.step_count, numbers, pictures)
    # Last of all: a folder that has it is complete.
    folder.write("metrics.json", json.dumps(json.loads(to_json(result)), indent=2) + "\n")
    return result


def metrics_of(run: Run, test: Evaluation | None) -> dict[str, Any]:
    """Return how the run ended: figures of the final model, time, size, versions."""
    model, data, options = run.model, run.data, run.config.training
    valid = _evaluated(run, data.valid)
    train = _evaluated(run, data.train) if valid is None else None
    history = run.trainer.history
    result: dict[str, Any] = {
        **(test.record("test") if test else {}),
        **(valid.record("valid") if valid else {}),
        **(train.record("train") if train else {}),
        "seconds": round(run.clock.parts.get("training", 0.0), 3),
        "seconds_to_accuracy": round(run.clock.total, 3),
        "seconds_by_part": {k: round(v, 3) for k, v in run.clock.parts.items()},
        "epochs": len(history),
        "stopped": history.stopped,
        "warnings": list(history.warnings.values()),
        "seed": options.seed,
        "parameters": sum(p.size for _, p in model.named_parameters()),
        "penalty": run.trainer.penalty(),
        "kernels": active_kernels(),
    }
    if run.early_stopping is not None:
        result["best_epoch"] = run.early_stopping.best_epoch
    if test is not None and run.data.test is not None and run.data.classes:
        result["per_class"] = per_class(test, run.data.test)
    result["environment"] = environment()
    return result


def per_class(found: Evaluation, data: Dataset) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and support of every class."""
    report = class_report(confusion_matrix(found.outputs, data.y))
    names = data.class_names or [str(k) for k in range(len(report.support))]
    columns = zip(names, report.precision, report.recall, report.f1, report.support, strict=False)
    return [
        {"class": name, "precision": p, "recall": r, "f1": f, "support": int(n)}
        for name, p, r, f, n in columns
    ]


def write_last_weights(weights: dict[str, Array], folder: RunFolder) -> None:
    """Keep the last weights beside the best ones: names and arrays, without architecture."""
    from safetensors.numpy import save as to_bytes

    write_atomically(folder.path / "last.safetensors", to_bytes(weights))


def _evaluated(run: Run, part: Dataset | None) -> Evaluation | None:
    if part is None:
        return None
    return evaluate(run.model, part, run.trainer.loss, metrics=run.config.training.metrics)
