"""The real program, on a free port of its own."""

import re
import subprocess
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[3] / "target/debug/alfresco-downloads-mock"


class Server:
    """A server with these flags beside the port, ready when this is made."""

    def __init__(self, *flags):
        self.process = subprocess.Popen(
            [PROGRAM, "--port", "0", "--log", "warn", *flags], stdout=subprocess.PIPE, text=True
        )
        self.url = re.search(r"ready on (http:\S+)", self.process.stdout.readline())[1]

    def stop(self):
        self.process.terminate()
        self.process.stdout.close()
        if code := self.process.wait():
            raise AssertionError(f"the server ended with {code}")
