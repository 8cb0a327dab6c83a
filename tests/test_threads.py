"""Threads: one setting, two Python threads at once, forks, and what the environment says."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import glassnet as gn
from glassnet import crowd, threads
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


def test_the_same_bits_with_fewer_threads_while_others_want_the_processors(monkeypatch):
    pytest.importorskip("numba")
    if threads.available() < 2:
        pytest.skip("there is one processor only")
    gn.use_kernels("numba")
    monkeypatch.setattr(threads, "_count", 2)
    rng = np.random.default_rng(0)
    data = gn.Dataset(rng.random((192, 1, 28, 28), np.float32), rng.integers(0, 10, 192))

    class Changing:
        """One thread and two in turns."""

        def __init__(self, *numbers):
            self.numbers, self.asked = numbers, 0

        def threads(self, count):
            self.asked += 1
            return self.numbers[self.asked % len(self.numbers)]

    def trained(crowd):
        monkeypatch.setattr(threads, "_crowd", crowd)
        weights = []
        for layers in (
            [gn.Flatten(), gn.Linear(784, 64), gn.Tanh(), gn.Linear(64, 10)],
            [gn.Conv2d(1, 8, 5), gn.ReLU(), gn.MaxPool2d(2), gn.Flatten(), gn.Linear(1152, 10)],
        ):
            model = gn.Sequential(*layers)
            trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(), seed=0)
            trainer.fit(data, epochs=2, batch_size=64)
            weights += [p.value.copy() for _, p in model.named_parameters()]
            weights.append(model.predict(data.x[:1]))
        assert crowd.asked > 20
        return weights

    expected = trained(Changing(2))
    for found in (trained(Changing(1)), trained(Changing(1, 2, 2))):
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)


class Clock:
    """A clock, and how often the process lost a processor up to then."""

    def __init__(self, monkeypatch):
        self.now, self.lost = 100.0, 0
        monkeypatch.setattr(crowd.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(crowd, "_lost", lambda: self.lost)

    def pass_by(self, found, seconds, often=0, count=4):
        """Let time pass, and return the numbers of threads that were found."""
        numbers = []
        for _ in range(round(seconds / crowd.LOOK)):
            self.now += 1.001 * crowd.LOOK
            self.lost += round(often * crowd.LOOK)
            numbers.append(found.threads(count))
        return numbers


def test_fewer_threads_where_it_is_crowded_and_more_when_it_is_not(monkeypatch):
    clock, found = Clock(monkeypatch), crowd.Crowd()
    assert found.threads(4) == 4
    assert set(clock.pass_by(found, 2, often=1_000)) == {4}  # of four threads
    assert clock.pass_by(found, 0.1, often=2_000)[-1] == 2
    assert clock.pass_by(found, 10)[-1] == 4
    crowded = clock.pass_by(found, 60, often=9_000)
    assert set(crowded) == {1, 2}
    assert crowded.count(1) > 0.95 * len(crowded)
    assert set(clock.pass_by(found, 60)[-2000:]) == {4}
