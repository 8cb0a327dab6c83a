"""Every reader of bytes from outside: valid files to begin with, how to harm them, and the call."""

import importlib.util
import io
import random
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import glassnet as gn
from glassnet.data import write_idx
from glassnet.data.sources import arrays, public, tables
from glassnet.experiments import Config, LoadedRun, Run, RunRecord, compare
from glassnet.experiments.catalogue.results import Results
from glassnet.experiments.drawing import DrawingStyle, picture_for
from glassnet.experiments.folder import RunFolder, environment, to_json
from glassnet.experiments.outcome import write
from glassnet.experiments.resuming import _newest, _refuse_complete
from glassnet.interop.torch_weights import from_state, read_state, with_state
from glassnet.report import write_report
from glassnet.room import at_most
from glassnet.training import Checkpoint
from tests.fuzz import formats
from tests.fuzz.mutation import Mutate, harm_bytes, harm_text

Files = Mapping[str, bytes]
"""Contents by path below a folder."""


@dataclass(frozen=True)
class Parser:
    """One reader of outside bytes.

    Attributes
    ----------
    name : str
    seeds : callable
        Makes valid files; each is harmed in turn while the others stay whole.
    harm : tuple of (suffix, mutators)
        By the end of the file's name; the first that fits counts.
    read : callable
        Is given the harmed file, and may raise `GlassnetError` alone.
    share : float
        How many inputs it gets, in proportion to others: fewer where a reading takes long.
    """

    name: str
    seeds: Callable[[], Files]
    harm: tuple[tuple[str, tuple[Mutate, ...]], ...]
    read: Callable[[Path], Any]
    share: float = 1.0
    harmed: str = ".*"
    """A pattern of the files that are harmed; the others are only there."""
    seconds: float = 1.0
    """In which it must be done: more where the work is not reading."""

    @property
    def slug(self) -> str:
        """The name as a folder is called."""
        return "".join(c if c.isalnum() else "-" for c in self.name).strip("-").lower()

    def names(self, files: Files) -> list[str]:
        """Return which files are harmed."""
        return [name for name in sorted(files) if re.fullmatch(self.harmed, name)]

    def inputs(self, files: Files, seed: object, first: int) -> Iterator[tuple[str, bytes]]:
        """Yield names and contents without end, the same for the same seed and number."""
        names = self.names(files)
        number = first
        while True:
            rng = random.Random(f"{seed}/{self.name}/{number}")
            name = rng.choice(names)
            mutators = next(found for suffix, found in self.harm if name.endswith(suffix))
            others = [files[other] for other in names]
            content = rng.choice(mutators)(rng, files[name], others)
            if rng.random() < 0.15:
                content = rng.choice(mutators)(rng, content, others)
            yield name, content
            number += 1


BYTES = (harm_bytes,)
TEXT = (harm_text, harm_text, harm_bytes)
JSON = (formats.harm_json, formats.harm_json, formats.harm_json, harm_text, harm_bytes)
TOML = (formats.harm_toml, formats.harm_toml, harm_text, harm_bytes)
SAFETENSORS = (formats.harm_safetensors, formats.harm_safetensors, harm_bytes)
RUN = ((".toml", TOML), (".json", JSON), (".csv", TEXT), (".safetensors", SAFETENSORS))


def saved(model: gn.Layer) -> bytes:
    """Return the file of a model."""
    from safetensors.numpy import save

    about = {"format": "glassnet", "version": "1", "dtype": str(model.dtype)}
    about["architecture"] = formats.dumped(random.Random(0), model.config()).decode()
    return save(model.state_dict(), about)


def small_cnn() -> gn.Layer:
    """Return a network with most kinds of layers."""
    block = gn.Residual(gn.Sequential(gn.Conv2d(3, 3, 3, padding=1), gn.ReLU()))
    return gn.Sequential(
        gn.Conv2d(1, 3, 3, padding=1), gn.BatchNorm2d(3), gn.LeakyReLU(), gn.MaxPool2d(2), block,
        gn.AvgPool2d(2), gn.Flatten(), gn.Dropout(0.3), gn.Linear(12, 8), gn.BatchNorm1d(8),
        gn.LayerNorm(8), gn.GELU(), gn.Linear(8, 3),
    ).initialize(seed=0)  # fmt: skip


def idx_files() -> Files:
    """Return IDX files of several types and dimensions."""
    return {
        f"{kind}-{'x'.join(map(str, shape))}.idx": _written_idx(np.zeros(shape, kind))
        for kind, shape in (("u1", (5, 4, 3)), ("f4", (7,)), ("i2", (2, 3)), ("f8", (1, 2, 2, 1)))
    }


