# What is public: type checkers read this file, and at run time a name is imported from where it
# says when it is first used.
from . import augmentation as augmentation
from . import data as data
from . import doctor as doctor
from . import initializers as initializers
from . import schedules as schedules
from .data import (
    Dataset as Dataset,
)
from .data import (
    DataSplits as DataSplits,
)
from .doctor import (
    gradcheck as gradcheck,
)
from .errors import (
    CheckpointError as CheckpointError,
)
from .errors import (
    ConfigError as ConfigError,
)
from .errors import (
    DataError as DataError,
)
from .errors import (
    GlassnetError as GlassnetError,
)
from .errors import (
    OutputError as OutputError,
)
from .errors import (
    ShapeError as ShapeError,
)
from .errors import (
    TrainingError as TrainingError,
)
from .errors import (
    UninitializedError as UninitializedError,
)
from .kernels import (
    active_kernels as active_kernels,
)
from .kernels import (
    use_kernels as use_kernels,
)
from .layers import (
    ELU as ELU,
)
from .layers import (
    GELU as GELU,
)
from .layers import (
    AvgPool2d as AvgPool2d,
)
from .layers import (
    BatchNorm1d as BatchNorm1d,
)
from .layers import (
    BatchNorm2d as BatchNorm2d,
)
from .layers import (
    Conv2d as Conv2d,
)
from .layers import (
    Dropout as Dropout,
)
from .layers import (
    Flatten as Flatten,
)
from .layers import (
    GlobalAvgPool2d as GlobalAvgPool2d,
)
from .layers import (
    Identity as Identity,
)
from .layers import (
    Layer as Layer,
)
from .layers import (
    LayerNorm as LayerNorm,
)
from .layers import (
    LeakyReLU as LeakyReLU,
)
from .layers import (
    Linear as Linear,
)
from .layers import (
    MaxPool2d as MaxPool2d,
)
from .layers import (
    ReLU as ReLU,
)
from .layers import (
    Residual as Residual,
)
from .layers import (
    Sequential as Sequential,
)
from .layers import (
    Sigmoid as Sigmoid,
)
from .layers import (
    SiLU as SiLU,
)
from .layers import (
    Softmax as Softmax,
)
from .layers import (
    Tanh as Tanh,
)
from .losses import (
    BinaryCrossEntropy as BinaryCrossEntropy,
)
from .losses import (
    Huber as Huber,
)
from .losses import (
    Loss as Loss,
)
from .losses import (
    MeanAbsoluteError as MeanAbsoluteError,
)
from .losses import (
    MeanSquaredError as MeanSquaredError,
)
from .losses import (
    SoftmaxCrossEntropy as SoftmaxCrossEntropy,
)
from .optimizers import (
    SGD as SGD,
)
from .optimizers import (
    Adagrad as Adagrad,
)
from .optimizers import (
    Adam as Adam,
)
from .optimizers import (
    AdamW as AdamW,
)
from .optimizers import (
    Optimizer as Optimizer,
)
from .optimizers import (
    RMSprop as RMSprop,
)
from .parameters import (
    Buffer as Buffer,
)
from .parameters import (
    Parameter as Parameter,
)
from .regularizers import (
    L1 as L1,
)
from .regularizers import (
    L2 as L2,
)
from .regularizers import (
    Regularizer as Regularizer,
)
from .schedules import (
    Constant as Constant,
)
from .schedules import (
    Cosine as Cosine,
)
from .schedules import (
    Exponential as Exponential,
)
from .schedules import (
    MultiStep as MultiStep,
)
from .schedules import (
    OneCycle as OneCycle,
)
from .schedules import (
    Progress as Progress,
)
from .schedules import (
    ReduceOnPlateau as ReduceOnPlateau,
)
from .schedules import (
    Schedule as Schedule,
)
from .schedules import (
    StepDecay as StepDecay,
)
from .schedules import (
    Warmup as Warmup,
)
from .storage import (
    load as load,
)
from .storage import (
    save as save,
)
from .store import ParameterStore as ParameterStore
from .tensorboard import (
    TensorBoard as TensorBoard,
)
from .threads import (
    set_threads as set_threads,
)
from .training import (
    Callback as Callback,
)
from .training import (
    Checkpointer as Checkpointer,
)
from .training import (
    EarlyStopping as EarlyStopping,
)
from .training import (
    EvaluateEvery as EvaluateEvery,
)
from .training import (
    History as History,
)
from .training import (
    LayerRecorder as LayerRecorder,
)
from .training import (
    Trainer as Trainer,
)
from .training import (
    freeze as freeze,
)
from .training import (
    new_head as new_head,
)
from .training import (
    newest_checkpoint as newest_checkpoint,
)

__version__: str
