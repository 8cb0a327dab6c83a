"""The program `glassnet`: its commands, and what happens to errors."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from glassnet.cli import (
    bench,
    compare,
    crossvalidate,
    data,
    evaluate,
    export,
    finetune,
    gradcheck,
    import_onnx,
    import_torch,
    predict,
    report,
    reproduce,
    resume,
    train,
    verify,
)

app = typer.Typer(
    name="glassnet",
    help="Neural networks you can see through.",
    epilog="A bare `glassnet train` trains on bundled handwritten digits in a few seconds.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("resume")(resume.resume)
app.command("verify-resume")(verify.verify_resume)
app.command("crossvalidate")(crossvalidate.crossvalidate)
app.command("finetune")(finetune.finetune)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("compare")(compare.compare)
app.command("report")(report.report)
app.command("export")(export.export)
app.command("import-torch")(import_torch.import_torch)
app.command("import-onnx")(import_onnx.import_onnx)
app.command("gradcheck")(gradcheck.gradcheck)
app.command("bench")(bench.bench)
app.command("reproduce")(reproduce.reproduce)
app.add_typer(data.app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        from glassnet import __version__

        typer.echo(f"glassnet {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the program; a mistake of the user ends it with one sentence and exit code 2.

    Ctrl-C ends it with 130, which Typer sees to.
    """
    from glassnet.errors import GlassnetError
    from glassnet.memory import keep_freed_memory

    keep_freed_memory()
    if "OMP_NUM_THREADS" not in os.environ:
        # A second thread of BLAS gains a tenth at best in steps as small as these, and costs a
        # factor of ten to a hundred where another program keeps its processor busy, because
        # threads wait for each other in circles. Read when NumPy is imported, later.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        try:
            app(prog_name="glassnet")
        finally:
            _flush()
    except BrokenPipeError:  # whoever reads has seen enough, as `head` has
        sys.exit(1)
    except (GlassnetError, OSError) as error:  # OSError: what the system refuses, disk or memory
        _end(str(error))
    except MemoryError as error:
        _end(f"the memory does not suffice ({error}); choose a smaller network or smaller data")


def _flush() -> None:
    """Write what is left of the output while a failure can still be said in a sentence.

    At its end Python would try again what has failed once, so what is left then goes nowhere.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _end(sentence: str) -> None:
    """Print why the program ends, on one line whatever the reason holds, and end it."""
    one_line = " ".join(line.strip() for line in sentence.splitlines())
    typer.echo(f"glassnet: {one_line}", err=True)
    sys.exit(2)
