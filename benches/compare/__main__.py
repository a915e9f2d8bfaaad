"""Runs what was asked for and prints the table; see `run` for how it is called."""

import datetime
import http.client
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

from corpora import MB, corpus
from peers import PACKAGES, Peer
from server import AUTHORIZATION, BASE, FIRST, Nginx, Server

WORK = Path(os.environ["WORK"])
ROUNDS = int(os.environ.get("ROUNDS", "5"))
ROWS = []


def say(text):
    print(text, file=sys.stderr, flush=True)


def row(what, ours, theirs, ratio, least=""):
    ROWS.append((what, ours, theirs, ratio, least))
    say(f"  {what}: {ours} against {theirs}: {ratio} (aim: {least or 'none'})")


def seconds(values):
    median = statistics.median(values)
    return f"{median:.2f} s" if median >= 1 else f"{median * 1000:.1f} ms"


def ratio(better, worse):
    """How many times the first is of the second, by medians of the rounds that were run side by side."""
    return f"{statistics.median(a / b for a, b in zip(better, worse, strict=True)):.2f}"


def timed(*command, cwd=None):
    settle()
    started = time.perf_counter()
    subprocess.run(FIRST + [str(part) for part in command], cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def settle():
    """Waits until what was written before is on the disk, which would be paid for by whoever comes next."""
    os.sync()


def wrk(url, connections=32, duration=5, headers=()):
    """Requests a second, the 99th percentile in milliseconds, bytes a second."""
    command = [*FIRST, "wrk", "-t1", f"-c{connections}", f"-d{duration}", "--timeout", "30", "--latency"]
    for header in headers:
        command += ["-H", header]
    output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in output:
        raise RuntimeError(output)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    p99, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    sent, size = re.search(r"Transfer/sec:\s+([\d.]+)(B|KB|MB|GB)", output).groups()
    latency = float(p99) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return rate, latency, float(sent) * {"B": 1, "KB": 1 << 10, "MB": MB, "GB": 1 << 30}[size]


# What is measured


def build():
    """First and second builds, against Info-ZIP, pigz, Python's zipfile, and a copy of the finished zip."""
    aims = {"large": ("3.3", "20 times cp"), "small": ("3.3", "30 ms"), "random": ("10", "20 times cp")}
    titles = {"large": "one text of 256 MB", "small": "10,000 texts of 4 KB", "random": "100 random files of 2.5 MB"}
    for name, (first_aim, again_aim) in aims.items():
        folder, title = corpus(WORK, name), titles[name]
        say(f"build: {title}")
        zipped, times = WORK / f"{name}.zip", {"zip": [], "first": [], "again": [], "cp": []}
        sizes = {}
        for _ in range(ROUNDS):
            zipped.unlink(missing_ok=True)
            times["zip"].append(timed("zip", "-6", "-q", "-r", zipped, "corpus", cwd=folder))
            sizes["zip"] = zipped.stat().st_size
            with Server("--fixtures", str(folder)) as server:
                node = server.node("corpus")
                settle()
                download, first = server.build(node)
                times["first"].append(first)
                times["again"].append(statistics.median(server.build(node)[1] for _ in range(5)))
                server.fetch(download, zipped)
            sizes["ours"] = zipped.stat().st_size
            times["cp"].append(statistics.median(timed("cp", zipped, WORK / "copy.zip") for _ in range(3)))
        row(f"first build, {title}, against `zip -6`", seconds(times["first"]), seconds(times["zip"]),
            ratio(times["zip"], times["first"]), first_aim)  # fmt: skip
        row(f"size of it, {title}", f"{sizes['ours']:,}", f"{sizes['zip']:,}", f"{sizes['ours'] / sizes['zip']:.3f}",
            "1.03" if name == "large" else "")  # fmt: skip
        row(f"build again, {title}, against `cp` of the zip", seconds(times["again"]), seconds(times["cp"]),
            ratio(times["cp"], times["again"]), again_aim)  # fmt: skip
    others(corpus(WORK, "large"))


def others(folder):
    """Two more that people use, on the large text."""
    times = {"pigz": [], "zipfile": [], "first": []}
    for _ in range(min(ROUNDS, 3)):
        times["pigz"].append(timed("pigz", "-6", "-k", "-f", "-c", folder / "corpus" / "large.txt"))
        settle()
        started = time.perf_counter()
        with zipfile.ZipFile(WORK / "other.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.write(folder / "corpus" / "large.txt")
        times["zipfile"].append(time.perf_counter() - started)
        with Server("--fixtures", str(folder)) as server:
            settle()
            times["first"].append(server.build(server.node("corpus"))[1])
    for peer, name in (("pigz", "`pigz -6`"), ("zipfile", "Python's zipfile")):
        row(f"first build, one text of 256 MB, against {name}", seconds(times["first"]), seconds(times[peer]),
            ratio(times[peer], times["first"]))  # fmt: skip


def serve():
    """A zip of 256 MB, from memory and from the spool, against the same file from nginx."""
    folder = corpus(WORK, "dense")
    header = f"Authorization: {AUTHORIZATION}"
    for where, memory, aim in (("memory", "536870912", "1.0"), ("the spool", "0", "0.7")):
        say(f"serve: from {where}")
        flags = ["--fixtures", str(folder), "--deflated-memory", memory]
        with Server(*flags) as server, Nginx(WORK) as nginx:
            download, _ = server.build(server.node("corpus"))
            server.fetch(download, WORK / "dense.zip")
            size = (WORK / "dense.zip").stat().st_size / MB
            before = server.memory()
            ours, theirs = [], []
            for _ in range(ROUNDS):
                url = server.url(f"{BASE}/nodes/{download}/content")
                ours.append(wrk(url, connections=2, duration=4, headers=[header])[2])
                theirs.append(wrk(nginx.url("/dense.zip"), connections=2, duration=4)[2])
            grown = (server.memory() - before) / MB
        gigabytes = [f"{statistics.median(rates) / (1 << 30):.2f} GiB/s" for rates in (ours, theirs)]
        row(f"a zip of {size:.0f} MB from {where}, against nginx with sendfile", *gigabytes, ratio(ours, theirs), aim)
        row(f"resident memory that this took, from {where}", f"{grown:.1f} MB", "", "", "flat")


def finished(server):
    """A download that is done, of one of the built-in files."""
    return server.build(server.node("TestDownloads/docTest1.txt"))[0]


def polls():
    """Polls of a finished download, against nginx and the scripted mocks."""
    header = f"Authorization: {AUTHORIZATION}"
    with Server() as server:
        download = finished(server)
        entry = server.ask("GET", f"/downloads/{download}")
        ours_url = server.url(f"{BASE}/downloads/{download}")
        text = json.dumps(entry, separators=(",", ":"))
        say("polls: nginx")
        with Nginx(WORK, text) as nginx:
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(wrk(ours_url, headers=[header]))
                theirs.append(wrk(nginx.url("/poll")))
        rates = [[one[0] for one in side] for side in (ours, theirs)]
        row("polls a second, against nginx `return 200`", *(f"{statistics.median(rate):,.0f}" for rate in rates),
            ratio(*rates), "0.7")  # fmt: skip
        latencies = [[one[1] for one in side] for side in (ours, theirs)]
        row("99th percentile of polls, against nginx", *(f"{statistics.median(one):.2f} ms" for one in latencies),
            ratio(*latencies), "at most 2")  # fmt: skip
        for name in PACKAGES:
            say(f"polls: {name}")
            peer = Peer(name, WORK, entry["entry"])
            if missing := peer.install():
                row(f"polls a second, against {name}", "", "", f"not to be had: {missing}")
                continue
            try:
                with peer:
                    wrk(peer.url(), duration=3)
                    theirs, beside = [], []
                    for _ in range(min(ROUNDS, 3)):
                        theirs.append(wrk(peer.url(), duration=3)[0])
                        beside.append(wrk(ours_url, duration=3, headers=[header])[0])
            except Exception as error:
                row(f"polls a second, against {name}", "", "", f"did not run: {error}")
                continue
            rates = [f"{statistics.median(side):,.0f}" for side in (beside, theirs)]
            row(f"polls a second, against {name}", *rates, ratio(beside, theirs), "10")


def start():
    """From exec to the first answered poll, and the resident memory then."""
    for title, flags, aim in (
        ("the built-in fixtures", [], "15 ms"),
        ("100,000 files", ["--fixtures", str(corpus(WORK, "many"))], "500 ms"),
    ):
        say(f"start: {title}")
        times, sizes = [], []
        for _ in range(ROUNDS * 2):
            with Server(*flags) as server:
                server.ask("GET", "/nodes/-root-?fields=id")
                times.append(time.perf_counter() - server.started)
                sizes.append(server.memory() / MB)
        row(f"exec to the first answer, with {title}", seconds(times), "", "", aim)
        row(f"resident memory then, with {title}", f"{statistics.median(sizes):.1f} MB", "", "",
            "" if flags else "12 MiB")  # fmt: skip
    with Server() as server:
        entry = server.ask("GET", f"/downloads/{finished(server)}")["entry"]
    for name in PACKAGES:
        peer = Peer(name, WORK, entry)
        if peer.install():
            continue
        say(f"start: {name}")
        try:
            times, sizes, ours = [], [], []
            for _ in range(min(ROUNDS, 3)):
                with peer:
                    times.append(peer.answer())
                    sizes.append(peer.memory() / MB)
                with Server() as server:
                    server.ask("GET", "/nodes/-root-?fields=id")
                    ours.append((time.perf_counter() - server.started, server.memory() / MB))
        except Exception as error:
            row(f"exec to the first answer, against {name}", "", "", f"did not run: {error}")
            continue
        starts, memories = ([one[place] for one in ours] for place in (0, 1))
        row(f"exec to the first answer, against {name}", seconds(starts), seconds(times), ratio(times, starts))
        row(f"resident memory, against {name}", f"{statistics.median(memories):.1f} MB",
            f"{statistics.median(sizes):.1f} MB", ratio(sizes, memories))  # fmt: skip


def memory():
    """What a finished download costs: one that has its zip, and one that was refused for its size and has none."""
    count = 100_000
    for title, end, flags, aim in (
        ("a finished download of one file, with the plan of its zip", "DONE", [], ""),
        ("a finished download beyond its plan", "MAX_CONTENT_SIZE_EXCEEDED", ["--download-max-content-size", "1"],
         "400 bytes"),
    ):  # fmt: skip
        say(f"memory: 100,000 of {title}")
        with Server("--max-downloads", "2000000", "--journal-size", "1", "--journal-exchanges", "0", *flags) as server:
            node = server.node("TestDownloads/docTest1.txt")
            for _ in range(1000):
                download = server.create(node)
            server.wait(download, end)
            before = server.memory()
            for _ in range(count):
                download = server.create(node)
            server.wait(download, end)
            each = (server.memory() - before) / count
        row(f"resident memory of {title}", f"{each:.0f} bytes", "", "", aim)


def busy():
    """Polls while eight jobs deflate without pause, against idle ones."""
    say("busy: eight jobs")
    header = f"Authorization: {AUTHORIZATION}"
    flags = ["--fixtures", str(corpus(WORK, "large")), "--download-workers", "8"]
    idle, under_load = [], []
    with Server(*flags, "--deflated-memory", "0", "--deflated-spool", "0") as server:
        root = server.node("corpus")
        done, _ = server.build(root)
        url = server.url(f"{BASE}/downloads/{done}")
        for _ in range(ROUNDS):
            idle.append(wrk(url, connections=1, duration=2, headers=[header])[1])
            stop = threading.Event()

            def keep_deflating(stop=stop):
                with Keeper(server) as keeper:
                    while not stop.is_set():
                        keeper.ensure(8, root)
                        time.sleep(0.05)

            keeper = threading.Thread(target=keep_deflating)
            keeper.start()
            time.sleep(0.3)
            under_load.append(wrk(url, connections=1, duration=2, headers=[header])[1])
            stop.set()
            keeper.join()
    row("99th percentile of polls while 8 jobs deflate, against idle", f"{statistics.median(under_load):.2f} ms",
        f"{statistics.median(idle):.2f} ms", ratio(under_load, idle), "at most 5, and 10 ms")  # fmt: skip


class Keeper:
    """Keeps jobs running, over a connection of its own; deletes what is left."""

    def __init__(self, server):
        self.server = server
        self.running = []

    def __enter__(self):
        self.connection, self.server.connection = (
            self.server.connection,
            http.client.HTTPConnection("127.0.0.1", self.server.port),
        )
        return self

    def ensure(self, count, node):
        status = {one: self.server.ask("GET", f"/downloads/{one}")["entry"]["status"] for one in self.running}
        self.running = [one for one in self.running if status[one] in ("PENDING", "IN_PROGRESS")]
        while len(self.running) < count:
            self.running.append(self.server.create(node))

    def __exit__(self, *_):
        for one in self.running:
            self.server.ask("DELETE", f"/nodes/{one}")
        self.server.connection = self.connection


def scale():
    """Polls while 100,000 downloads expire at once, against polls before."""
    say("scale: 100,000 downloads expire")
    count, header = 100_000, f"Authorization: {AUTHORIZATION}"
    quiet, expiring = [], []
    for _ in range(min(ROUNDS, 3)):
        with Server("--max-downloads", "2000000") as server:
            node = server.node("TestDownloads/docTest1.txt")
            for _ in range(count):
                download = server.create(node)
            server.wait(download)
            url = server.url(f"{BASE}/nodes/{node}?fields=id")
            quiet.append(wrk(url, connections=1, duration=2, headers=[header])[1])
            result = []
            polls_now = threading.Thread(target=lambda: result.append(wrk(url, 1, 2, [header])[1]))
            polls_now.start()
            time.sleep(0.5)
            server.control("POST", "/clock/advance", {"by": "2h"})
            polls_now.join()
            expiring.append(result[0])
    row("99th percentile of requests while 100,000 downloads expire, against before",
        f"{statistics.median(expiring):.2f} ms", f"{statistics.median(quiet):.2f} ms", ratio(expiring, quiet),
        "unaffected")  # fmt: skip


def mixed():
    """Resident memory over ten minutes (MINUTES) of everything at once."""
    minutes = float(os.environ.get("MINUTES", "10"))
    say(f"mixed: {minutes:g} minutes")
    sizes = []
    with Server("--fixtures", str(corpus(WORK, "small")), "--download-cleaner-max-age", "20s") as server:
        folders = [server.node(f"corpus/folder{number:02}") for number in range(100)]
        begun, number = time.monotonic(), 0
        while (elapsed := time.monotonic() - begun) < minutes * 60:
            number += 1
            download, _ = server.build(folders[number % 100])
            if number % 3 == 0:
                server.fetch(download, os.devnull)
            if number % 2 == 0:
                server.ask("DELETE", f"/nodes/{download}")
            # Every ten seconds of ten minutes, but not in the first, in which there are not yet as many as there will be.
            if elapsed > minutes * (6 + len(sizes)):
                sizes.append(server.memory() / MB)
    say("MB: " + " ".join(f"{size:.0f}" for size in sizes))
    third = max(len(sizes) // 3, 1)
    first, last = statistics.median(sizes[:third]), statistics.median(sizes[-third:])
    row(f"resident memory over {minutes:g} minutes of builds, polls, fetches and deletions ({number:,} downloads)",
        f"{last:.1f} MB in the last third", f"{first:.1f} MB in the first", f"{last / first:.2f}", "flat")  # fmt: skip


SECTIONS = {one.__name__: one for one in (build, serve, polls, start, memory, busy, scale, mixed)}


def main():
    chosen = sys.argv[1:] or list(SECTIONS)
    if unknown := [name for name in chosen if name not in SECTIONS]:
        sys.exit(f"there is no {', '.join(unknown)}; expected some of {', '.join(SECTIONS)}")
    WORK.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        SECTIONS[name]()
    for left in ("copy.zip", "other.zip"):
        (WORK / left).unlink(missing_ok=True)
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())
    rounds = f"{os.cpu_count()} cores of {model}, {ROUNDS} rounds"
    print(f"\n{datetime.date.today()}, {rounds}, medians. Load at the end: {os.getloadavg()[0]:.1f}.\n")
    print("| what | here | there | ratio | aim |\n|---|---|---|---|---|")
    for cells in ROWS:
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    if not shutil.which("wrk") or not shutil.which("nginx"):
        sys.exit("wrk and nginx are needed: install them, or run as root where there is apt-get")
    main()
