import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from './clients.mjs';
import { suite } from './suite.mjs';

const names = ({ list }) => list.entries.map(({ entry }) => entry.name);

suite('nodes', [], (here) => {
  test('creates one folder, and several at once', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    const body = { name: 'one', nodeType: 'cm:folder', properties: { 'cm:title': 'First', 'cm:description': '' } };
    const { entry } = await session.nodes.createNode(top.id, body);
    assert.equal(entry.isFolder, true);
    assert.equal(entry.parentId, top.id);
    assert.deepEqual(entry.properties, { 'cm:title': 'First' });
    assert.ok(entry.aspectNames.includes('cm:titled'));
    assert.equal(entry.createdByUser.id, 'alice');
    assert.ok(entry.createdAt instanceof Date);

    const several = ['b', 'a', 'c'].map((name) => ({ name, nodeType: 'cm:folder' }));
    const created = await session.nodes.createNode(top.id, several);
    assert.deepEqual(names(created), ['b', 'a', 'c']);
    const { count, hasMoreItems, totalItems, skipCount, maxItems } = created.list.pagination;
    assert.deepEqual([count, hasMoreItems, totalItems, skipCount, maxItems], [3, false, 3, 0, 3]);

    const deep = await session.nodes.createFolder('leaf', 'x/y', top.id);
    const { path } = (await session.nodes.getNode(deep.entry.id, { include: ['path'] })).entry;
    assert.equal(path.name, `/Company Home/User Homes/alice/${top.name}/x/y`);
    const found = await session.nodes.getNode(top.id, { relativePath: 'X/y/LEAF' });
    assert.equal(found.entry.id, deep.entry.id);
  });

  test('uploads, renames a clash, overwrites, and reads back', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    const file = await session.upload(top.id, 'a.txt', 'first');
    assert.equal(file.name, 'a.txt');
    assert.equal(file.content.mimeType, 'text/plain');
    assert.equal(file.content.sizeInBytes, 5);
    assert.equal(file.properties['cm:versionLabel'], '1.0');
    assert.equal(await session.text(file.id), 'first');

    assert.equal((await session.upload(top.id, 'a.txt', 'other', { autoRename: true })).name, 'a-1.txt');
    const again = await session.upload(top.id, 'a.txt', 'second', { overwrite: true, majorVersion: true, comment: 'c' });
    assert.equal(again.id, file.id);
    assert.equal(again.properties['cm:versionLabel'], '2.0');
    assert.equal(await session.text(file.id), 'second');

    const named = await session.upload(top.id, 'sent.txt', 'n', { name: 'ümläut 文档.pdf' }, 'in/here', {
      properties: { 'cm:title': 'Titled' },
    });
    assert.equal(named.name, 'ümläut 文档.pdf');
    assert.equal(named.content.mimeType, 'application/pdf');
    assert.equal(named.properties['cm:title'], 'Titled');
    const { entry } = await session.nodes.getNode(named.id, { include: ['path', 'allowableOperations', 'permissions', 'isLocked'] });
    assert.equal(entry.path.elements.at(-1).name, 'here');
    assert.deepEqual(entry.allowableOperations, ['delete', 'update', 'updatePermissions']);
    assert.equal(entry.permissions.isInheritanceEnabled, true);
    assert.equal(entry.isLocked, false);

    const { entry: replaced } = await session.nodes.updateNodeContent(file.id, 'third', { comment: 'text' });
    assert.equal(replaced.properties['cm:versionLabel'], '2.1');
    assert.equal(await session.text(file.id), 'third');
  });

  test('uploads larger than what stays in memory', async () => {
    const session = await here.login('alice');
    const bytes = Buffer.alloc(3_000_001, 'The quick brown fox jumps over the lazy dog. ');
    const file = await session.upload((await session.folder()).id, 'large.bin', bytes);
    assert.equal(file.content.sizeInBytes, bytes.length);
    assert.ok(bytes.equals(await session.nodes.getNodeContent(file.id)));
  });

  test('lists in pages, in order, by kind, with what was asked for', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    for (const [name, content] of [['b.txt', '1'], ['a.txt', '333'], ['C.txt', '22']]) {
      await session.upload(top.id, name, content);
    }
    await session.nodes.createFolder('z', undefined, top.id);
    const list = (options) => session.nodes.listNodeChildren(top.id, options);

    const all = await list();
    assert.deepEqual(names(all), ['z', 'a.txt', 'b.txt', 'C.txt']);
    assert.equal(all.list.entries[0].entry.properties, undefined);
    assert.deepEqual(names(await list({ orderBy: ['sizeInBytes DESC', 'name'], where: '(isFile=true)' })), ['a.txt', 'C.txt', 'b.txt']);
    assert.deepEqual(names(await list({ orderBy: ['name ASC'] })), ['a.txt', 'b.txt', 'C.txt', 'z']);
    assert.deepEqual(names(await list({ where: "(nodeType='cm:folder')" })), ['z']);

    const page = await list({ skipCount: 1, maxItems: 2, orderBy: ['isFolder desc', 'name asc'], includeSource: true, include: ['path', 'properties', 'aspectNames'] });
    assert.deepEqual(names(page), ['a.txt', 'b.txt']);
    const { pagination } = page.list;
    assert.deepEqual([pagination.count, pagination.hasMoreItems, pagination.totalItems, pagination.skipCount, pagination.maxItems], [2, true, 4, 1, 2]);
    assert.equal(page.list.source.id, top.id);
    const { entry } = page.list.entries[0];
    assert.equal(entry.path.elements.at(-1).id, top.id);
    assert.equal(entry.properties['cm:versionLabel'], '1.0');
    assert.ok(entry.aspectNames.includes('cm:versionable'));

    const home = await session.nodes.listNodeChildren('-my-', { relativePath: top.name, fields: ['name'] });
    assert.deepEqual(names(home), ['z', 'a.txt', 'b.txt', 'C.txt']);
    assert.equal(home.list.entries[0].entry.id, undefined);
  });

  test('renames, copies and moves', async () => {
    const session = await here.login('alice');
    const [top, other] = [await session.folder(), await session.folder()];
    const file = await session.upload(top.id, 'a.txt', 'text');
    const { entry: renamed } = await session.nodes.updateNode(file.id, { name: 'b.txt', properties: { 'cm:title': 'T' } });
    assert.equal(renamed.name, 'b.txt');
    assert.equal(renamed.properties['cm:title'], 'T');

    const { entry: copy } = await session.nodes.copyNode(top.id, { targetParentId: other.id, name: 'copied' });
    assert.notEqual(copy.id, top.id);
    const within = await session.nodes.listNodeChildren(copy.id);
    assert.deepEqual(names(within), ['b.txt']);
    assert.notEqual(within.list.entries[0].entry.id, file.id);
    assert.equal(await session.text(within.list.entries[0].entry.id), 'text');

    const { entry: moved } = await session.nodes.moveNode(file.id, { targetParentId: other.id });
    assert.equal(moved.id, file.id);
    assert.equal(moved.parentId, other.id);
    assert.deepEqual(names(await session.nodes.listNodeChildren(top.id)), []);
    assert.deepEqual(names(await session.nodes.listNodeChildren(other.id)), ['copied', 'b.txt']);
    assert.equal((await refusal(session.nodes.moveNode(other.id, { targetParentId: copy.id }))).status, 400);
  });

  test('a lock keeps others out', async () => {
    const [admin, alice] = [await here.login(), await here.login('alice')];
    const file = await alice.upload((await alice.folder()).id, 'a.txt', 'text');
    const { entry } = await alice.nodes.lockNode(file.id, { type: 'ALLOW_OWNER_CHANGES', lifetime: 'PERSISTENT', timeToExpire: 0 });
    assert.equal(entry.properties['cm:lockOwner'].id, 'alice');
    assert.equal(entry.properties['cm:lockType'], 'WRITE_LOCK');
    assert.equal((await admin.nodes.getNode(file.id, { include: ['isLocked'] })).entry.isLocked, true);
    assert.equal((await refusal(admin.nodes.updateNode(file.id, { name: 'b.txt' }))).status, 409);
    assert.equal((await refusal(admin.nodes.deleteNode(file.id))).status, 409);
    await alice.nodes.updateNode(file.id, { name: 'c.txt' });
    const { entry: unlocked } = await alice.nodes.unlockNode(file.id);
    assert.equal(unlocked.properties['cm:lockOwner'], undefined);
    assert.equal((await refusal(alice.nodes.unlockNode(file.id))).status, 422);
    await admin.nodes.deleteNode(file.id, { permanent: true });
  });

  test('links a secondary child, and takes it away again', async () => {
    const session = await here.login('alice');
    const [top, other] = [await session.folder(), await session.folder()];
    const file = await session.upload(top.id, 'a.txt', 'text');
    const body = { childId: file.id, assocType: 'cm:contains' };
    const { entry } = await session.nodes.createSecondaryChildAssociation(other.id, body);
    assert.deepEqual({ ...entry }, { childId: file.id, assocType: 'cm:contains' });
    const { list } = await session.nodes.listSecondaryChildren(other.id);
    assert.equal(list.entries[0].entry.id, file.id);
    assert.equal(list.entries[0].entry.association.isPrimary, false);
    assert.deepEqual(names(await session.nodes.listNodeChildren(other.id)), ['a.txt']);
    const parents = await session.nodes.listParents(file.id);
    assert.deepEqual(parents.list.entries.map(({ entry }) => entry.association.isPrimary).toSorted(), [false, true]);
    assert.equal((await refusal(session.nodes.createSecondaryChildAssociation(other.id, body))).status, 409);
    assert.deepEqual(await session.nodes.deleteSecondaryChildAssociation(other.id, file.id, { assocType: 'cm:contains' }), here.major.nothing);
    assert.equal((await refusal(session.nodes.deleteSecondaryChildAssociation(other.id, file.id))).status, 404);
    assert.equal(await session.text(file.id), 'text');
  });

  test('deletes for good', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    const file = await session.upload(top.id, 'a.txt', 'text');
    assert.deepEqual(await session.nodes.deleteNode(top.id, { permanent: true }), here.major.nothing);
    for (const id of [top.id, file.id]) assert.equal((await refusal(session.nodes.getNode(id))).status, 404);
  });
});
