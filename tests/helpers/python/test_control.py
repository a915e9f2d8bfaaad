"""The Python helper against the real program."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import unittest
import urllib.error
import urllib.request
import zipfile
from typing import Any

from alfresco_downloads_mock import ControlError, DownloadsMock

BINARY = os.environ.get("MOCK_BINARY", "target/debug/alfresco-downloads-mock")
NODE = "00000000-0000-4000-8000-000000000001"
AUTH = {"Authorization": "Basic " + base64.b64encode(b"admin:admin").decode()}


def ask(method: str, url: str, body: Any = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {**AUTH, "Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None


def create(world: DownloadsMock) -> str:
    status, answer = ask("POST", f"{world.base}/downloads", {"nodeIds": [NODE]})
    assert status == 202
    id: str = answer["entry"]["id"]
    return id


def poll(world: DownloadsMock, id: str) -> int:
    return ask("GET", f"{world.base}/downloads/{id}")[0]


class Control(unittest.TestCase):
    mock: DownloadsMock

    @classmethod
    def setUpClass(cls) -> None:
        cls.mock = DownloadsMock.start(BINARY, ["--seed", "7", "--admin-token", "s3cret"])

    @classmethod
    def tearDownClass(cls) -> None:
        cls.mock.stop()

    def test_a_token_may_be_given_in_one_word(self) -> None:
        mock = DownloadsMock.start(BINARY, ["--admin-token=s3cret"])
        self.assertIn("now", mock.call("GET", "/clock"))
        mock.stop()

    def test_a_job_is_held_stepped_on_and_released(self) -> None:
        world = self.mock.network("py-gates")
        self.assertEqual(world.hold("pending", times=1)["at"], "pending")
        id = create(world)
        held = world.wait(id, isHeld=True)
        self.assertEqual((held["status"], held["totalFiles"]), ("PENDING", 0))
        world.step(id, "update")
        self.assertGreater(world.wait(id, isHeld=True, status="IN_PROGRESS")["bytesAdded"], 0)
        world.release(id)
        self.assertEqual(world.wait(id, isFinal=True)["status"], "DONE")
        world.remove_gates()
        world.drop()

    def test_an_outcome_is_ordered_and_the_client_is_watched(self) -> None:
        world = self.mock.network("py-outcomes")
        world.order({"dies": {"before-file": 1}}, times=1)
        dead = create(world)
        self.assertEqual(world.wait(dead, isJobOver=True)["status"], "PENDING")
        world.order("max-content-size-exceeded", times=1)
        id = create(world)
        world.wait(id, status="MAX_CONTENT_SIZE_EXCEEDED")
        for _ in range(3):
            poll(world, id)
        self.assertEqual(world.report(id)["pollsAfterFinal"], 2)
        world.verify(id, minPolls=3)
        with self.assertRaises(ControlError) as raised:
            world.verify(id, neverPolledAfterFinal=True, deleted=True)
        self.assertEqual((raised.exception.status, len(raised.exception.problem["errors"])), (409, 2))

    def test_faults_outages_and_the_journal(self) -> None:
        world = self.mock.network("py-faults")
        id = create(world)
        world.wait(id, isFinal=True)
        fault = world.inject(operation="getDownload", effect={"error": {"statusCode": 503}}, times=1)
        self.assertEqual([poll(world, id), poll(world, id)], [503, 200])
        entry = world.journal(fault=fault["id"])["entries"][0]
        self.assertEqual((entry["status"], entry["download"], entry["decision"]["by"]), (503, id, "fault"))
        world.remove_faults(fault["id"])
        world.begin_outage("refuse")
        with self.assertRaises((urllib.error.URLError, http.client.HTTPException, ConnectionError)):
            poll(world, id)
        world.end_outage()
        self.assertEqual(poll(world, id), 200)

    def test_the_clock_settings_and_a_reset(self) -> None:
        world = self.mock.network("py-clock")
        self.assertFalse(world.freeze()["isRunning"])
        self.assertEqual(world.set_time("2026-06-22T09:15:02Z")["now"], "2026-06-22T09:15:02.000+0000")
        self.assertEqual(world.advance("61m")["now"], "2026-06-22T10:16:02.000+0000")
        self.assertEqual(world.settings(downloadPace=1000)["downloadPace"], 1000)
        world.reset()
        self.assertIsNone(world.settings()["downloadPace"])
        self.assertEqual(world.downloads(), [])
        self.assertTrue(world.resume()["isRunning"])

    def test_fixtures_are_loaded(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("new/one.txt", "one")
        zipped = file.getvalue()
        world = self.mock.network("py-fixtures")
        self.assertEqual(world.load_fixtures(zipped)["people"], 2)

        def find(where: DownloadsMock) -> int:
            return ask("GET", f"{where.base}/nodes/-root-?relativePath=new/one.txt")[0]

        self.assertEqual([find(world), find(self.mock)], [200, 404])
        with self.assertRaises(ControlError) as raised:
            world.load_fixtures(b"no zip")
        self.assertEqual((raised.exception.status, len(raised.exception.problem["errors"])), (400, 1))
        self.assertEqual(find(world), 200)
        with DownloadsMock.start(BINARY) as other:
            other.load_fixtures(zipped, everywhere=True)
            self.assertEqual(find(other.network("any")), 200)

    def test_a_wrong_token_and_a_start_that_fails(self) -> None:
        with self.assertRaises(ControlError) as raised:
            DownloadsMock.attach(self.mock.url, token="other").downloads()
        self.assertEqual(raised.exception.status, 401)
        with self.assertRaises(RuntimeError):
            DownloadsMock.start(BINARY, ["--bind", "192.0.2.1"])
        with DownloadsMock.start(BINARY) as other:
            self.assertEqual(other.downloads(), [])


if __name__ == "__main__":
    unittest.main()
