"""The application: exports nodes of Alfresco as one zip, with python-alfresco-api."""

import time

from python_alfresco_api import ClientFactory
from python_alfresco_api.auth_util import SimpleAuthUtil
from python_alfresco_api.raw_clients.alfresco_core_client.core_client.models import DownloadBodyCreate
from python_alfresco_api.utils import content_utils


class ExportFailed(Exception):
    """The download ended, and not with a zip."""


def connect(url, user, password):
    return ClientFactory(base_url=url, auth_util=SimpleAuthUtil(user, password), load_env=False).create_core_client()


def export_zip(core, node_ids, interval=0.02, on_progress=lambda entry: None, is_cancelled=lambda: False):
    """The zip's bytes. ``on_progress`` is told each state of the download; ``is_cancelled`` is asked at each look."""
    entry = core.downloads.create_download(DownloadBodyCreate(node_ids=list(node_ids))).entry
    cancelled = False
    while entry.status in ("PENDING", "IN_PROGRESS"):
        on_progress(entry)
        if is_cancelled() and not cancelled:
            cancelled = True
            core.downloads.cancel_download_detailed(entry.id)
        time.sleep(interval)
        entry = core.downloads.get_download(entry.id).entry
    on_progress(entry)
    try:
        if entry.status != "DONE":
            raise ExportFailed(f"the export ended as {entry.status}")
        return content_utils.download_file(core, entry.id)
    finally:
        core.nodes.delete_detailed(entry.id)
