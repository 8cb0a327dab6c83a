"""The program `glassnet`: its commands, and what happens to errors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from glassnet.cli import data, evaluate, predict, train

app = typer.Typer(
    name="glassnet",
    help="Neural networks you can see through.",
    epilog="A bare `glassnet train` trains on bundled handwritten digits in a few seconds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.add_typer(data.app, name="data")


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from glassnet import __version__

        typer.echo(f"glassnet {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the program; a mistake of the user ends it with one sentence and exit code 2."""
    from glassnet.errors import GlassnetError

    try:
        app()
    except GlassnetError as error:
        typer.echo(f"glassnet: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("glassnet: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(141)
