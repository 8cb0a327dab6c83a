"""The compiled edition of the kernels: loops, compiled by Numba, on all threads.

Left to the NumPy edition is whatever is so small that NumPy is done before a compiled loop has
started, and every dtype but float32 and, where asked for, float64 (of which no loop takes
exponentials).

`_vectors` has the words for numbers side by side in registers, `_rectify` and `_runs` some more;
`_windows` and `_products` the two loops of which convolutions are made, `_averages` and `_maxima`
those of pools; `_plans` and `_product_plans` where in memory they find their numbers, `_images` and
`_preparing` what is copied where that pays; `_bands`, `_phases` and `_separable` convolution, its
gradient and pooling of few samples, `_patches` little convolutions; `_stages` all convolutions of a
network for few, with the pooling of `_window_rows`; `_matrices` the loop of dense layers,
`_squares` what turns them; `_network` and `_outputs` the loops of whole training steps (with
`_layers`, or, where threads share them, `_shared_layers`) and of inference, made of `_affine` and
`_elements`; `_curves` those of non-linearities, whose formulas are in `_functions` and `_normal`;
`_softmax_rows` (in the words of `_lanes`) and `_softmax_columns` those of softmax; all of these
take `_exponentials`; `_arrays` how any array becomes what the loops take, `_loops` how they are
compiled.
"""

# ruff: noqa: F403 (each file says in __all__ what its kernels are)
from glassnet.kernels.compiled._arrays import compile_float64 as compile_float64
from glassnet.kernels.compiled.activation import *
from glassnet.kernels.compiled.batch import *
from glassnet.kernels.compiled.conv import *
from glassnet.kernels.compiled.dense import *
from glassnet.kernels.compiled.network import *
from glassnet.kernels.compiled.norm import *
from glassnet.kernels.compiled.pool import *
from glassnet.kernels.compiled.softmax import *
from glassnet.kernels.compiled.stages import *
from glassnet.kernels.compiled.update import *
