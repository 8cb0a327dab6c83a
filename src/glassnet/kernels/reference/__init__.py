"""The reference edition of the kernels: textbook loops, the oracle for the others."""

# ruff: noqa: F403 (each file says in __all__ what its kernels are)
from glassnet.kernels.reference.activation import *
from glassnet.kernels.reference.batch import *
from glassnet.kernels.reference.conv import *
from glassnet.kernels.reference.dense import *
from glassnet.kernels.reference.network import *
from glassnet.kernels.reference.norm import *
from glassnet.kernels.reference.pool import *
from glassnet.kernels.reference.softmax import *
from glassnet.kernels.reference.stages import *
from glassnet.kernels.reference.update import *
