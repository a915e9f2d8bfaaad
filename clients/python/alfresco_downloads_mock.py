"""Starts alfresco-downloads-mock, or attaches to one that runs, and controls it.

Needs nothing but Python 3.9's standard library. Orders and answers are the JSON of ``/__admin/openapi.json`` as Python
has it: a point is ``"pending"`` or ``{"before-file": 2}``, a duration is ``"61m"``.
"""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from types import TracebackType
from typing import Any, Mapping, Optional, Sequence, Union

Point = Union[str, Mapping[str, int]]
Outcome = Union[str, Mapping[str, Point]]
Json = dict[str, Any]


class ControlError(Exception):
    """A refusal: the status and the problem details of the answer."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(": ".join([problem.get("detail", ""), *problem.get("errors", [])]))
        self.status = status
        self.problem = problem


class DownloadsMock:
    """A mock, seen through one of its networks. As a context manager, it stops a program that it has started."""

    def __init__(self, url: str, network: str = "-default-", token: Optional[str] = None) -> None:
        self.url = url.rstrip("/")
        self.network_name = network
        self._token = token
        self._process: Optional[subprocess.Popen[str]] = None

    @classmethod
    def attach(cls, url: str, network: str = "-default-", token: Optional[str] = None) -> DownloadsMock:
        """Attaches to a mock that runs."""
        return cls(url, network, token)

    @classmethod
    def start(cls, binary: str = "alfresco-downloads-mock", args: Sequence[str] = ()) -> DownloadsMock:
        """Starts the program on a free port, and waits until it is ready."""
        process = subprocess.Popen([binary, "--port", "0", *args], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        ready = re.search(r" ready on (http://\S+)", process.stdout.readline())
        if ready is None:
            process.stdout.close()
            raise RuntimeError(f"{binary} ended with exit code {process.wait()}")
        words = [word for arg in args for word in arg.split("=", 1)]
        token = words[words.index("--admin-token") + 1] if "--admin-token" in words else None
        mock = cls(ready.group(1), token=token)
        mock._process = process
        return mock

    def stop(self) -> None:
        """Ends a program that was started here, and waits until it has ended."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def __enter__(self) -> DownloadsMock:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    @property
    def base(self) -> str:
        """The address of the core API in this network."""
        return f"{self.url}/alfresco/api/{self.network_name}/public/alfresco/versions/1"

    def network(self, name: str) -> DownloadsMock:
        """The same mock, seen through another network, which springs up when it is first used."""
        return DownloadsMock(self.url, name, self._token)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """A call of control. See ``/__admin/openapi.json`` for all there are."""
        stated = {"network": self.network_name, **query}
        texts = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in stated.items()
            if value is not None
        }
        is_archive = isinstance(body, bytes)
        request = urllib.request.Request(
            f"{self.url}/__admin{path}?{urllib.parse.urlencode(texts)}",
            data=body if is_archive or body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/zip" if is_archive else "application/json"},
            method=method,
        )
        if self._token is not None:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(error.code, json.loads(error.read() or b"{}")) from None
        return json.loads(text) if text else None

    def hold(self, at: Point, **jobs: Any) -> Json:
        """Holds jobs to come at a point. ``jobs``: node, user, nth, times."""
        rule: Json = self.call("POST", "/gates", {"at": at, "jobs": jobs})
        return rule

    def remove_gates(self, id: Optional[int] = None) -> None:
        """Removes a gate, or all of them: the jobs that they hold go on."""
        self.call("DELETE", "/gates" if id is None else f"/gates/{id}")

    def release(self, download: str) -> None:
        """Lets the job of a download run to its end."""
        self.call("DELETE", f"/downloads/{download}/gate")

    def step(self, download: str, by: str) -> Json:
        """Lets a held job go on by one ``update`` or one ``file``."""
        view: Json = self.call("POST", f"/downloads/{download}/step", {"by": by})
        return view

    def order(self, outcome: Outcome, **jobs: Any) -> Json:
        """Has jobs to come end in a certain way. ``jobs``: node, user, nth, times."""
        rule: Json = self.call("POST", "/outcomes", {"outcome": outcome, "jobs": jobs})
        return rule

    def wait(self, download: Optional[str] = None, **condition: Any) -> Json:
        """Waits until a download is as stated: status, isFinal, filesAdded, bytesAdded, isHeld, isJobOver, polls,
        isFetched, isDeleted; timeout. Without a download, any of the network will do."""
        view: Json = self.call("GET", "/wait", download=download, **condition)
        return view

    def downloads(self) -> list[Json]:
        """The downloads that there are and were, oldest first."""
        views: list[Json] = self.call("GET", "/downloads")
        return views

    def report(self, download: str) -> Json:
        """What a client did with a download."""
        report: Json = self.call("GET", f"/downloads/{download}/report")
        return report

    def verify(self, download: str, **expected: Any) -> None:
        """Raises ControlError when a client did otherwise than expected: neverPolledAfterFinal, deleted, fetched,
        cancelled, minPollInterval, minPolls, maxPolls."""
        self.call("POST", f"/downloads/{download}/verify", expected)

    def inject(self, **fault: Any) -> Json:
        """Adds a fault: name, operation, path, node, user, nth, times, probability, delay, effect."""
        rule: Json = self.call("POST", "/faults", fault)
        return rule

    def remove_faults(self, id: Optional[int] = None) -> None:
        """Removes a fault, or all of them."""
        self.call("DELETE", "/faults" if id is None else f"/faults/{id}")

    def begin_outage(self, kind: str, **limits: Any) -> Json:
        """Begins an outage: ``refuse``, ``hang`` or ``reset``; requests, duration."""
        outage: Json = self.call("PUT", "/outage", {"kind": kind, **limits})
        return outage

    def end_outage(self) -> None:
        """Ends it."""
        self.call("DELETE", "/outage")

    def freeze(self) -> Json:
        """Stops the clock where it is."""
        clock: Json = self.call("POST", "/clock/freeze")
        return clock

    def resume(self) -> Json:
        """Lets the clock run on."""
        clock: Json = self.call("POST", "/clock/resume")
        return clock

    def advance(self, by: str) -> Json:
        """Moves the clock forward, by a duration such as ``61m``."""
        clock: Json = self.call("POST", "/clock/advance", {"by": by})
        return clock

    def set_time(self, now: str) -> Json:
        """Sets the clock, to a date and time such as ``2026-06-22T09:15:02Z``."""
        clock: Json = self.call("PUT", "/clock", {"now": now})
        return clock

    def settings(self, **change: Any) -> Json:
        """The settings in force, after a change of some of them."""
        settings: Json = self.call("PATCH", "/settings", change) if change else self.call("GET", "/settings")
        return settings

    def journal(self, **filter: Any) -> Json:
        """The requests that fit all that is stated: operation, method, path, user, download, status, fault, after,
        limit."""
        page: Json = self.call("GET", "/journal", **filter)
        return page

    def load_fixtures(self, archive: bytes, everywhere: bool = False) -> Json:
        """Puts the network to a start with the fixtures in a zip, or all networks."""
        network = None if everywhere else self.network_name
        view: Json = self.call("PUT", "/fixtures", archive, network=network)
        return view

    def reset(self) -> None:
        """Puts the network back to the start."""
        self.call("POST", f"/networks/{self.network_name}/reset")

    def drop(self) -> None:
        """Drops the network."""
        self.call("DELETE", f"/networks/{self.network_name}")
