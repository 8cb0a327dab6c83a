"""TensorBoard's server, and a browser to look at its page."""

import json
import re
import subprocess
import sys
import time
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.report import browser as chromium


class Server:
    """A running TensorBoard, asked as its page asks it."""

    def __init__(self, address):
        self.address = address

    def get(self, path, **query):
        """Return the bytes that an address of the server gives."""
        question = f"?{urlencode(query)}" if query else ""
        with urlopen(f"{self.address}{path}{question}", timeout=30) as answer:
            return answer.read()

    def ask(self, path, **query):
        """Return what it says in JSON."""
        return json.loads(self.get(path, **query))

    def post(self, path, **body):
        """Return its answer to a question in JSON."""
        kind = {"Content-Type": "application/json"}
        question = Request(f"{self.address}{path}", json.dumps(body).encode(), kind)
        with urlopen(question, timeout=30) as answer:
            return json.loads(answer.read())


@pytest.fixture
def serve():
    """Start `tensorboard --logdir FOLDER` on a free port; it ends with the test."""
    started = []

    def start(folder, *options):
        command = [sys.executable, "-W", "ignore", "-m", "tensorboard.main"]
        program = subprocess.Popen(
            [*command, "--logdir", str(folder), "--port", "0", "--host", "127.0.0.1", *options],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        started.append(program)
        for line in program.stderr:
            if found := re.search(r"http://\S+?:\d+/", line):
                server = Server(found[0].rstrip("/"))
                break
        else:
            pytest.fail(f"TensorBoard ended with {program.wait()}")
        until = time.monotonic() + 60
        while not server.ask("/data/runs"):
            assert time.monotonic() < until, "it found no run"
            time.sleep(0.1)
        return server

    yield start
    for program in started:
        program.terminate()
        program.communicate()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A browser; without one the tests that look at pages skip."""
    path = chromium.program()
    if path is None:
        pytest.skip("no Chromium here: the page is not looked at (apt install chromium)")
    with chromium.running(path, tmp_path_factory.mktemp("profile")) as running:
        yield running
