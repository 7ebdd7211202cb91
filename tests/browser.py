"""A browser: Chromium without a window, driven through two pipes of its own debugging protocol.

Nothing but Chromium is needed: messages are JSON, each ended by a zero byte.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 120.0
"""Seconds that a page may take."""
# Chromium reads from 3 and writes to 4; a fresh Python puts the pipes there, and becomes Chromium.
_BECOME = """
import fcntl, os, sys
high = [fcntl.fcntl(int(pipe), fcntl.F_DUPFD, 10) for pipe in sys.argv[1:3]]
for pipe, place in zip(high, (3, 4)):
    os.dup2(pipe, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_browser() -> str:
    """Where Chromium is; skips the test where there is none, but fails where there must be."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("SLICKEN_BROWSER") == "must":
        pytest.fail("SLICKEN_BROWSER=must, but no Chromium is installed")
    pytest.skip("no Chromium is installed, so no page can be opened")


class Browser:
    """One page in a browser.

    Attributes:
        complaints: what the page wrote to its console as warnings and errors, and exceptions.
        asked: every address that the page asked for.
    """

    def __init__(self, folder: Path) -> None:
        there, self._write = os.pipe()
        self._read, back = os.pipe()
        program = [sys.executable, "-c", _BECOME, str(there), str(back), find_browser()]
        self._errors = (folder / "chromium.txt").open("wb")
        self._process = subprocess.Popen(  # noqa: S603 - Chromium, found above
            [*program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            pass_fds=(there, back),
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
        )
        os.close(there)
        os.close(back)
        self._left = b""
        self._number = 0
        self._session = ""
        self._happened: list[str] = []
        self.complaints: list[str] = []
        self.asked: list[str] = []
        try:
            self._attach()
        except AssertionError:
            self.close()
            raise

    def _attach(self) -> None:
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(timeout=30)
        os.close(self._write)
        os.close(self._read)
        self._errors.close()

    def open(
        self, page: Path, *, width: int = 1100, dark: bool = False, print_: bool = False
    ) -> None:
        """Open a file, and wait until it is loaded."""
        self.look(width=width, dark=dark, print_=print_)
        self._happened.clear()
        self._call("Page.navigate", url=page.as_uri())
        ends = time.monotonic() + PATIENCE
        while "Page.loadEventFired" not in self._happened:
            self._receive(ends)

    def look(self, *, width: int = 1100, dark: bool = False, print_: bool = False) -> None:
        """Change the width of the window, the colours that the reader likes, and the medium."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", media="print" if print_ else "", features=[scheme])

    def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page answers
        """What an expression of JavaScript is worth in the page."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def tree(self) -> list["Spoken"]:
        """What a screen reader is told of the page, in the order in which it reads."""
        self._call("Accessibility.enable")
        nodes = self._call("Accessibility.getFullAXTree")["nodes"]
        self._call("Accessibility.disable")
        return [_spoken(node) for node in _in_order(nodes) if not node["ignored"]]

    def press(self, key: str, text: str = "") -> None:
        """Press a key where the focus is."""
        for kind in ("keyDown", "keyUp"):
            code = {"Tab": 9, "Enter": 13}.get(key, ord(key) if len(key) == 1 else 0)
            self._call(
                "Input.dispatchKeyEvent",
                type=kind, key=key, text=text, windowsVirtualKeyCode=code,
            )  # fmt: skip

    def picture(self, whole: bool = True) -> bytes:
        """The page as PNG."""
        taken = self._call("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(taken["data"])

    def pdf(self) -> bytes:
        """The page as it prints."""
        return base64.b64decode(self._call("Page.printToPDF", printBackground=False)["data"])

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        ends = time.monotonic() + PATIENCE
        while True:
            answer = self._receive(ends)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _receive(self, ends: float) -> dict[str, Any]:
        while b"\0" not in self._left:
            if time.monotonic() > ends:
                raise AssertionError("the browser does not answer")
            read = os.read(self._read, 1 << 20)
            if not read:
                raise AssertionError("the browser ended")
            self._left += read
        first, self._left = self._left.split(b"\0", 1)
        message: dict[str, Any] = json.loads(first)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, told: dict[str, Any]) -> None:
        self._happened.append(method)
        if method == "Runtime.exceptionThrown":
            self.complaints.append(str(told["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("warning", "error"):
            self.complaints.append(str(told["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(str(told["entry"]["text"]))
        elif method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"][:200])


@dataclass(frozen=True)
class Spoken:
    """One thing that a screen reader tells: what it is, its name, and its state."""

    role: str
    name: str
    state: dict[str, Any]


def _in_order(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    by_id = {node["nodeId"]: node for node in nodes}
    left = [nodes[0]["nodeId"]]
    while left:
        node = by_id.get(left.pop())
        if node:
            yield node
            left += reversed(node.get("childIds", []))


def _spoken(node: dict[str, Any]) -> Spoken:
    state = {each["name"]: each["value"].get("value") for each in node.get("properties", [])}
    name = node.get("name", {}).get("value", "")
    return Spoken(node["role"]["value"], str(name), state)


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """A browser, for as long as the block lasts."""
    browser = Browser(folder)
    try:
        yield browser
    finally:
        browser.close()