def _written_idx(array: np.ndarray) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_idx(Path(folder, "x"), array)
        return Path(folder, "x").read_bytes()


def gzip_files() -> Files:
    """Return the IDX files, compressed."""
    import gzip

    return {f"{name}.gz": gzip.compress(content) for name, content in idx_files().items()}


def matlab_files() -> Files:
    """Return a MATLAB file such as that of digits16."""
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    stored = {
        key + part: rng.random((3, 256)).round(1) if key == "X" else np.array([[1], [10], [3]])
        for part in ("", "valid", "test")
        for key in "Xy"
    }
    made = io.BytesIO()
    savemat(made, stored, do_compression=True)
    return {"digits16/digits.mat": made.getvalue()}


def npz_files() -> Files:
    """Return `.npz` files, compressed or not."""
    rng = np.random.default_rng(0)
    plain, packed = io.BytesIO(), io.BytesIO()
    np.savez(plain, x=rng.normal(size=(6, 3)), y=np.arange(6) % 2)
    x, y = rng.integers(0, 255, (4, 2, 2), np.uint8), np.arange(4) % 2
    np.savez_compressed(packed, x_train=x, y_train=y, x_test=x, y_test=y)
    return {"plain.npz": plain.getvalue(), "packed.npz": packed.getvalue()}


def csv_files() -> Files:
    """Return tables with and without a header, with decimal commas, in other encodings."""
    rows = [(i / 7, i % 5, i % 2) for i in range(12)]
    plain = "\n".join(f"{a},{b},{c}" for a, b, c in rows)
    comma = "\n".join(f"{a};{b};{('no', 'yes')[c]}".replace(".", ",") for a, b, c in rows)
    return {
        "plain.csv": f"a,b,y\n{plain}\n".encode(),
        "bare.csv": plain.encode(),
        "decimal.csv": f"größe;b;y\n{comma}\n".encode(),
        "quoted.csv": b'"a ""b""","c\nd",y\n"1","2","x"\n"1","3","x"\n4,5,"z"\n6,7,z\n',
        "utf-16.csv": f"a,b,y\n{plain}\n".encode("utf-16"),
    }


def _read_csv(file: Path) -> Any:
    decimal = "," if "decimal" in file.name else "."
    encoding = "utf-16" if "utf-16" in file.name else "utf-8-sig"
    return tables.csv(file, decimal=decimal, encoding=encoding)


def pictures() -> Files:
    """Return PNG and JPEG files of several modes."""
    from PIL import Image

    ink = np.full((40, 30), 250, np.uint8)
    ink[8:30, 12:16] = 20
    ink[8:12, 8:20] = 20
    found = {}
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"):
        kind = "JPEG" if mode == "CMYK" else "PNG"
        made = io.BytesIO()
        picture = Image.fromarray(ink)
        if mode == "I;16":
            picture = Image.fromarray(ink.astype(np.uint16) * 256)
        else:
            picture = picture.convert(mode)
        picture.save(made, kind)
        found[f"{mode.replace(';', '')}.{kind.lower()}"] = made.getvalue()
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(ink).save(made, "JPEG", exif=exif)
    return found | {"turned.jpeg": made.getvalue()}


def _read_picture(file: Path) -> Any:
    style = DrawingStyle(255.0, 20 / 28, 0.1)
    return picture_for(file, (1, 28, 28), style), picture_for(file, (3, 8, 8), style)


def configurations() -> Files:
    """Return configurations that use every section."""
    from glassnet.experiments.config import RECIPES

    found = {path.name: path.read_bytes() for path in RECIPES.glob("*.toml")}
    return found | {"all.toml": ALL_SECTIONS.encode()}


ALL_SECTIONS = """\
name = "all"
[data]
name = "csv"
path = "t.csv"
valid = 0.2
folds = 4
fold = 1
[data.scaling]
scale = 0.5
offset = [0.0, 1.0]
[model]
name = "layers"
layers = ["Flatten", {type = "Linear", out_features = 8, init = "he_normal"}, "ReLU",
  {type = "Residual", body = [{type = "Linear", out_features = 8}, "Tanh"]},
  {type = "Dropout", p = 0.2}]
[loss]
name = "softmax-cross-entropy"
label_smoothing = 0.1
class_weight = [1.0, 2.0]
[optimizer]
name = "sgd"
lr = 0.1
momentum = 0.9
[schedule]
name = "one-cycle"
[[regularizers]]
name = "l2"
strength = 1e-4
[augment]
rotate = 10.0
elastic = 2.0
[training]
epochs = 3
batch_size = "all"
lr_of = {"0.*" = 1e-3}
metrics = ["accuracy"]
[finetune]
run = "runs/a"
freeze = ["0.*"]
[checkpoint]
minutes = 5.0
keep_best = 2
"""


