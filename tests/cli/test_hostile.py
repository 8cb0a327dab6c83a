"""What goes wrong is said in one sentence, with exit code 2, and harms nothing that was there."""

import gzip
import os
import resource
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glassnet.data import write_idx

from .conftest import SPIRALS, assert_refused, process, snapshot

QUICK = (
    "--set",
    "training.epochs=1",
    "--set",
    "training.batch_size=8",
    "--set",
    "model.hidden=[4]",
)
TYPES = [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]


@pytest.fixture
def refused(glassnet):
    """Run the program, which must refuse and leave everything as it was."""

    def run(*arguments, words=()):
        before = snapshot()
        ended = glassnet(*arguments)
        assert_refused(ended, *words)
        assert snapshot() == before
        assert ended.out == ""

    return run


def source(name, **options):
    """Return the settings for a data set of one's own."""
    settings = [f"data.name={name}", *(f"data.{key}={value}" for key, value in options.items())]
    return [word for setting in settings for word in ("--set", setting)]


def write_pair(images="x.idx", labels="y.idx", dtype=np.uint8, label_dtype=np.uint8, samples=40):
    rng = np.random.default_rng(0)
    write_idx(images, rng.integers(0, 100, (samples, 6, 5)).astype(dtype))
    write_idx(labels, (np.arange(samples) % 3).astype(label_dtype))
    return source("idx", images=images, labels=labels)


# --- IDX -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TYPES)
def test_idx_of_every_element_type_is_read(glassnet, dtype):
    label_dtype = dtype if np.issubdtype(dtype, np.integer) else np.uint8
    files = write_pair("x.idx.gz", "y.idx", dtype, label_dtype)
    ended = glassnet("train", *files, *QUICK, "--json")
    assert ended.code == 0, ended.err
    assert 0 <= ended.json["test_accuracy"] <= 1


def test_a_truncated_gzip(refused):
    files = write_pair("x.idx.gz")
    content = Path("x.idx.gz").read_bytes()
    for length in (len(content) // 2, len(content) - 4, 5):
        Path("x.idx.gz").write_bytes(content[:length])
        refused("train", *files, words=["x.idx.gz", "bring the file again"])


@pytest.mark.parametrize("zipped", [False, True])
def test_a_header_that_promises_too_much(refused, zipped):
    files = write_pair()
    content = struct.pack(">BBBB3I", 0, 0, 8, 3, 1 << 20, 1 << 10, 1 << 10) + bytes(99)
    Path("x.idx").write_bytes(gzip.compress(content) if zipped else content)
    refused("train", *files, words=["x.idx", "promises 1,099,511,627,776 bytes"])


def test_labels_of_another_length(refused):
    files = write_pair()
    write_idx("y.idx", np.zeros(39, np.uint8))
    refused("train", *files, words=["y.idx", "39 labels for the 40 samples"])


def test_a_negative_label(refused):
    files = write_pair()
    write_idx("y.idx", np.full(40, -1, np.int8))
    refused("train", *files, words=["label -1 of sample 0 is out of range"])


@pytest.mark.parametrize("content", [b"", b"\0\0", b"\0\0\x0a\x01\0\0\0\0", b"GIF89a" * 9])
def test_what_is_no_idx_file(refused, content):
    files = write_pair()
    Path("x.idx").write_bytes(content)
    refused("train", *files, words=["x.idx: is not an IDX file"])


def test_a_missing_file(refused):
    files = write_pair()
    os.unlink("y.idx")
    refused("train", *files, words=["y.idx: there is no such file"])


# --- tables, arrays, pictures --------------------------------------------------------------------


TABLE = "a,b,y\n" + "".join(f"{i / 7},{i % 5},{i % 2}\n" for i in range(40))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\n1.0,2,1\n", "\n1.0,two,1\n", ["line 9, column 'b': 'two' is not a finite number"]),
        ("\n1.0,2,1\n", "\nnan,2,1\n", ["line 9, column 'a': 'nan' is not a finite number"]),
        ("\n1.0,2,1\n", "\n1.0,inf,1\n", ["line 9", "'inf'"]),
        ("\n1.0,2,1\n", "\n1.0,,1\n", ["line 9, column 'b': the cell is empty"]),
        ("\n1.0,2,1\n", "\n1.0,2\n", ["line 9 has 2 cells"]),
        ("\n1.0,2,1\n", "\n1.0,2,maybe\n", ["line 9", "'maybe'"]),
        (TABLE, "", ["is empty"]),
        (TABLE, "a,b,y\n", ["has a header and nothing else"]),
    ],
)
def test_a_table_with_a_wrong_cell(refused, old, new, words):
    Path("t.csv").write_text(TABLE.replace(old, new))
    refused("train", *source("csv", path="t.csv"), *QUICK, words=["t.csv", *words])


