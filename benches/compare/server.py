"""The server under measurement, spoken to as clients speak to it."""

import base64
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.parse

BASE = "/alfresco/api/-default-/public/alfresco/versions/1"
AUTHORIZATION = "Basic " + base64.b64encode(b"admin:admin").decode()
HEADERS = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
# Above anything that else wants the processor, where that is allowed.
FIRST = ["nice", "-n", "-10"] if os.geteuid() == 0 else []


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A process that answers requests, from `with` to its end."""

    def __init__(self, *arguments):
        self.port = free_port()
        self.started = time.perf_counter()
        command = [os.environ["BINARY"], "--port", str(self.port), "--bind", "127.0.0.1", "--log", "warn"]
        # Usually a job stays PENDING for a moment, so that clients see it.
        command += ["--download-start-delay", "0s", *arguments]
        self.process = subprocess.Popen(FIRST + command, stdout=subprocess.DEVNULL)
        self.connection = None

    def __enter__(self):
        self.connection = wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def ask(self, method, path, body=None, base=BASE):
        data = None if body is None else json.dumps(body)
        self.connection.request(method, base + path, body=data, headers=HEADERS)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content) if content else None

    def node(self, path):
        return self.ask("GET", f"/nodes/-root-?relativePath={urllib.parse.quote(path)}&fields=id")["entry"]["id"]

    def create(self, *nodes):
        return self.ask("POST", "/downloads", {"nodeIds": nodes})["entry"]["id"]

    def wait(self, download, end="DONE"):
        # Not by polls: those of this script would take half a core from the job that is measured.
        seen = self.control("GET", f"/wait?download={download}&isFinal=true&timeout=10m")
        if seen["status"] != end:
            raise RuntimeError(f"the download ended as {seen}")

    def build(self, *nodes):
        """The download, and the seconds from asking for it to being told that it is done."""
        started = time.perf_counter()
        download = self.create(*nodes)
        self.wait(download)
        return download, time.perf_counter() - started

    def fetch(self, node, to):
        self.connection.request("GET", f"{BASE}/nodes/{node}/content", headers=HEADERS)
        answer = self.connection.getresponse()
        with open(to, "wb") as file:
            while piece := answer.read(1 << 20):
                file.write(piece)

    def control(self, method, path, body=None):
        return self.ask(method, path, body, base="/__admin")

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def wait_for_port(port, process, patience=120):
    until = time.monotonic() + patience
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"nothing listens on port {port}") from None
            time.sleep(0.0005)


class Nginx:
    """nginx with sendfile, one worker, that serves a folder and answers /poll with a text."""

    def __init__(self, folder, text="{}"):
        self.port = free_port()
        self.home = tempfile.TemporaryDirectory()
        home = self.home.name
        temporary = "".join(
            f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        with open(f"{home}/nginx.conf", "w") as file:
            file.write(
                f"""worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log; user root;
                events {{ worker_connections 1024; }}
                http {{ access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on; {temporary}
                server {{ listen 127.0.0.1:{self.port};
                location = /poll {{ default_type application/json; return 200 '{text}'; }}
                location / {{ root {folder}; }} }} }}"""
            )
        self.process = subprocess.Popen(FIRST + ["nginx", "-c", f"{home}/nginx.conf"])

    def __enter__(self):
        wait_for_port(self.port, self.process).close()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.home.cleanup()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"