def _read_configuration(file: Path) -> Any:
    config = Config.from_recipe(str(file), overrides=["training.seed=3"])
    config.to_toml()
    with at_most(10_000_000):  # how large a network may be is for the user to say
        return config.model.build((1, 28, 28), 10)


def settings() -> Files:
    """Return lines as `--set` takes them."""
    lines = ("optimizer.lr=0.05", "model.hidden=[8, 4]", "data.name=moons",
             "regularizers=[{name='l2', strength=0.1}]")  # fmt: skip
    return {"set.txt": "\n".join(lines).encode()}


def _read_settings(file: Path) -> Any:
    lines = file.read_bytes().decode("utf-8", "replace").split("\n")
    return Config.from_recipe("moons-mlp", overrides=lines).to_toml()


def models() -> Files:
    """Return files of models."""
    mlp = gn.Sequential(gn.Linear(4, 6), gn.ReLU(), gn.Linear(6, 3)).initialize(seed=0)
    return {"mlp.safetensors": saved(mlp), "cnn.safetensors": saved(small_cnn())}


def states() -> Files:
    """Return state dicts as PyTorch's users save them."""
    from safetensors.numpy import save

    mlp = gn.Sequential(gn.Linear(4, 6), gn.ReLU(), gn.Linear(6, 3)).initialize(seed=0)
    norm = gn.Sequential(gn.Linear(4, 6), gn.BatchNorm1d(6), gn.ReLU(), gn.Linear(6, 3))
    named = {f"net.fc{n}": v for n, v in mlp.state_dict().items()}
    return {
        "mlp.safetensors": save(mlp.state_dict(), {"format": "pt"}),
        "norm.safetensors": save(norm.initialize(seed=0).state_dict()),
        "named.safetensors": save(named),
        "cnn.safetensors": save(small_cnn().state_dict()),
    }


def _read_state(file: Path) -> Any:
    state = read_state(file)
    return with_state(small_cnn(), state) if "cnn" in file.name else from_state(state)


def training(data: gn.Dataset) -> gn.Trainer:
    """Return a small training with everything that has a state."""
    model = gn.Sequential(gn.Linear(4, 5), gn.BatchNorm1d(5), gn.ReLU(), gn.Dropout(0.2),
                          gn.Linear(5, 3))  # fmt: skip
    callbacks = [gn.EarlyStopping("train_loss", patience=9)]
    schedule = gn.ReduceOnPlateau()
    return gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(), schedule=schedule,
                      callbacks=callbacks, record_steps=True)  # fmt: skip


def samples() -> gn.Dataset:
    """Return a small data set."""
    x = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    return gn.Dataset(x, np.arange(12) % 3, name="small")


@cache
def checkpoints() -> Files:
    """Return checkpoints from the middle and the end of a training."""
    found = {}

    class Keep(gn.Callback):
        def on_step(self, trainer: gn.Trainer, record: Any) -> None:
            step = trainer.step_count
            if step in (2, 6):
                made = Checkpoint(step, trainer.state_dict(), {"data": "x", "threads": 1})
                found[f"step-{step:09d}.safetensors"] = made.to_bytes()

    trainer = training(samples())
    trainer.callbacks = (*trainer.callbacks, Keep())
    trainer.fit(samples(), epochs=2, batch_size=4)
    return found


def _read_checkpoint(file: Path) -> Any:
    data = samples()
    return training(data).fit(data, epochs=2, batch_size=4, resume=Checkpoint.read(file))


def onnx_files() -> Files:
    """Return ONNX files that Glassnet wrote; files of other writers are in the corpus."""
    import tempfile

    from glassnet.interop import export

    mlp = gn.Sequential(gn.Linear(4, 6), gn.GELU(), gn.Linear(6, 3), gn.SiLU()).initialize(seed=0)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, model, shape in (("mlp", mlp, (4,)), ("cnn", small_cnn(), (1, 8, 8))):
            file = export(model, shape, "onnx", Path(folder, f"{name}.onnx")).files[0]
            found[file.name] = file.read_bytes()
    return found


def _read_onnx(file: Path) -> Any:
    from glassnet.interop.from_onnx import import_onnx

    return import_onnx(file)


@cache
def run_files() -> Files:
    """Return the files of a small run's folder, with everything that may be in one."""
    import tempfile

    config = Config.from_recipe("digits-mlp", [
        "model.hidden=[4]", "training.epochs=2", "training.patience=2", "data.train=60",
        "training.record_steps=true", "training.record_layers=true", "training.batch_size=30",
    ])  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        run = Run.prepare(config)
        made = RunFolder(Path(folder))
        made.write("config.toml", run.config.to_toml())
        run.train()
        write(run, made, figures=False)
        found = {file.name: file.read_bytes() for file in Path(folder).iterdir()}
    return found | {"picture.png": pictures()["L.png"]}


