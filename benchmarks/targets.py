"""What Glassnet's time, or memory, over another's may be at most: the project's targets."""

from glassnet.bench import WORKLOADS

TRAINING = dict(zip(WORKLOADS, (0.5, 0.5, 0.7, 0.30, 0.25, 0.9, 0.9, 0.18, 0.12), strict=True))
"""Over PyTorch, the better of eager and eager with its fused optimizer."""
SKLEARN = 0.5
INFERENCE = 0.5
MEMORY = 1.0
ROOF_SHARE = 0.5
"""At least, of the large workloads."""
NAMES = tuple(WORKLOADS)
LARGE = NAMES[5:7]
MLP, CNN = NAMES[0], NAMES[3]
"""Small networks of either kind, where one of each will do."""
