"""The work as Glassnet does it, with one of its editions of the kernels."""

from collections.abc import Callable

import numpy as np
from layer_cases import LayerCase

import glassnet as gn
from glassnet.bench import Workload, kernel_cases
from glassnet.threads import set_threads


class Glassnet:
    def __init__(self, edition: str, threads: int) -> None:
        gn.use_kernels(edition)
        set_threads(threads)
        self.kernels = {case.name: case for case in kernel_cases()}
        if edition == "numba":
            import numba  # noqa: F401 — an import is not part of the work

    def kernel(self, name: str) -> Callable[[], object]:
        return self.kernels[name].prepare()

    def layer(self, case: LayerCase, training: bool) -> Callable[[], object]:
        layer = getattr(gn, case.kind)(*case.arguments).initialize(seed=0)
        x = np.random.default_rng(0).standard_normal(case.input, np.float32)
        x = np.moveaxis(np.moveaxis(x, 0, -1).copy("C"), -1, 0)  # batch-innermost in memory
        if not training:
            return lambda: layer.infer(x)
        dy = layer.infer(x)

        def both_ways() -> None:
            _, cache = layer.forward(x, training=True)
            layer.backward(dy, cache)

        return both_ways

    def training(self, work: Workload, data: tuple) -> Callable[[], object]:
        trainer, dataset = work.trainer(), gn.Dataset(*data)
        return lambda: trainer.fit(dataset, epochs=work.epochs, batch_size=work.batch)

    def inference(self, work: Workload, data: tuple, batch: int) -> Callable[[], object]:
        trainer, x = work.trainer(), data[0][:batch]
        trainer.fit(data, epochs=1, batch_size=work.batch)
        return lambda: trainer.model.predict(x)
