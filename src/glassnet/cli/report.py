"""`glassnet report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import DataDir, Json


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN [RUN...]", hidden=True)],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Where to write it; by default report.html in the run's folder, of several runs "
            "here.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Write one HTML file about finished runs: curves, pictures, classes, times, configuration.

    Give the folders of one run or several. The file holds everything it shows and loads nothing.
    """
    import webbrowser

    from rich.markup import escape

    from glassnet.cli.output import notes, print_json, results
    from glassnet.report import write_report

    written = write_report(runs, out, data_dir=data_dir)
    for note in written.notes:
        notes.print(f"note: {escape(note)}")
    if show and not webbrowser.open(written.path.resolve().as_uri()):
        notes.print("note: no browser could be opened")
    if as_json:
        print_json(
            {
                "report": str(written.path),
                "runs": [str(run) for run in written.runs],
                "bytes": written.path.stat().st_size,
                "notes": list(written.notes),
            }
        )
    else:
        results.print(f"{'report':<16} {escape(str(written.path))}")
