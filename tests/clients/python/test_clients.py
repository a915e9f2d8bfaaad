"""python-alfresco-api, unmodified, against the real program."""

import asyncio
import io
import json
import tempfile
import time
import unittest
import uuid
import zipfile
from pathlib import Path

from python_alfresco_api import AuthUtil, ClientFactory
from python_alfresco_api.auth_util import SimpleAuthUtil, TicketAuthUtil
from python_alfresco_api.clients.core.nodes.models import (
    CopyNodeRequest,
    CreateNodeRequest,
    MoveNodeRequest,
    UpdateNodeRequest,
)
from python_alfresco_api.raw_clients.alfresco_core_client.core_client.api.sites import create_site, delete_site, get_site
from python_alfresco_api.raw_clients.alfresco_core_client.core_client.api.trashcan import (
    delete_deleted_node,
    get_deleted_node,
    list_deleted_nodes,
    restore_deleted_node,
)
from python_alfresco_api.raw_clients.alfresco_core_client.core_client.models import (
    DeletedNodeBodyRestore,
    DownloadBodyCreate,
    SiteBodyCreate,
    SiteBodyCreateVisibility,
)
from python_alfresco_api.utils import content_utils
from python_alfresco_api.utils.content_utils_highlevel import create_and_upload_file_highlevel

from server import Server

UNKNOWN = "ffffffff-0000-4000-8000-ffffffffffff"


class ClientTest(unittest.TestCase):
    """One server for the tests of a class."""

    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.flags)
        cls.addClassCleanup(cls.server.stop)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.files = Path(folder.name)

    def factory(self, auth):
        return ClientFactory(base_url=self.server.url, auth_util=auth, load_env=False)

    def core(self, user="alice", auth=None):
        return self.closed_at_end(self.factory(auth or SimpleAuthUtil(user, user)).create_core_client())

    def closed_at_end(self, client):
        self.addCleanup(client.raw_client.get_httpx_client().close)
        return client

    def folder(self, core, parent="-my-"):
        return core.nodes.create_folder(str(uuid.uuid4()), parent).entry

    def upload(self, core, parent, name, content, **options):
        path = self.files / name
        path.write_bytes(content)
        return content_utils.upload_file(core, path, parent, **options)["entry"]

    def create_download(self, core, *ids):
        return core.downloads.create_download(DownloadBodyCreate(node_ids=list(ids))).entry

    def ended(self, core, download):
        """Asks until the download has ended, as a script does."""
        while (entry := core.downloads.get_download(download.id).entry).status in ("PENDING", "IN_PROGRESS"):
            time.sleep(0.02)
        return entry

    def unzip(self, content):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.assertIsNone(archive.testzip())
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}

    def names(self, answer):
        return [item["entry"]["name"] for item in answer.list["entries"]]

    def assert_answered(self, status, answer):
        self.assertEqual(answer.status_code, status)


class Session(ClientTest):
    def test_ticket(self):
        auth = TicketAuthUtil("alice", "alice", self.server.url)
        self.assertEqual(self.core(auth=auth).nodes.get("-my-").entry.name, "alice")
        self.assertRegex(auth.ticket, r"^TICKET_[0-9a-f]{40}$")

        given = TicketAuthUtil(ticket=auth.ticket)
        core = self.core(auth=given)
        self.assertEqual(core.nodes.get("-my-").entry.name, "alice")
        tickets = self.closed_at_end(self.factory(given).create_auth_client()).authentication
        self.assertEqual(tickets.validate_ticket().entry.id, auth.ticket)
        self.assert_answered(204, tickets.delete_ticket_detailed())
        self.assert_answered(401, core.nodes.get_detailed("-my-"))

    def test_default_authentication(self):
        auth = AuthUtil(self.server.url, "alice", "alice")
        self.assertTrue(asyncio.run(auth.ensure_authenticated()))
        self.assertRegex(auth.ticket, r"^TICKET_[0-9a-f]{40}$")

    def test_wrong_password(self):
        core = self.core(auth=SimpleAuthUtil("alice", "wrong"))
        self.assert_answered(401, core.nodes.get_detailed("-my-"))

    def test_discovery(self):
        client = self.closed_at_end(self.factory(SimpleAuthUtil("alice", "alice")).create_discovery_client())
        found = client.discovery.get_repository_information()
        self.assertEqual(found.entry.repository.edition, "Community")


