"""A real browser, driven through chromedriver by the W3C WebDriver protocol, with the standard library alone."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
DRIVER = shutil.which("chromedriver")
_FLAGS = (
    "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    "disable-component-update disable-sync disable-dev-shm-usage"
)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Browser:
    """One headless session. ``run`` evaluates JavaScript; ``frame`` is where."""

    def __init__(self, profile: Path) -> None:
        port = _free_port()
        self._base = f"http://127.0.0.1:{port}"
        self._driver = subprocess.Popen(
            [str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        arguments = [f"--{flag}" for flag in _FLAGS.split()] + [f"--user-data-dir={profile}"]
        wanted = {
            "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        self._wait_for_driver()
        self._session = ""
        made = self._call("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/{made['sessionId']}"
        self._call("POST", "/timeouts", {"script": 300_000})

    def _wait_for_driver(self) -> None:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{self._base}/status", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError("chromedriver does not answer")

    def _call(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(f"{self._base}/session{self._session}{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=310) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(json.load(error)["value"]["message"]) from None

    def _devtools(self, command: str, **parameters: Any) -> None:
        self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def medium(self, name: str) -> None:
        """``print``, or ``screen`` again."""
        self._devtools("Emulation.setEmulatedMedia", media=name)

    def scheme(self, name: str) -> None:
        """``light`` or ``dark``, as the reader's system asks for."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self._devtools("Emulation.setEmulatedMedia", features=[feature])

    def open(self, path: Path, width: int = 1366, height: int = 900) -> None:
        """Open a file on a screen of this size, with the logs of what came before forgotten."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._devtools("Emulation.setDeviceMetricsOverride", **size)
        self.log("browser")
        self.log("performance")
        self._call("POST", "/url", {"url": path.resolve().as_uri()})

    def press(self, key: str) -> None:
        """Press Tab or Enter as a person does."""
        number, text = {"Tab": (9, ""), "Enter": (13, "\r")}[key]
        down: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": number}
        self._devtools("Input.dispatchKeyEvent", type="keyDown", **down, **({"text": text} if text else {}))
        self._devtools("Input.dispatchKeyEvent", type="keyUp", **down)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        return self._call("POST", "/execute/sync", {"script": f"return {script}", "args": []})

    def load(self, script: str) -> None:
        """Run a script in the page, such as a library."""
        self._call("POST", "/execute/sync", {"script": script, "args": []})

    def promise(self, script: str) -> Any:
        """What a JavaScript promise becomes."""
        waiting = f"const done = arguments[0]; {script}.then(done, (error) => done(String(error)))"
        return self._call("POST", "/execute/async", {"script": waiting, "args": []})

    def until(self, script: str, seconds: float = 20.0) -> Any:
        """The value of an expression as soon as it is true."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise AssertionError(f"never true: {script}")
            time.sleep(0.1)
        return value

    def frame(self, number: int | None) -> None:
        """Go into a frame of the page, or back to the page itself."""
        self._call("POST", "/frame", {"id": number})

    def log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._call("POST", "/se/log", {"type": kind})
        return entries

    def errors(self) -> list[str]:
        """What the console called severe."""
        return [entry["message"] for entry in self.log("browser") if entry["level"] == "SEVERE"]

    def requested(self) -> list[str]:
        """Every address that the page asked for."""
        messages = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def close(self) -> None:
        try:
            self._call("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait(20)
