"""Scripted mocks that people use: each is taught to answer one poll with one text."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from server import FIRST, free_port, wait_for_port

# The command of npm that has each, and the version that was current when this was written.
PACKAGES = {
    "Prism": "@stoplight/prism-cli@5",
    "Mockoon": "@mockoon/cli@9",
    "mountebank": "mountebank@2",
    "json-server": "json-server@0.17",
    "WireMock": "wiremock@3",
}


class Peer:
    """One of them, from `with` to its end; `missing` says why it cannot be had."""

    def __init__(self, name, work: Path, entry):
        self.name, self.entry = name, entry
        self.home = work / "peers" / name
        self.port = free_port()
        self.process = None

    def install(self):
        """Why it cannot be had, if so."""
        done = self.home / ".installed"
        if done.exists():
            return None
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "package.json").write_text('{"private": true}')
        command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", PACKAGES[self.name]]
        try:
            ran = subprocess.run(command, cwd=self.home, capture_output=True, text=True, timeout=600)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if ran.returncode:
            return (ran.stderr.strip().splitlines() or ["npm failed"])[-1]
        done.touch()
        return None

    def __enter__(self):
        command = getattr(self, "_" + self.name.lower().replace("-", "_"))()
        self.process = subprocess.Popen(
            FIRST + command, cwd=self.home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self.started = time.perf_counter()
        try:
            wait_for_port(self.port, self.process, 60).close()
            self.answer()
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def url(self):
        return f"http://127.0.0.1:{self.port}/downloads/{self.entry['id']}"

    def answer(self, patience=60):
        """Seconds from its start to its first right answer."""
        until = time.monotonic() + patience
        while True:
            try:
                with urllib.request.urlopen(self.url(), timeout=5) as response:
                    if json.load(response)["status"] == self.entry["status"]:
                        return time.perf_counter() - self.started
            except OSError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.002)

    def memory(self):
        """Resident bytes of it and all that it has started."""
        pages = 0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[3]) == self.process.pid:
                    pages += int((process / "statm").read_text().split()[1])
            except OSError:
                continue
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _bin(self, name):
        return str(self.home / "node_modules" / ".bin" / name)

    def _file(self, name, content):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        return str(path)

    def _prism(self):
        ok = {"description": "ok", "content": {"application/json": {"example": self.entry}}}
        get = {"parameters": [], "responses": {"200": ok}}
        paths = {f"/downloads/{self.entry['id']}": {"get": get}}
        document = {"openapi": "3.0.3", "info": {"title": "downloads", "version": "1"}, "paths": paths}
        spec = self._file("openapi.json", document)
        return [self._bin("prism"), "mock", "-p", str(self.port), "-v", "silent", spec]

    def _mockoon(self):
        response = {
            "uuid": "r1", "body": json.dumps(self.entry), "latency": 0, "statusCode": 200, "label": "",
            "headers": [{"key": "Content-Type", "value": "application/json"}], "bodyType": "INLINE", "filePath": "",
            "databucketID": "", "sendFileAsBody": False, "rules": [], "rulesOperator": "OR",
            "disableTemplating": True, "fallbackTo404": False, "default": True, "crudKey": "id", "callbacks": [],
        }  # fmt: skip
        route = {
            "uuid": "route1", "type": "http", "documentation": "", "method": "get",
            "endpoint": f"downloads/{self.entry['id']}", "responses": [response], "responseMode": None,
        }  # fmt: skip
        environment = {
            "uuid": "e1", "lastMigration": 33, "name": "downloads", "endpointPrefix": "", "latency": 0,
            "port": self.port, "hostname": "127.0.0.1", "folders": [], "routes": [route], "proxyMode": False,
            "rootChildren": [{"type": "route", "uuid": "route1"}], "cors": False, "headers": [], "data": [],
            "callbacks": [],
        }  # fmt: skip
        data = self._file("environment.json", environment)
        return [self._bin("mockoon-cli"), "start", "--data", data, "--disable-log-to-file"]

    def _mountebank(self):
        response = {"is": {"headers": {"Content-Type": "application/json"}, "body": self.entry}}
        stub = {"predicates": [{"equals": {"path": f"/downloads/{self.entry['id']}"}}], "responses": [response]}
        imposter = {"port": self.port, "protocol": "http", "stubs": [stub]}
        file = self._file("imposters.json", {"imposters": [imposter]})
        log = ["--loglevel", "error", "--nologfile"]
        return [self._bin("mb"), "start", "--port", str(free_port()), "--configfile", file, *log]

    def _json_server(self):
        database = self._file("db.json", {"downloads": [self.entry]})
        return [self._bin("json-server"), "--quiet", "--host", "127.0.0.1", "--port", str(self.port), database]

    def _wiremock(self):
        response = {"status": 200, "jsonBody": self.entry, "headers": {"Content-Type": "application/json"}}
        mapping = {"request": {"method": "GET", "url": f"/downloads/{self.entry['id']}"}, "response": response}
        self._file("mappings/poll.json", mapping)
        jar = next(self.home.glob("node_modules/**/wiremock*.jar"))
        quiet = ["--disable-banner", "--no-request-journal"]
        return ["java", "-jar", str(jar), "--port", str(self.port), "--root-dir", str(self.home), *quiet]
