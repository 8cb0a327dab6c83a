"""Holding on to a run folder that somebody removes, or that another run takes, while one trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glassnet.errors import CheckpointError, OutputError
from glassnet.experiments.folder import RunFolder
from glassnet.experiments.lock import Lock
from glassnet.files import make_folder

CONFIG = "config.toml"


@dataclass(frozen=True)
class Holding:
    """A run's claim to its folder.

    Parameters
    ----------
    folder : RunFolder
    lock : Lock
        Of that folder, taken.
    config : str
        What its ``config.toml`` holds.
    tell : callable
        Is told what the user should know.
    """

    folder: RunFolder
    lock: Lock
    config: str
    tell: Callable[[str], None]

    def secure(self) -> None:
        """Make sure that the folder is there, and this run's; call it before writing.

        Raises
        ------
        OutputError
            If another run works there, or has.
        """
        path = self.folder.path
        if not self.lock.is_mine:
            make_folder(path)
            try:
                self.lock.take()
            except CheckpointError as error:
                raise self._taken() from error
        if not (path / CONFIG).exists():
            self.tell(f"{path} was removed while it trained, and is made anew")
            self.folder.write(CONFIG, self.config)
        elif (path / CONFIG).read_text(encoding="utf-8") != self.config:
            raise self._taken()

    def _taken(self) -> OutputError:
        return OutputError(
            f"{self.folder.path} is no longer the folder of this run, but of another; what this "
            "one trained is not written there, and nothing of the other's has changed"
        )
