"""The mistakes a user can mend.

Every message is one sentence or two that say what was wrong, where, and what to do. The command
line prints them without a traceback and exits with code 2; a program can catch them all as
`GlassnetError`, or as the built-in exception that each of them also is.
"""


class GlassnetError(Exception):
    """Base of every error that Glassnet raises for something the user can mend."""


class ShapeError(GlassnetError, ValueError):
    """Arrays or layers whose shapes do not meet."""


class UninitializedError(GlassnetError, RuntimeError):
    """A parameter was read before it was given values."""


class ConfigError(GlassnetError, ValueError):
    """A configuration, an option or an argument that makes no sense."""


class DataError(GlassnetError, ValueError):
    """A data set, or a file of one, that cannot be used."""


class CheckpointError(GlassnetError, ValueError):
    """Saved weights, or a run folder, that cannot be used."""


class TrainingError(GlassnetError, RuntimeError):
    """Training that cannot go on, for instance because the loss is no longer finite."""


class OutputError(GlassnetError, OSError):
    """A file that could not be written; nothing that was there before was harmed."""
