"""Threads: one setting, two Python threads at once, forks, and what the environment says."""

import os
import subprocess
import sys
import textwrap

import pytest

from glassnet import threads
from glassnet.errors import ConfigError


def run(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "2"])
def test_a_number_of_threads_that_cannot_be(count):
    with pytest.raises(ConfigError, match="at least 1"):
        threads.set_threads(count)


def test_more_than_there_are_processors_are_not_used():
    before = threads.threads()
    threads.set_threads(10_000)
    assert threads.threads() == threads.available()
    threads.set_threads(before)


def test_the_environment_says_how_many():
    program = "from glassnet import threads; print(threads.threads())"
    assert run(program, OMP_NUM_THREADS="1") == "1"
    assert run(program, OMP_NUM_THREADS="1,2") == "1"
    assert int(run(program, OMP_NUM_THREADS="nonsense")) == threads.available()


MODEL = """
    import numpy as np, glassnet as gn
    gn.use_kernels("numba")
    model = gn.Sequential(gn.Conv2d(3, 16, 3, padding=1), gn.ReLU(), gn.MaxPool2d(2))
    model.initialize(seed=0)
    x = np.random.default_rng(0).random((64, 3, 16, 16), np.float32)
    expected = model.infer(x)
"""


def test_compiled_kernels_leave_blas_one_thread():
    pytest.importorskip("numba")
    pytest.importorskip("threadpoolctl")
    program = (
        MODEL
        + """
    from glassnet.threads import set_threads
    from threadpoolctl import threadpool_info
    def of_blas():
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        return min(pool["num_threads"] for pool in pools)  # SciPy brings another, later
    print(of_blas())
    set_threads(2)
    print(of_blas())
    """
    )
    assert run(program, OPENBLAS_NUM_THREADS="2").split() == ["1", "1"]


@pytest.mark.parametrize("layers", ["omp tbb workqueue", "workqueue omp tbb"])
def test_two_python_threads_use_one_model_at_once(layers):
    pytest.importorskip("numba")
    program = (
        MODEL
        + """
    import threading
    wrong = []
    def work():
        for _ in range(200):
            if not np.array_equal(model.infer(x), expected):
                wrong.append(1)
    both = [threading.Thread(target=work) for _ in range(2)]
    [t.start() for t in both]
    [t.join() for t in both]
    print(len(wrong))
    """
    )
    assert run(program, NUMBA_THREADING_LAYER_PRIORITY=layers) == "0"


@pytest.mark.parametrize("kernels", ["numpy", "numba"])
def test_predictions_from_threads_have_the_same_bits_while_another_model_trains(kernels):
    if kernels == "numba":
        pytest.importorskip("numba")
    program = f"""
    import threading
    import numpy as np, glassnet as gn
    gn.use_kernels("{kernels}")
    rng = np.random.default_rng(0)
    images = rng.random((150, 1, 8, 8), np.float32)
    labels = np.arange(150) % 3
    models = [
        gn.Sequential(gn.Flatten(), gn.Linear(64, 40), gn.BatchNorm1d(40), gn.ReLU(),
                      gn.Dropout(0.5), gn.Linear(40, 3)),
        gn.Sequential(gn.Conv2d(1, 6, 3), gn.BatchNorm2d(6), gn.ReLU(), gn.MaxPool2d(2),
                      gn.Flatten(), gn.Linear(54, 3)),
    ]
    for seed, model in enumerate(models):
        model.initialize(seed=seed)
    expected = [model.predict_proba(images) for model in models]
    wrong, predicted, trained = [], [], threading.Event()
    def predict(number):
        for i in range(1000):
            which, first = (i + number) % 2, 10 * (i % 5)
            found = models[which].predict_proba(images)
            part = models[which].predict(images[first:])
            if not np.array_equal(found, expected[which]) or len(part) != 150 - first:
                wrong.append(i)
            predicted.append(1)
            if trained.is_set() and i > 20:
                return
    def train():
        model = gn.Sequential(gn.Flatten(), gn.Linear(64, 16), gn.Dropout(0.3), gn.Linear(16, 3))
        trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(), seed=1)
        trainer.fit((images, labels), epochs=20, batch_size=15)
        results.append(trainer.history["train_loss"][-1])
    results = []
    train()
    def train_beside():
        train()
        trained.set()
    threads = [threading.Thread(target=predict, args=(i,)) for i in range(4)]
    threads.append(threading.Thread(target=train_beside))
    [t.start() for t in threads]
    [t.join() for t in threads]
    print(len(wrong), len(predicted) >= 80, results[0] == results[1])
    """
    assert run(program) == "0 True True"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_computes_on_one_thread():
    pytest.importorskip("numba")
    program = (
        MODEL
        + """
    import os
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(model.infer(x), expected) else 3)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    )
    assert run(program) == "0"


def test_numba_is_not_imported_for_what_is_small():
    program = """
    import sys, numpy as np, glassnet as gn
    model = gn.Sequential(gn.Linear(64, 256), gn.ReLU(), gn.Linear(256, 10))
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(), metrics=())
    trainer.fit((np.ones((96, 64), np.float32), np.arange(96) % 10), epochs=1)
    print("numba" in sys.modules)
    """
    assert run(program) == "False"


def test_without_a_folder_to_keep_compiled_loops_in(tmp_path):
    pytest.importorskip("numba")
    program = """
    import numpy as np
    from glassnet.kernels import compiled
    print(compiled.squared_norm(np.ones(100_000, np.float32)))
    """
    assert run(program, NUMBA_CACHE_LOCATOR_CLASSES="ZipCacheLocator") == "100000.0"
