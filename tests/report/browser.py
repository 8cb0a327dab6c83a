"""Chromium without a window, driven over a pipe with the DevTools protocol."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from contextlib import contextmanager

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0


def program() -> str | None:
    """Return the path of a browser of Chromium's family, if there is one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One page of a running browser, and everything it reported."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out, self._in = to_browser, from_browser
        self._number, self._rest = 0, b""
        self._session: str | None = None
        self.events: list[dict] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict:
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method: str) -> None:
        """Wait until an event of that name has come since the last `open`."""
        until = time.monotonic() + PATIENCE
        while not any(event.get("method") == method for event in self.events):
            assert time.monotonic() < until, f"no {method}"
            self.events.append(self._read())

    def open(self, address: str, width: int, height: int, *, dark: bool = False) -> None:
        """Show a page in a window of that size, and forget what was reported before."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=address)
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression: str) -> object:
        """Return the value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def point_at(self, x: float, y: float) -> None:
        """Move the mouse there."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key)

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Return a PNG of the window, or of the whole page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for, apart from itself and what it holds."""
        asked = [e["params"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [
            p["request"]["url"]
            for p in asked
            if p.get("type") != "Document" and not p["request"]["url"].startswith("data:")
        ]

    def complaints(self) -> list[str]:
        """Return what went to the console: errors, warnings, violations of the policy."""
        found = []
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(json.dumps(parameters["exceptionDetails"]))
            elif event.get("method") == "Runtime.consoleAPICalled":
                found.append(json.dumps(parameters["args"]))
            elif event.get("method") == "Log.entryAdded":
                found.append(parameters["entry"]["text"])
        return found

    def _read(self) -> dict:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], PATIENCE)
            assert ready, "the browser is silent"
            part = os.read(self._in, 1 << 16)
            assert part, "the browser has ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def running(path: str, profile: os.PathLike):
    """Start a browser with a fresh profile, and end it."""
    read_there, write_here = os.pipe()
    read_here, write_there = os.pipe()

    def take_pipes() -> None:
        # The browser reads from 3 and writes to 4; copies out of the way of each other first.
        reading, writing = (
            fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (read_there, write_there)
        )
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    command = [
        path, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
        "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
        "--disable-dev-shm-usage", f"--user-data-dir={profile}",
    ]  # fmt: skip
    quiet = subprocess.DEVNULL
    # No other thread runs here, so what the child does before it starts is safe.
    process = subprocess.Popen(
        command,
        preexec_fn=take_pipes,  # noqa: PLW1509
        pass_fds=(3, 4),
        stdout=quiet,
        stderr=quiet,
    )
    os.close(read_there)
    os.close(write_there)
    try:
        yield Browser(write_here, read_here)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        os.close(write_here)
        os.close(read_here)