class Nodes(ClientTest):
    def test_create(self):
        core = self.core()
        top = self.folder(core)
        self.assertTrue(top.is_folder)
        request = CreateNodeRequest(name="plan.txt", node_type="cm:content", properties={"cm:title": "Plan"})
        file = core.nodes.create(top.id, request).entry
        self.assertEqual((file.name, file.parent_id, file.content.size_in_bytes), ("plan.txt", top.id, 0))
        self.assertEqual(file.properties["cm:title"], "Plan")
        self.assertEqual(file.created_by_user.id, "alice")
        # This client renames by default.
        self.assertEqual(core.nodes.create(top.id, request).entry.name, "plan-1.txt")
        self.assertEqual(self.names(core.nodes.list_children(top.id)), ["plan.txt", "plan-1.txt"])

    def test_upload_and_read(self):
        core = self.core()
        top = self.folder(core)
        file = self.upload(core, top.id, "a.txt", b"first", properties={"cm:title": "T"}, description="ignored")
        self.assertEqual(file["properties"]["cm:versionLabel"], "1.0")
        self.assertEqual(file["properties"]["cm:title"], "T")
        self.assertEqual(file["content"]["mimeType"], "text/plain")
        self.assertEqual(self.upload(core, top.id, "a.txt", b"again")["name"], "a-1.txt")
        self.assertEqual(content_utils.download_file(core, file["id"], as_attachment=True), b"first")

        content_utils.update_content(core, file["id"], b"second", major_version=True, filename="a.txt")
        self.assertEqual(content_utils.download_file(core, file["id"]), b"second")
        third = core.nodes.update_content(file["id"], b"third", include=["path", "properties"]).entry
        self.assertEqual(third.properties["cm:versionLabel"], "2.1")
        self.assertEqual(content_utils.download_file(core, file["id"]), b"third")
        self.assertEqual(content_utils.get_content_info(core, file["id"])["size_in_bytes"], 5)

    def test_create_then_upload(self):
        core = self.core()
        path = self.files / "report.pdf"
        path.write_bytes(b"%PDF-1.4")
        file = create_and_upload_file_highlevel(core, path, self.folder(core).id, title="Report").entry
        self.assertEqual((file.name, file.content.mime_type), ("report.pdf", "application/pdf"))
        self.assertEqual(content_utils.download_file(core, file.id), b"%PDF-1.4")

    def test_large_upload(self):
        core = self.core()
        content = bytes(range(256)) * 12_000
        file = self.upload(core, self.folder(core).id, "large.bin", content)
        self.assertEqual(content_utils.download_file(core, file["id"]), content)

    def test_list(self):
        core = self.core()
        top = self.folder(core)
        for name in ("b.txt", "a.txt", "C.txt"):
            self.upload(core, top.id, name, b"x")
        core.nodes.create_folder("z", top.id)
        self.assertEqual(self.names(core.nodes.list_children(top.id)), ["z", "a.txt", "b.txt", "C.txt"])
        page = core.nodes.list_children(top.id, skip_count=1, max_items=2)
        self.assertEqual(self.names(page), ["a.txt", "b.txt"])
        expected = {"count": 2, "hasMoreItems": True, "totalItems": 4, "skipCount": 1, "maxItems": 2}
        self.assertEqual(page.list["pagination"], expected)

    def test_get(self):
        core = self.core()
        top = self.folder(core)
        file = self.upload(core, top.id, "a.txt", b"x")
        found = core.nodes.get("-my-", relative_path=f"{top.name}/A.TXT", include=["path", "permissions"]).entry
        self.assertEqual(found.id, file["id"])
        self.assertEqual(found.path.name, f"/Company Home/User Homes/alice/{top.name}")

    def test_change_copy_and_move(self):
        core = self.core()
        top, other = self.folder(core), self.folder(core)
        file = self.upload(core, top.id, "a.txt", b"text")
        renamed = core.nodes.update(file["id"], UpdateNodeRequest(name="b.txt", properties={"cm:title": "T"})).entry
        self.assertEqual((renamed.name, renamed.properties["cm:title"]), ("b.txt", "T"))
        copy = core.nodes.copy(top.id, CopyNodeRequest(target_parent_id=other.id, name="copied")).entry
        self.assertEqual(self.names(core.nodes.list_children(copy.id)), ["b.txt"])
        moved = core.nodes.move(file["id"], MoveNodeRequest(target_parent_id=other.id)).entry
        self.assertEqual((moved.id, moved.parent_id), (file["id"], other.id))
        self.assertEqual(self.names(core.nodes.list_children(top.id)), [])

    def test_lock(self):
        core = self.core()
        file = self.upload(core, self.folder(core).id, "a.txt", b"text")
        locked = core.nodes.lock(file["id"], {"type": "FULL"}).entry
        self.assertEqual(locked.properties["cm:lockType"], "READ_ONLY_LOCK")
        self.assert_answered(409, core.nodes.delete_detailed(file["id"]))
        self.assertNotIn("cm:lockType", core.nodes.unlock(file["id"]).entry.properties)
        self.assert_answered(204, core.nodes.delete_detailed(file["id"], permanent=True))
        self.assert_answered(404, core.nodes.get_detailed(file["id"]))

    def test_secondary_children(self):
        core = self.core()
        top, other = self.folder(core), self.folder(core)
        file = self.upload(core, top.id, "a.txt", b"text")
        link = core.nodes.create_secondary_child_association(other.id, file["id"], "cm:contains").entry
        self.assertEqual((link.child_id, link.assoc_type), (file["id"], "cm:contains"))
        self.assertEqual(self.names(core.nodes.list_children(other.id)), ["a.txt"])
        core.nodes.delete_secondary_child_association(other.id, file["id"])
        self.assertEqual(self.names(core.nodes.list_children(other.id)), [])

    def test_refusals(self):
        alice, bob = self.core("alice"), self.core("bob")
        top = self.folder(alice)
        file = self.upload(alice, top.id, "a.txt", b"text")
        self.assert_answered(404, alice.nodes.get_detailed(UNKNOWN))
        self.assert_answered(403, bob.nodes.get_detailed(top.id))
        self.assert_answered(403, bob.nodes.list_children_detailed(top.id))
        self.assert_answered(403, bob.nodes.delete_detailed(file["id"]))
        request = CreateNodeRequest(name="a.txt", node_type="cm:content", auto_rename=False)
        with self.assertRaisesRegex(ValueError, "409"):
            alice.nodes.create(top.id, request)
        with self.assertRaisesRegex(ValueError, "403"):
            bob.nodes.create(top.id, request)