def _read_record(file: Path) -> Any:
    record = RunRecord.read(file.parent)
    return record.predictions(), record.layers(), record.with_steps(), record.metrics.figures


def _read_run(file: Path) -> Any:
    run = LoadedRun.read(file.parent)
    x = picture_for(file.parent / "picture.png", run.sample_shape, run.drawing)
    return run.model.predict_proba(run.scaling.apply(x[None]))


def _read_for_report(file: Path) -> Any:
    return write_report([file.parent], file.parent / "report.html")


def two_runs() -> Files:
    """Return a run folder twice."""
    files = run_files()
    return {f"{run}/{name}": files[name] for run in ("run", "whole") for name in files}


def _read_for_comparison(file: Path) -> Any:
    return compare([file.parent.parent / "whole", file.parent])


def unfinished_run() -> Files:
    """Return what of a run that is not complete is read before its data."""
    stopped = run_files()["metrics.json"].replace(b'"stopped": ""', b'"stopped": "interrupted"')
    kept = {"metrics.json": stopped}
    return kept | {f"checkpoints/{name}": content for name, content in checkpoints().items()}


def _read_to_resume(file: Path) -> Any:
    folder = file.parent if file.name == "metrics.json" else file.parent.parent
    if file.name == "metrics.json":
        _refuse_complete(folder)
    return _newest(RunFolder(folder), lambda sentence: None)


def results() -> Files:
    """Return a trial's result."""
    from glassnet.experiments.catalogue.results import to_result

    stored = to_result(
        {"test_accuracy": 0.9, "loss": float("nan")}, 1.5, "numba", "", environment()
    )
    return {"key/result.json": to_json(stored).encode()}


def _read_result(file: Path) -> Any:
    trial: Any = SimpleNamespace(key=file.parent.name)
    found = Results(file.parent.parent).read(trial)
    return found and (found.origin, found.diverged)


PARSERS: tuple[Parser, ...] = (
    Parser("IDX", idx_files, (("", (formats.harm_idx, formats.harm_idx, harm_bytes)),),
           gn.data.read_idx),
    Parser("gzip", gzip_files, (("", (formats.harm_gzip, harm_bytes, harm_bytes)),),
           gn.data.read_idx),
    Parser("MATLAB", matlab_files, (("", (formats.harm_matlab, formats.harm_matlab, harm_bytes)),),
           lambda file: public.digits16(file.parent.parent), 0.5),
    Parser("NPZ", npz_files, (("", (formats.harm_npz, formats.harm_npz, harm_bytes)),),
           arrays.npz, 0.5),
    Parser("CSV", csv_files, (("", TEXT),), _read_csv),
    Parser("images", pictures, (("png", (formats.harm_png, harm_bytes)), ("", BYTES)),
           _read_picture, 0.1),
    Parser("configuration", configurations, (("", TOML),), _read_configuration, 0.5),
    Parser("--set", settings, (("", TEXT),), _read_settings, 0.5),
    Parser("model", models, RUN, gn.load),
    Parser("checkpoint", checkpoints, (("", (formats.harm_checkpoint,) * 3 + BYTES),),
           _read_checkpoint, 0.5),
    Parser("state dict", states, RUN, _read_state),
    Parser("ONNX", onnx_files, (("", (formats.harm_onnx,) * 3 + BYTES),), _read_onnx, 0.1),
    Parser("run folder, figures", run_files, RUN, _read_record, harmed="(?!model|last|pict).*"),
    Parser("run folder, model", run_files, RUN, _read_run, 0.5,
           harmed="config.toml|data.json|metrics.json|model.safetensors"),
    Parser("run folder, resume", unfinished_run,
           ((".json", JSON), ("", (formats.harm_checkpoint, harm_bytes))), _read_to_resume, 0.5),
    Parser("comparison", two_runs, RUN, _read_for_comparison, 0.2,
           harmed="run/(?!model|last|pict).*"),
    Parser("report", run_files, RUN, _read_for_report, 0.004, "(?!pict).*", seconds=10.0),
    Parser("catalogue", results, (("", JSON),), _read_result, 0.5),
)  # fmt: skip


def available() -> tuple[Parser, ...]:
    """Return the parsers whose libraries are installed."""
    return tuple(p for p in PARSERS if p.name != "ONNX" or importlib.util.find_spec("onnx"))


def quiet() -> None:
    """Let no warning of a library be printed; an input may cause a million of them."""
    warnings.simplefilter("ignore")
