"""The page: sections, style and script put together, and written."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from glassnet import __version__
from glassnet.errors import ConfigError, OutputError
from glassnet.experiments import Comparison, RunRecord, compare
from glassnet.files import write_atomically
from glassnet.report.charts import Chart
from glassnet.report.overview import family_charts
from glassnet.report.sections import section_of

GENERATOR = "Glassnet report"
MOST_RUNS = 50


@dataclass(frozen=True)
class Report:
    """Where a report was written, of which runs, and what could not be shown."""

    path: Path
    runs: tuple[Path, ...]
    notes: tuple[str, ...]


def write_report(
    runs: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    data_dir: str | Path | None = None,
) -> Report:
    """Write one HTML file about one run or several; it needs no network and no other file.

    Parameters
    ----------
    runs : sequence of path
        Run folders.
    out : path, optional
        By default ``report.html`` in the run's folder, of several runs in the working folder. An
        earlier report is overwritten, another file never.
    data_dir : path, optional
        Where the runs' data are looked for, to time the layers with; nothing is fetched.

    Raises
    ------
    CheckpointError
        If a folder is no finished run, or a file of it is damaged.
    ConfigError
        If there is no run, or there are more than fifty.
    OutputError
        If there is something else where the report should go.
    """
    if not 1 <= len(runs) <= MOST_RUNS:
        raise ConfigError(f"a report is about 1 to {MOST_RUNS} runs, not {len(runs)}")
    records = [RunRecord.read(run) for run in runs]
    place = Path(out) if out else Path("report.html")
    if out is None and len(records) == 1:
        place = records[0].path / "report.html"
    _refuse_another_file(place)
    comparison = compare(runs) if len(records) > 1 else None
    sections = [section_of(record, data_dir) for record in records]
    charts = family_charts(comparison) if comparison else []
    title = sections[0].name if len(sections) == 1 else f"{len(sections)} runs"
    write_atomically(place, _page(title, sections, comparison, charts))
    notes = tuple(f"{s.path}: {note}" for s in sections for note in s.notes)
    return Report(place, tuple(record.path for record in records), notes)


def _page(
    title: str, sections: Sequence[object], comparison: Comparison | None, charts: Sequence[Chart]
) -> str:
    """Return the page's text; everything in it that came from files is escaped."""
    from jinja2 import Environment, StrictUndefined

    here = files("glassnet.report")
    style, script, template = (
        here.joinpath(name).read_text(encoding="utf-8")
        for name in ("page.css", "hover.js", "page.html.jinja")
    )
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    page = environment.from_string(template).render(
        title=title,
        generator=GENERATOR,
        version=__version__,
        style=style,
        script=script,
        policy=_policy(style, script),
        sections=sections,
        comparison=comparison,
        charts=charts,
    )
    # What cannot be written as UTF-8 (a folder's name may hold such bytes) becomes a question mark.
    return page.encode("utf-8", "replace").decode("utf-8")


def _policy(style: str, script: str) -> str:
    """Return the rule by which a browser loads nothing, and runs this script alone."""
    style_hash, script_hash = (
        b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)
    )
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{style_hash}'; "
        f"script-src 'sha256-{script_hash}'; base-uri 'none'; form-action 'none'"
    )


def _refuse_another_file(place: Path) -> None:
    """Raise `OutputError` if there is anything at that place but an earlier report."""
    if place.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"a report is an HTML file, but {place} does not end in .html")
    if not place.exists():
        return
    if not place.is_file():
        raise OutputError(f"{place} is there and is no file; choose another name with --out")
    with place.open("rb") as file:
        if GENERATOR.encode() not in file.read(1000):
            raise OutputError(f"{place} is there and is no report; choose another name with --out")