class Downloads(ClientTest):
    def test_zip(self):
        core = self.core()
        top = self.folder(core)
        self.upload(core, top.id, "a.txt", b"alpha")
        sub = core.nodes.create_folder("sub", top.id).entry
        self.upload(core, sub.id, "文档.txt", "报告".encode())
        core.nodes.create_folder("empty", top.id)
        linked = self.upload(core, self.folder(core).id, "linked.txt", b"linked")
        core.nodes.create_secondary_child_association(sub.id, linked["id"], "cm:contains")

        download = self.create_download(core, top.id, linked["id"])
        self.assertEqual((download.status, download.files_added, download.total_bytes), ("PENDING", 0, 0))
        node = core.nodes.get(download.id, include=["path", "properties", "allowableOperations", "permissions"]).entry
        self.assertEqual((node.name, str(node.node_type)), ("archive.zip", "download:download"))
        end = self.ended(core, download)
        self.assertEqual((end.status, end.files_added, end.total_files), ("DONE", 4, 4))
        self.assertEqual((end.bytes_added, end.total_bytes), (23, 23))
        self.assertEqual(
            self.unzip(content_utils.download_file(core, download.id)),
            {
                f"{top.name}/": b"",
                f"{top.name}/a.txt": b"alpha",
                f"{top.name}/empty/": b"",
                f"{top.name}/sub/": b"",
                f"{top.name}/sub/linked.txt": b"linked",
                f"{top.name}/sub/文档.txt": "报告".encode(),
                "linked.txt": b"linked",
            },
        )
        self.assert_answered(204, core.nodes.delete_detailed(download.id))
        self.assert_answered(404, core.downloads.get_download_detailed(download.id))

    def test_refusals(self):
        alice, bob = self.core("alice"), self.core("bob")
        top = self.folder(alice)
        body = DownloadBodyCreate(node_ids=[top.id])
        self.assert_answered(403, bob.downloads.create_download_detailed(body))
        self.assert_answered(404, alice.downloads.create_download_detailed(DownloadBodyCreate(node_ids=[UNKNOWN])))
        self.assert_answered(400, alice.downloads.create_download_detailed(DownloadBodyCreate(node_ids=[])))
        download = self.create_download(alice, top.id)
        self.assert_answered(403, bob.downloads.get_download_detailed(download.id))
        self.assert_answered(403, bob.downloads.cancel_download_detailed(download.id))
        self.assertEqual(self.ended(alice, download).status, "DONE")


class SlowDownloads(ClientTest):
    flags = ("--download-pace", "20000")

    def test_cancel(self):
        core = self.core()
        top = self.folder(core)
        for number in range(10):
            self.upload(core, top.id, f"{number}.bin", bytes(4000))
        download = self.create_download(core, top.id)
        self.assert_answered(202, core.downloads.cancel_download_detailed(download.id))
        end = self.ended(core, download)
        self.assertEqual(end.status, "CANCELLED")
        self.assertLess(end.files_added, 10)


