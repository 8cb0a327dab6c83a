"""The NumPy edition of the kernels."""

# ruff: noqa: F403 (each file says in __all__ what its kernels are)
from glassnet.kernels.vectorised.activation import *
from glassnet.kernels.vectorised.batch import *
from glassnet.kernels.vectorised.conv import *
from glassnet.kernels.vectorised.dense import *
from glassnet.kernels.vectorised.network import *
from glassnet.kernels.vectorised.norm import *
from glassnet.kernels.vectorised.pool import *
from glassnet.kernels.vectorised.softmax import *
from glassnet.kernels.vectorised.stages import *
from glassnet.kernels.vectorised.update import *
