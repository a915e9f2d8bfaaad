"""Tests the application against the mock. No test sleeps: a gate holds the job, and ``wait`` returns as soon as
something is so."""

import concurrent.futures
import io
import os
import threading
import zipfile

import pytest

from alfresco_downloads_mock import DownloadsMock
from export import ExportFailed, connect, export_zip

REPORTS = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="session")
def server():
    """A mock that runs, such as a service in CI, or one of our own."""
    url = os.environ.get("DOWNLOADS_MOCK_URL")
    with DownloadsMock.attach(url) if url else DownloadsMock.start() as mock:
        yield mock


@pytest.fixture
def mock(server):
    """As at the start, for each test."""
    server.reset()
    yield server
    server.remove_gates()


@pytest.fixture
def core(mock):
    return connect(mock.url, "admin", "admin")


@pytest.fixture
def background():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        yield pool


def test_exports_a_folder_and_tidies_up(mock, core):
    with zipfile.ZipFile(io.BytesIO(export_zip(core, [REPORTS]))) as archive:
        assert archive.testzip() is None
        assert "Reports/2026/Q1 results.txt" in archive.namelist()
    [download] = mock.downloads()
    mock.verify(download["id"], fetched=True, deleted=True, neverPolledAfterFinal=True)


def test_shows_how_far_it_is(mock, core, background):
    gate = mock.hold("before-done")
    seen = []
    exported = background.submit(export_zip, core, [REPORTS], on_progress=lambda entry: seen.append(entry.status))
    try:
        held = mock.wait(isHeld=True)
        mock.wait(held["id"], polls=held["polls"] + 2)
        assert "IN_PROGRESS" in seen and "DONE" not in seen
    finally:
        mock.remove_gates(gate["id"])
    exported.result()
    assert seen[-1] == "DONE"


def test_cancels_when_it_is_told_to(mock, core, background):
    mock.hold({"before-file": 2})
    leave = threading.Event()
    exported = background.submit(export_zip, core, [REPORTS], is_cancelled=leave.is_set)
    held = mock.wait(isHeld=True)
    leave.set()
    # The job looks whether it was cancelled when it goes on.
    mock.call("GET", "/journal/wait", operation="cancelDownload", download=held["id"])
    mock.release(held["id"])
    with pytest.raises(ExportFailed, match="CANCELLED"):
        exported.result()
    mock.verify(held["id"], cancelled=True, deleted=True)


def test_gives_up_on_a_selection_that_is_too_large(mock, core):
    mock.order("max-content-size-exceeded")
    with pytest.raises(ExportFailed, match="MAX_CONTENT_SIZE_EXCEEDED"):
        export_zip(core, [REPORTS])
    [download] = mock.downloads()
    mock.verify(download["id"], neverPolledAfterFinal=True, deleted=True)
