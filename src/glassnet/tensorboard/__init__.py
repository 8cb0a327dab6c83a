"""A training watched in TensorBoard."""

from glassnet.tensorboard.callback import TensorBoard
from glassnet.tensorboard.events import EventLog, require_tensorboard

__all__ = ["EventLog", "TensorBoard", "require_tensorboard"]
