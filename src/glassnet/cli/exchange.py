"""What the commands that bring models in and out show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.markup import escape

from glassnet.cli.output import notes, outline, print_json, results
from glassnet.interop import Certificate, Imported, SavedImport, save_imported


def print_certificate(certificate: Certificate, file: Path) -> None:
    """Say how far what was written is from the model."""
    for sentence in certificate.sentences():
        results.print(f"{'certificate':<16} {escape(sentence)}")
    results.print(f"{'':<16} {escape(str(file))}")


def finish_import(
    imported: Imported,
    certificate: Certificate,
    shape: Sequence[int],
    file: Path,
    out: Path | None,
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Save what came in from a file, say so, and end with 1 where it is not the same."""
    path = out or file.with_name(f"{file.stem}-glassnet.safetensors")
    written = save_imported(imported, certificate, path, overwrite=overwrite)
    print_imported(written, shape, as_json=as_json)
    if not certificate.ok:
        raise typer.Exit(1)


def print_imported(written: SavedImport, shape: Sequence[int], *, as_json: bool) -> None:
    """Say what came in, what was assumed, and how it was checked."""
    imported, certificate = written.imported, written.certificate
    if as_json:
        print_json(
            {"model": str(written.path), "input_shape": list(shape)}
            | {"architecture": imported.model.config(), "assumed": list(imported.assumed)}
            | {"certificate": str(written.certificate_file)}
            | certificate.to_dict()
        )
        return
    for note in imported.assumed:
        notes.print(f"[bold]assumed[/]  {escape(note)}")
    results.print(f"{'model':<16} {outline(imported.model)}")
    results.print(f"{'written':<16} {escape(str(written.path))}")
    print_certificate(certificate, written.certificate_file)
