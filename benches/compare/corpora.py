"""What is zipped: files that are the same in every run, made once."""

import base64
import random
from pathlib import Path

MB = 1 << 20


def _text(size, seed):
    """Words as often as words are in a text, with sentences and lines."""
    chance = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = [12, 9, 8, 8, 7, 7, 6, 6, 6, 4, 4, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1]
    words = ["".join(chance.choices(letters, weights, k=chance.randint(2, 11))) for _ in range(20_000)]
    often = [1 / (rank + 2) for rank in range(len(words))]
    pieces, length = [], 0
    while length < size:
        line = " ".join(chance.choices(words, often, k=chance.randint(4, 16))).capitalize()
        line += f", {chance.randint(1, 99_999)}.\n" if chance.random() < 0.3 else ".\n"
        pieces.append(line)
        length += len(line)
    return "".join(pieces).encode()[:size]


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _large_text(folder):
    unique = _text(32 * MB, 1)
    # Further apart than deflate looks back, so that nothing is found again.
    _write(folder / "corpus" / "large.txt", b"".join(unique[at * MB :] + unique[: at * MB] for at in range(8)))


def _small_texts(folder, count=10_000, size=4096):
    text = _text(16 * MB, 2)
    chance = random.Random(3)
    for number in range(count):
        at = chance.randrange(len(text) - size)
        _write(folder / "corpus" / f"folder{number % 100:02}" / f"file{number:05}.txt", text[at : at + size])


def _random(folder):
    chance = random.Random(4)
    for number in range(100):
        _write(folder / "corpus" / f"random{number:02}.bin", chance.randbytes(5 * MB // 2))


def _dense_text(folder):
    """Deflates to about 256 MB."""
    chance = random.Random(5)
    _write(folder / "corpus" / "dense.txt", b"".join(base64.b64encode(chance.randbytes(3 * MB)) for _ in range(84)))


def _many(folder):
    _small_texts(folder, 100_000, 64)


MAKERS = {"large": _large_text, "small": _small_texts, "random": _random, "dense": _dense_text, "many": _many}


def corpus(work: Path, name: str) -> Path:
    """The folder of a corpus; the files are below its folder `corpus`."""
    folder = work / "corpora" / name
    if not (folder / ".whole").exists():
        MAKERS[name](folder)
        (folder / ".whole").touch()
    return folder
