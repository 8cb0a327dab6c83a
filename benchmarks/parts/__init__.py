"""The parts of the benchmark: each measures something, and says it as a section of the page."""

from parts import growth, inference, kernels, memory, pair, roof, shapes, start, training

PARTS = {
    "training": training,
    "inference": inference,
    "kernels": kernels,
    "shapes": shapes,
    "roof": roof,
    "memory": memory,
    "start": start,
    "pair": pair,
    "growth": growth,
}
