import gzip
import hashlib
import http.server
import io
import threading
from typing import ClassVar

import numpy as np
import pytest

from glassnet.data import describe, fetch, load, write_idx
from glassnet.data.download import download
from glassnet.data.fetch import cache_dir, locate
from glassnet.data.remote import FILES, RemoteFile
from glassnet.errors import ConfigError, DataError, OutputError

PAYLOAD = b"glass" * 40_000
NAME = "set/train-images.gz"
PACKED = gzip.compress(PAYLOAD, mtime=0)
SHA256 = hashlib.sha256(PAYLOAD).hexdigest()


class Mirror(http.server.BaseHTTPRequestHandler):
    """The first part of the address says how this mirror behaves."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        kind = self.path.split("/")[1]
        self.asked.append(kind)
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", "/good/file")
            self.end_headers()
            return
        if kind == "absent":
            self.send_error(404)
            return
        body = {"wrong": gzip.compress(b"other"), "plain": PAYLOAD}.get(kind, PACKED)
        if kind == "cut":
            body = body[:-20]  # a whole answer, half a file
        self.send_response(200)
        if kind == "encoded":
            self.send_header("Content-Encoding", "gzip")  # the client will unpack it unasked
        if kind != "unsized":
            self.send_header("Content-Length", str(len(body) + (1000 if kind == "broken" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def remote(server):
    Mirror.asked.clear()
    dead = "http://127.0.0.1:9"  # nobody listens on the discard port

    def make(*kinds, sha256=SHA256):
        urls = (f"{dead if kind == 'dead' else server}/{kind}/file" for kind in kinds)
        return RemoteFile(NAME, sha256, tuple(urls))

    return make


def contents(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("kind", ["good", "plain", "encoded", "unsized", "moved"])
def test_a_good_mirror(remote, kind):
    (path,) = locate([remote(kind)])
    assert path == cache_dir() / NAME
    assert path.read_bytes() in (PACKED, PAYLOAD)
    asked = len(Mirror.asked)
    assert locate([remote(kind)]) == [path]
    assert len(Mirror.asked) == asked  # from the cache this time
    assert contents(cache_dir()) == [NAME]


@pytest.mark.parametrize("bad", ["dead", "wrong", "absent", "broken", "cut"])
def test_the_next_mirror_is_tried(remote, bad):
    (path,) = locate([remote(bad, "good", "wrong")])
    assert gzip.decompress(path.read_bytes()) == PAYLOAD
    assert Mirror.asked[-1] == "good"
    assert contents(cache_dir()) == [NAME]


def test_the_sum_may_be_of_the_file_itself(remote):
    file = remote("wrong", "good", sha256=hashlib.sha256(PACKED).hexdigest())
    assert download(file, cache_dir()).read_bytes() == PACKED


def test_every_mirror_failing_says_why_and_what_to_do(remote):
    file = remote("dead", "wrong", "absent", "broken", "cut")
    with pytest.raises(DataError) as caught:
        locate([file])
    message = str(caught.value)
    reasons = [
        "no connection",
        "wrong checksum",
        "HTTP status 404",
        "the connection broke",
        "wrong checksum",
    ]
    for url, reason in zip(file.urls, reasons, strict=True):
        assert f"{url}: {reason}" in message
    assert f"put this file at {cache_dir() / NAME}" in message
    assert contents(cache_dir()) == []
    assert [p.name for p in cache_dir().iterdir()] == ["set"]
    assert list((cache_dir() / "set").iterdir()) == []  # no temporary folder either


def test_no_answer_in_time(remote, monkeypatch):
    import requests

    def slow(*_, **__):
        raise requests.ReadTimeout

    monkeypatch.setattr(requests, "get", slow)
    with pytest.raises(DataError, match="no answer in time"):
        locate([remote("good")])


def test_a_cache_that_cannot_be_written(remote):
    cache_dir().parent.mkdir(parents=True, exist_ok=True)
    cache_dir().write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        locate([remote("good")])


def test_a_named_directory_is_used_and_not_written_to(remote, tmp_path, monkeypatch):
    files = [remote("good"), RemoteFile("set/labels.gz", SHA256, ("http://nowhere/labels.gz",))]
    for name, argument in [("argument", tmp_path), ("environment", None)]:
        if name == "environment":
            monkeypatch.setenv("GLASSNET_DATA", str(tmp_path))
        with pytest.raises(DataError, match=r"lacks set/train-images.gz, set/labels.gz \(nothing"):
            locate(files, argument)
    assert Mirror.asked == []
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train-images").write_bytes(b"not compressed")
    with pytest.raises(
        DataError, match=r"lacks set/labels.gz \(only train-images found\).*nowhere"
    ):
        locate(files, tmp_path)
    assert locate(files[:1], tmp_path) == [tmp_path / "set" / "train-images"]
    with pytest.raises(DataError, match="does not exist"):
        locate(files, tmp_path / "absent")
    monkeypatch.setenv("GLASSNET_DATA", str(tmp_path / "absent"))
    with pytest.raises(DataError, match="named by GLASSNET_DATA"):
        locate(files)


def test_fetch_by_name_and_load_from_the_cache(server, remote, tmp_path, monkeypatch):
    arrays = {  # as MNIST is laid out, but small
        "train-images.gz": np.arange(40 * 16, dtype=np.uint8).reshape(40, 4, 4),
        "train-labels.gz": np.tile(np.arange(10, dtype=np.uint8), 4),
        "t10k-images.gz": np.zeros((10, 4, 4), np.uint8),
        "t10k-labels.gz": np.arange(10, dtype=np.uint8),
    }
    files = []
    for name, array in arrays.items():
        write_idx(tmp_path / name, array)
        payload = gzip.decompress((tmp_path / name).read_bytes())
        files.append(
            RemoteFile(f"mnist/{name}", hashlib.sha256(payload).hexdigest(), (f"{server}/absent",))
        )
    monkeypatch.setitem(FILES, "mnist", tuple(files))
    assert describe("mnist")["where"].startswith("fetched from 127.0.0.1")
    with pytest.raises(DataError, match="could not be downloaded"):
        load("mnist", valid=0)
    cache = cache_dir() / "mnist"
    for name in arrays:
        (tmp_path / name).rename(cache / name)
    assert fetch("mnist") == [cache / name for name in arrays]
    assert describe("mnist")["where"] == f"in {cache_dir()}"
    splits = load("mnist", valid=10)
    assert (len(splits.train), len(splits.valid), len(splits.test)) == (30, 10, 10)
    monkeypatch.setitem(FILES, "mnist", (remote("good"),))
    assert fetch("mnist", tmp_path) == [tmp_path / NAME]  # asked for: a named directory is filled
    with pytest.raises(ConfigError, match="did you mean 'mnist'"):
        fetch("mnits")


def test_progress_is_for_terminals(remote, monkeypatch, capfd):
    locate([remote("good")])
    assert capfd.readouterr() == ("", "")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    download(remote("good"), cache_dir() / "again")
    assert "train-images.gz" in screen.getvalue()