def test_a_class_that_training_does_not_know(refused):
    Path("t.csv").write_text(TABLE)
    Path("u.csv").write_text("a,b,y\n1,2,0\n1,2,7\n")
    files = source("csv", path="t.csv", test_path="u.csv")
    refused("train", *files, *QUICK, words=["u.csv: line 3", "'7' is not in the training file"])


def test_nan_in_an_array(refused):
    x = np.ones((30, 4), np.float32)
    x[3, 2] = np.nan
    np.savez("d.npz", x=x, y=np.arange(30) % 2)
    refused("train", *source("npz", path="d.npz"), words=["not finite", "row 3, column 2"])


def test_folders_of_pictures(refused):
    os.mkdir("p")
    files = source("images", path="p")
    refused("train", *files, words=["p: has 0 sub-folders"])
    for name in ("cat", "dog"):
        os.mkdir(f"p/{name}")
    refused("train", *files, words=["p/cat: is empty"])
    for name in ("cat", "dog"):
        for i in range(10):
            Image.new("L", (8, 8), 20 * i).save(f"p/{name}/{i}.png")
    Path("p/dog/3.png").write_text("this is no picture")
    refused("train", *files, words=["p/dog/3.png: is not a PNG or JPEG picture"])
    Image.new("L", (9, 8)).save("p/dog/3.png")
    refused("train", *files, words=["p/dog/3.png: is 9 x 8 pixels"])


def test_kmnist_without_training_images(refused):
    os.makedirs("data/kmnist")
    for name in ("train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        Path(f"data/kmnist/{name}-ubyte.gz").write_bytes(b"x")
    settings = ("--set", "data.name=kmnist", "--data-dir", "data")
    missing = "data lacks kmnist/train-images-idx3-ubyte.gz"
    refused("train", *settings, words=[missing, "put what is missing there"])


def test_a_data_directory_that_is_not_there(refused):
    refused("train", "mnist-mlp", "--data-dir", "nowhere", words=["nowhere does not exist"])


# --- configurations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["optimizer.lr=fast"], ["optimizer.lr must be a number, not 'fast'"]),
        (["optimizer.rate=1"], ["optimizer.rate is not an option"]),
        (["training.batch_size=2000"], ["batch of 2000 is larger than digits with its 1168"]),
        (["training.metrics=['mae']"], ["for class labels use accuracy"]),
        (["training.patience=3", "training.monitor=valid_los"], ["'valid_los'", "valid_loss"]),
        (["training.patience=3", "data.valid=0"], ["no validation part"]),
        (["model.hidden=[0]"], ["Linear(64, 0)"]),
        (["data.name=digit"], ["no data set 'digit' (did you mean 'digits'?)"]),
        (["data.test=2.5"], ["test"]),
        (["loss.name=binary-cross-entropy"], ["binary cross-entropy has two classes"]),
        (
            ["model.name=layers", "model.layers=['Flatten', {type='Linear', in_features=63}]"],
            ["model.layers[1], Linear(", "63", "64"],
        ),
        (
            ["model.name=layers", "model.layers=['Flatten', {type='Linear', out_features=9}]"],
            ["class label 9 is out of range: the network has 9 outputs"],
        ),
        (
            ["model.name=layers", "model.layers=[{type='BatchNorm2d'}]"],
            ["SoftmaxCrossEntropy takes logits of shape (N, classes)"],
        ),
        (["model.hidden=[3000000000]"], ["do not fit into memory"]),
        (["optimizer.lr=1e30", "training.epochs=0"], ["training.epochs must be at least 1"]),
    ],
)
def test_settings_that_make_no_sense(refused, settings, words):
    Path("runs").mkdir()
    arguments = [word for setting in settings for word in ("--set", setting)]
    refused("train", *arguments, words=words)


def test_a_training_that_diverges(glassnet):
    Path("mine.txt").write_text("mine")
    ended = glassnet("train", "--set", "optimizer.lr=1e30")
    assert_refused(ended, "no longer finite", "smaller learning rate")
    assert Path("mine.txt").read_text() == "mine"


