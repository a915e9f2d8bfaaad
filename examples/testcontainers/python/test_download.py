"""The mock in a container of its own, for the time of the tests."""

import base64
import json
import os
import urllib.request

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

API = "/alfresco/api/-default-/public/alfresco/versions/1"
REPORTS = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="session")
def url():
    image = os.environ.get("DOWNLOADS_MOCK_IMAGE", "alfresco-downloads-mock")
    container = (
        DockerContainer(image)
        .with_exposed_ports(8080)
        .with_env("ALFRESCO_MOCK_DOWNLOAD_START_DELAY", "0s")
        # The line is printed when the first request would succeed.
        .waiting_for(LogMessageWaitStrategy(" ready on http"))
    )
    with container as mock:
        yield f"http://{mock.get_container_host_ip()}:{mock.get_exposed_port(8080)}"


def call(method, address, body=None):
    request = urllib.request.Request(address, body and json.dumps(body).encode(), method=method)
    request.add_header("Authorization", "Basic " + base64.b64encode(b"admin:admin").decode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()


def test_a_folder_is_downloaded_as_a_zip(url):
    download = json.loads(call("POST", f"{url}{API}/downloads", {"nodeIds": [REPORTS]}))["entry"]
    ended = json.loads(call("GET", f"{url}/__admin/wait?download={download['id']}&isFinal=true&timeout=30s"))
    assert ended["status"] == "DONE"
    assert call("GET", f"{url}{API}/nodes/{download['id']}/content").startswith(b"PK")
