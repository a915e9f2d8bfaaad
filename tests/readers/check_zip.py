"""Reads a zip with Python's zipfile and prints one line per entry: name, size, CRC-32 in hexadecimal.

usage: check_zip.py FILE
       check_zip.py --list URL USER:PASSWORD

The first form reads every byte, so zipfile compares each CRC with the directory's. The second reads only the
directory, through range requests, as a client does that wants to look into a zip of gigabytes.
"""

import base64
import io
import sys
import urllib.request
import zipfile
import zlib


def main(arguments):
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    if len(arguments) == 1:
        archive = zipfile.ZipFile(arguments[0])
        for entry in archive.infolist():
            size, crc = read(archive, entry)
            if size != entry.file_size:
                sys.exit(f"{entry.filename}: {size} bytes, but the directory says {entry.file_size}")
            print(f"{entry.filename} {size} {crc:08x}")
    elif len(arguments) == 3 and arguments[0] == "--list":
        archive = zipfile.ZipFile(io.BufferedReader(RemoteFile(*arguments[1:]), 1 << 16))
        for entry in archive.infolist():
            print(f"{entry.filename} {entry.file_size} {entry.CRC:08x}")
    else:
        sys.exit(__doc__)


def read(archive, entry):
    size, crc = 0, 0
    with archive.open(entry) as content:
        while piece := content.read(1 << 20):
            size, crc = size + len(piece), zlib.crc32(piece, crc)
    return size, crc


class RemoteFile(io.RawIOBase):
    """A file that is read with range requests."""

    def __init__(self, url, credentials):
        self.url = url
        self.authorization = "Basic " + base64.b64encode(credentials.encode()).decode()
        self.position = 0
        with self.request("bytes=0-0") as answer:
            self.size = int(answer.headers["Content-Range"].rpartition("/")[2])

    def request(self, wanted):
        headers = {"Authorization": self.authorization, "Range": wanted}
        return urllib.request.urlopen(urllib.request.Request(self.url, headers=headers))

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.position

    def seek(self, offset, whence=io.SEEK_SET):
        self.position = offset + (0, self.position, self.size)[whence]
        return self.position

    def readinto(self, buffer):
        last = min(self.position + len(buffer), self.size) - 1
        if last < self.position:
            return 0
        with self.request(f"bytes={self.position}-{last}") as answer:
            piece = answer.read()
        buffer[: len(piece)] = piece
        self.position += len(piece)
        return len(piece)


main(sys.argv[1:])
