import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unzip } from '../zip.mjs';
import { refusal, status } from './clients.mjs';
import { suite } from './suite.mjs';

suite('trash', [], (here) => {
  test('gives back what was deleted, and it zips again', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    const file = await session.upload(top.id, 'a.txt', 'alpha', {}, 'sub');
    assert.deepEqual(await session.nodes.deleteNode(top.id), here.major.nothing);
    assert.equal((await refusal(session.nodes.getNode(file.id))).status, 404);
    assert.equal((await refusal(session.downloads.createDownload({ nodeIds: [top.id] }))).status, 404);

    const { list } = await session.trash.listDeletedNodes({ maxItems: 1000, include: ['path'] });
    const deleted = list.entries.map(({ entry }) => entry);
    assert.equal(deleted[0].id, top.id);
    assert.equal(deleted[0].archivedByUser.id, 'alice');
    assert.equal(deleted[0].parentId, undefined);
    assert.ok(deleted.every(({ id }) => id !== file.id), 'only the top is listed');
    assert.equal((await session.trash.getDeletedNode(file.id)).entry.name, 'a.txt');
    assert.equal(String(await session.trash.getDeletedNodeContent(file.id)), 'alpha');

    const { entry } = await session.trash.restoreDeletedNode(top.id);
    assert.equal(entry.id, top.id);
    assert.equal(entry.parentId, top.parentId);
    assert.equal((await refusal(session.trash.getDeletedNode(top.id))).status, 404);
    const { entry: download } = await session.downloads.createDownload({ nodeIds: [top.id] });
    assert.equal((await session.ended(download.id)).status, 'DONE');
    const zip = await unzip(await session.nodes.getNodeContent(download.id));
    assert.equal(zip[`${top.name}/sub/a.txt`], 'alpha');
  });

  test('restores elsewhere, unless the name is taken', async () => {
    const session = await here.login('alice');
    const [top, other] = [await session.folder(), await session.folder()];
    const file = await session.upload(top.id, 'a.txt', 'alpha');
    await session.nodes.deleteNode(file.id);
    await session.upload(top.id, 'a.txt', 'new');
    assert.equal((await refusal(session.trash.restoreDeletedNode(file.id))).status, 409);
    const restoreBody = { targetParentId: other.id, assocType: 'cm:contains' };
    const { entry } = await session.trash.restoreDeletedNode(file.id, { deletedNodeBodyRestore: restoreBody });
    assert.equal(entry.parentId, other.id);
    assert.equal(await session.text(file.id), 'alpha');
  });

  test('is emptied one by one, by its owner only', async () => {
    const [admin, alice, bob] = [await here.login(), await here.login('alice'), await here.login('bob')];
    const file = await alice.upload('-my-', 'gone.txt', 'gone');
    await alice.nodes.deleteNode(file.id);
    assert.equal((await refusal(bob.trash.getDeletedNode(file.id))).status, 403);
    assert.equal((await refusal(bob.trash.restoreDeletedNode(file.id))).status, 403);
    assert.equal(await status(bob.trash.deleteDeletedNode(file.id)), 403);
    assert.ok(!(await bob.trash.listDeletedNodes()).list.entries.some(({ entry }) => entry.id === file.id));
    assert.equal((await admin.trash.getDeletedNode(file.id)).entry.id, file.id);

    for (const { entry } of (await alice.trash.listDeletedNodes({ maxItems: 1000 })).list.entries) {
      assert.deepEqual(await alice.trash.deleteDeletedNode(entry.id), here.major.nothing);
    }
    assert.equal((await alice.trash.listDeletedNodes()).list.pagination.totalItems, 0);
    assert.equal((await refusal(alice.trash.getDeletedNode(file.id))).status, 404);
  });
});
