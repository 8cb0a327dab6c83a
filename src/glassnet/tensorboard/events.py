"""Event files, as TensorBoard reads them: its own messages, written by its own record writer.

The `tensorboard` package is what everybody has who wants to look at the files, PyTorch writes its
event files with it too, and so what is written is of the version of what reads it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from glassnet.arrays import Array
from glassnet.errors import ConfigError, OutputError

TOLD = "nothing more is shown in TensorBoard"


def require_tensorboard() -> None:
    """Make sure that TensorBoard is there.

    Raises
    ------
    ConfigError
        If it is not installed.
    """
    try:
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError:
        raise ConfigError(
            "watching a training in TensorBoard needs the tensorboard package; install it with "
            "pip install 'glassnet[tensorboard]'"
        ) from None


class EventLog:
    """An event file that grows, in a folder that may hold those of a training's earlier parts.

    Each event reaches the file before the next step, so that what was shown and what a checkpoint
    holds belong together, however the process ends. What cannot be written because the disk is full
    is told once, and ends no training.

    Parameters
    ----------
    folder : path
        Made where it is not there.
    step : int
        Earlier files' events of this step and later ones are void: TensorBoard forgets them.
    tell : callable
        Is told why nothing more is written.

    Raises
    ------
    ConfigError
        If TensorBoard is not installed.
    OutputError
        If the folder cannot be written to.
    """

    def __init__(self, folder: str | Path, step: int, tell: Callable[[str], None]) -> None:
        require_tensorboard()
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._events, self._summaries, self._tell = event_pb2, summary_pb2, tell
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # TensorBoard reads the files in the order of their names: a number keeps it, also where
            # a clock was set, or two files are of the same second.
            found = (path.name.split(".")[3] for path in folder.glob("events.out.tfevents.*"))
            number = 1 + max((int(part) for part in found if part.isdecimal()), default=0)
            path = folder / f"events.out.tfevents.{number:010d}.glassnet"
            file = path.open("xb", buffering=0)
        except OSError as error:
            raise OutputError(
                f"cannot write events for TensorBoard into {folder}: {error.strerror}; choose "
                "another folder"
            ) from error
        self._writer: Any = RecordWriter(file)
        self._write(event_pb2.Event(file_version="brain.Event:2"))
        session = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._write(event_pb2.Event(step=step, session_log=session))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers by their tags; those that are not finite are left out."""
        finite = {tag: float(v) for tag, v in values.items() if math.isfinite(v)}
        if finite:
            self._add(
                step,
                *(self._summaries.Summary.Value(tag=t, simple_value=v) for t, v in finite.items()),
            )

    def histogram(self, step: int, tag: str, statistics: Sequence[float], counts: Array) -> None:
        """Write a histogram.

        Parameters
        ----------
        step : int
        tag : str
        statistics : sequence of four floats
            Minimum, maximum, mean and standard deviation; where they are not finite nothing is
            written.
        counts : ndarray of int, shape (B,)
            Of equal bins between minimum and maximum.
        """
        low, high, mean, deviation = map(float, statistics)
        if not math.isfinite(low + high + mean + deviation):
            return
        total = float(counts.sum())
        # One value that is always the same has no bins around it.
        bins = counts if high > low else counts.sum(keepdims=True)
        width = (high - low) / len(bins)
        limits = [low + width * i for i in range(1, len(bins))] + [high]
        histogram = self._summaries.HistogramProto(
            min=low,
            max=high,
            num=total,
            sum=mean * total,
            sum_squares=(mean**2 + deviation**2) * total,
            bucket_limit=limits,
            bucket=bins.tolist(),
        )
        self._add(step, self._summaries.Summary.Value(tag=tag, histo=histogram))

    def image(self, step: int, tag: str, png: bytes) -> None:
        """Write a picture."""
        width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))  # IHDR comes first
        image = self._summaries.Summary.Image(
            encoded_image_string=png, width=width, height=height, colorspace=3
        )
        self._add(step, self._summaries.Summary.Value(tag=tag, image=image))

    def text(self, step: int, tag: str, words: str) -> None:
        """Write text in a fixed pitch, as it stands."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        block = "\n".join(f"    {line}" for line in words.splitlines())  # Markdown for: code
        self._add(step, *text_pb(tag, block).value)

    def hyperparameters(
        self, step: int, values: Mapping[str, float | str], metrics: Sequence[str]
    ) -> None:
        """Write what a run was configured with, and by which scalars runs are to be compared."""
        from tensorboard.plugins.hparams import summary_v2 as hp

        columns = [hp.HParam(name) for name in values]
        shown = [hp.Metric(tag, display_name=tag) for tag in metrics]
        self._add(step, *hp.hparams_config_pb(columns, shown).value)
        self._add(step, *hp.hparams_pb(dict(values)).value)

    def charts(self, step: int, charts: Mapping[str, Sequence[str]]) -> None:
        """Say which scalars belong into one chart: by its title, their tags."""
        from tensorboard.plugins.custom_scalar import layout_pb2, metadata
        from tensorboard.util import tensor_util

        layout = layout_pb2.Layout(
            category=[
                layout_pb2.Category(
                    title="training",
                    chart=[
                        layout_pb2.Chart(
                            title=title,
                            multiline=layout_pb2.MultilineChartContent(
                                tag=[f"^{tag}$" for tag in tags]
                            ),
                        )
                        for title, tags in charts.items()
                    ],
                )
            ]
        )
        value = self._summaries.Summary.Value(
            tag=metadata.CONFIG_SUMMARY_TAG,
            tensor=tensor_util.make_tensor_proto(layout.SerializeToString()),
            metadata=metadata.create_summary_metadata(),
        )
        self._add(step, value)

    def close(self) -> None:
        """Close the file; what is written afterwards is lost."""
        if self._writer is not None:
            self._writer.close()
        self._writer = None

    def _add(self, step: int, *values: Any) -> None:
        summary = self._summaries.Summary(value=values)
        self._write(self._events.Event(step=step, summary=summary))

    def _write(self, event: Any) -> None:
        if self._writer is None:
            return
        event.wall_time = time.time()
        try:
            self._writer.write(event.SerializeToString())
        except OSError as error:
            self.close()
            self._tell(f"{TOLD}: {error}")