def test_a_recipe_that_is_not_there(refused):
    refused("train", "mnist-ccn", words=["'mnist-ccn' (did you mean 'mnist-cnn'?)"])
    refused("train", ".", words=["no recipe and no file called '.'"])
    refused("train", "x" * 5000, words=["File name too long"])


@pytest.mark.parametrize("content", [b"[data\n", b"\xff\xfe\0", b"lr = fast", b"[data]\nname = 5"])
def test_a_malformed_configuration(refused, content):
    Path("c.toml").write_bytes(content)
    refused("train", "c.toml")


@pytest.mark.parametrize(
    "arguments", [("train", "--lr", "3"), ("trian",), ("predict",), ("train", "--seed", "x")]
)
def test_wrong_usage(glassnet, arguments):
    ended = glassnet(*arguments)
    assert ended.code == 2
    assert "Usage: glassnet" in ended.err
    assert "Traceback" not in ended.err
    assert os.listdir() == []


# --- places --------------------------------------------------------------------------------------


def test_out_is_never_overwritten(refused):
    Path("file").write_text("mine")
    Path("full").mkdir()
    Path("full", "thesis.txt").write_text("mine")
    refused("train", "--out", "file", words=["cannot make a run folder at file"])
    refused("train", "--out", "full", words=["full is not empty", "--out"])
    refused("train", "--out", "file/below", words=["cannot make a run folder"])


def test_a_folder_that_cannot_be_written_to(refused):
    folder = Path("closed")
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):  # root may write everywhere but here
        folder = Path("/proc")
    refused("train", "--out", folder / "run", words=["cannot make a run folder", "--out"])


@pytest.mark.parametrize("limit", [100, 5_000])
def test_a_full_disk(limit):
    """No file may grow beyond the limit: of 100 bytes no configuration, of 5000 no model."""
    Path("runs").mkdir()
    Path("runs", "mine.txt").write_text("mine")
    before = snapshot()

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    large = ("--set", "model.hidden=[40, 40]")
    ended = process("train", *SPIRALS, *QUICK, *large, "--out", "runs/r", before=fill)
    assert_refused(ended, "cannot write runs/r", "free some space")
    after = snapshot()
    assert {name: after[name] for name in before} == before
    assert {name for name in after if name.endswith(".safetensors") or "/." in name} == set()


# --- runs ----------------------------------------------------------------------------------------


@pytest.fixture
def run(digits_run):
    """A copy of a finished run, to be damaged."""
    os.mkdir("run")
    for file in digits_run[0].iterdir():
        if file.is_file():
            Path("run", file.name).write_bytes(file.read_bytes())
    Image.new("L", (20, 20)).save("empty.png")
    return Path("run")


@pytest.mark.parametrize("name", ["model.safetensors", "config.toml", "data.json"])
def test_a_damaged_run(refused, run, name):
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[: len(content) // 3])
    refused("evaluate", "run", words=["run"])
    (run / name).write_bytes(bytes(50))
    refused("predict", "run", "empty.png", words=[f"run/{name}"])
    (run / name).unlink()
    refused("evaluate", "run", words=["run is not the folder of a finished run", f"no {name}"])


def test_what_is_no_run(refused, run):
    refused("evaluate", "nowhere", words=["there is no run folder nowhere"])
    refused("evaluate", "empty.png", words=["there is no run folder empty.png"])
    refused("evaluate", ".", words=["has no config.toml"])


def test_pictures_that_are_none(refused, run):
    Path("text.png").write_text("no picture")
    Path("cut.png").write_bytes(Path("empty.png").read_bytes()[:40])
    refused("predict", "run", "text.png", words=["text.png: is not a PNG or JPEG picture"])
    refused("predict", "run", "cut.png", words=["cut.png: is not a PNG or JPEG picture"])
    refused("predict", "run", "empty.png", words=["empty.png: is an empty picture"])
    refused("predict", "run", "gone.png", words=["gone.png: there is no such file"])
    refused("predict", "run", ".", words=["is not a PNG or JPEG picture"])


def test_a_part_that_the_data_lack(glassnet):
    glassnet("train", "moons-mlp", *QUICK, "--set", "data.valid=0", "--out", "m")
    ended = glassnet("evaluate", "m", "--part", "valid")
    assert_refused(ended, "the data of m has no valid part")
