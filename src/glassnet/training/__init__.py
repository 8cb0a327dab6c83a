"""Training: the loop, what looks on, and what is recorded."""

from glassnet.training.callbacks import Callback, EarlyStopping, EvaluateEvery
from glassnet.training.checkpoint import Checkpoint
from glassnet.training.checkpoint import newest as newest_checkpoint
from glassnet.training.checkpointer import Checkpointer
from glassnet.training.confusion import ClassReport, class_report, confusion_matrix
from glassnet.training.evaluation import Evaluation, evaluate
from glassnet.training.finetuning import freeze, new_head
from glassnet.training.health import HealthCheck
from glassnet.training.history import History, Record
from glassnet.training.interruption import Interrupted, Terminated, prompt_termination
from glassnet.training.layer_record import LayerRecord
from glassnet.training.layerwise import LayerOutput, chain, layer_outputs
from glassnet.training.metrics import accuracy, named_metric, predicted_class, top_k
from glassnet.training.nonfinite import NotFiniteError
from glassnet.training.recording import LayerRecorder
from glassnet.training.trainer import Trainer

__all__ = [
    "Callback",
    "Checkpoint",
    "Checkpointer",
    "ClassReport",
    "EarlyStopping",
    "EvaluateEvery",
    "Evaluation",
    "HealthCheck",
    "History",
    "Interrupted",
    "LayerOutput",
    "LayerRecord",
    "LayerRecorder",
    "NotFiniteError",
    "Record",
    "Terminated",
    "Trainer",
    "accuracy",
    "chain",
    "class_report",
    "confusion_matrix",
    "evaluate",
    "freeze",
    "layer_outputs",
    "named_metric",
    "new_head",
    "newest_checkpoint",
    "predicted_class",
    "prompt_termination",
    "top_k",
]