class SmallDownloads(ClientTest):
    flags = ("--download-max-content-size", "10")

    def test_too_large(self):
        core = self.core()
        top = self.folder(core)
        self.upload(core, top.id, "eleven.txt", b"eleven text")
        end = self.ended(core, self.create_download(core, top.id))
        self.assertEqual((end.status, end.bytes_added, end.total_bytes), ("MAX_CONTENT_SIZE_EXCEEDED", 10, 11))


class People(ClientTest):
    def test_me(self):
        self.assertEqual(self.core().people.get_person("-me-").entry.id, "alice")
        admin = self.core("admin").people.get_person("-me-").entry
        self.assertEqual((admin.id, admin.first_name), ("admin", "Administrator"))

    def test_create(self):
        admin = self.core("admin")
        name = f"u{uuid.uuid4().hex[:8]}"
        person = admin.people.create_person(name, "New", "Person", f"{name}@example.org", name).entry
        self.assertEqual((person.id, person.enabled), (name, True))
        core = self.core(name)
        self.assertEqual(core.nodes.get("-my-").entry.name, name)
        file = self.upload(core, "-my-", "mine.txt", b"mine")
        self.assertEqual(file["createdByUser"], {"id": name, "displayName": "New Person"})
        self.assertEqual(admin.people.update_person(name, first_name="Old").entry.first_name, "Old")


class Sites(ClientTest):
    """The generated calls: the client's own wrappers of these ask for what was not generated."""

    def test_site(self):
        core = self.core()
        client = core.raw_client
        name = f"site-{uuid.uuid4().hex[:8]}"
        body = SiteBodyCreate("A site", SiteBodyCreateVisibility.PRIVATE, id=name)
        created = create_site.sync_detailed(client=client, body=body)
        self.assert_answered(201, created)
        site = json.loads(created.content)["entry"]
        self.assertEqual((site["id"], site["role"]), (name, "SiteManager"))
        self.assert_answered(409, create_site.sync_detailed(client=client, body=body))

        library = core.nodes.get(site["guid"], relative_path="documentLibrary").entry
        self.upload(core, library.id, "plan.txt", b"plan")
        download = self.create_download(core, library.id)
        self.ended(core, download)
        zipped = self.unzip(content_utils.download_file(core, download.id))
        self.assertEqual(zipped, {"documentLibrary/": b"", "documentLibrary/plan.txt": b"plan"})

        bob = self.core("bob")
        self.assert_answered(404, get_site.sync_detailed(name, client=bob.raw_client))
        self.assert_answered(403, bob.nodes.get_detailed(library.id))
        self.assert_answered(204, delete_site.sync_detailed(name, client=client, permanent=True))
        self.assert_answered(404, core.nodes.get_detailed(library.id))


class Trash(ClientTest):
    """The generated calls: the client's own wrappers of these cannot be imported."""

    def test_restore(self):
        core = self.core()
        client = core.raw_client
        top = self.folder(core)
        self.upload(core, top.id, "a.txt", b"alpha")
        core.nodes.delete(top.id)
        self.assert_answered(404, core.nodes.get_detailed(top.id))
        body = DownloadBodyCreate(node_ids=[top.id])
        self.assert_answered(404, core.downloads.create_download_detailed(body))

        listed = list_deleted_nodes.sync(client=client, max_items=1000, include=["path"]).list_
        self.assertEqual((listed.pagination.count, listed.entries[0].entry.id), (1, top.id))
        self.assertEqual(get_deleted_node.sync(top.id, client=client).entry.archived_by_user.id, "alice")
        self.assert_answered(403, get_deleted_node.sync_detailed(top.id, client=self.core("bob").raw_client))
        # This client always sends a body, and one without a target is refused.
        body = DeletedNodeBodyRestore()
        self.assert_answered(400, restore_deleted_node.sync_detailed(top.id, client=client, body=body))
        body = DeletedNodeBodyRestore(assoc_type="cm:contains", target_parent_id=top.parent_id)
        restored = restore_deleted_node.sync(top.id, client=client, body=body)
        self.assertEqual((restored.entry.id, restored.entry.parent_id), (top.id, top.parent_id))

        download = self.create_download(core, top.id)
        self.ended(core, download)
        zipped = self.unzip(content_utils.download_file(core, download.id))
        self.assertEqual(zipped, {f"{top.name}/": b"", f"{top.name}/a.txt": b"alpha"})
        core.nodes.delete(top.id)
        self.assert_answered(204, delete_deleted_node.sync_detailed(top.id, client=client))
        self.assertEqual(list_deleted_nodes.sync(client=client).list_.pagination.total_items, 0)


if __name__ == "__main__":
    start = time.monotonic()
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    seconds = time.monotonic() - start
    print(f"python-alfresco-api: {result.testsRun - failed} passed, {failed} failed, in {seconds:.1f} s")
    raise SystemExit(failed or not result.testsRun)
