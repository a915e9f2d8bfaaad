import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unzip } from '../zip.mjs';
import { refusal, status } from './clients.mjs';
import { suite } from './suite.mjs';

const waiting = { filesAdded: 0, bytesAdded: 0, totalFiles: 0, totalBytes: 0, status: 'PENDING' };

suite('downloads', [], (here) => {
  test('zips a tree and a file, tells how far it is, and tidies up', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    const other = await session.folder();
    await session.upload(top.id, 'a.txt', 'alpha');
    await session.upload(top.id, '年度报告.txt', '报告', {}, 'sub/deeper');
    await session.folder(top.id, 'empty');
    const single = await session.upload(other.id, 'single.txt', 'single');

    const { entry } = await session.downloads.createDownload({ nodeIds: [top.id, single.id] });
    assert.deepEqual({ ...entry }, { id: entry.id, ...waiting });
    // An application asks for the name while the job is under way.
    const { entry: node } = await session.nodes.getNode(entry.id, { include: ['path', 'properties', 'allowableOperations', 'permissions'] });
    assert.equal(node.name, 'archive.zip');
    assert.equal(node.nodeType, 'download:download');
    const end = await session.ended(entry.id);
    assert.deepEqual({ ...end }, { id: entry.id, status: 'DONE', filesAdded: 3, totalFiles: 3, bytesAdded: 17, totalBytes: 17 });

    const zip = await unzip(await session.nodes.getNodeContent(entry.id));
    assert.deepEqual(zip, {
      [`${top.name}/`]: '',
      [`${top.name}/a.txt`]: 'alpha',
      [`${top.name}/empty/`]: '',
      [`${top.name}/sub/`]: '',
      [`${top.name}/sub/deeper/`]: '',
      [`${top.name}/sub/deeper/年度报告.txt`]: '报告',
      'single.txt': 'single',
    });

    assert.deepEqual(await session.nodes.deleteNode(entry.id), here.major.nothing);
    assert.equal((await refusal(session.downloads.getDownload(entry.id))).status, 404);
    assert.equal((await refusal(session.nodes.getNode(entry.id))).status, 404);
    await session.nodes.deleteNode(top.id, { permanent: true });
  });

  test('gives the link that a browser follows', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    await session.upload(top.id, 'a.txt', 'alpha');
    const { entry } = await session.downloads.createDownload({ nodeIds: [top.id] });
    const url = session.content.getContentUrl(entry.id, true);
    assert.ok(url.endsWith(`/nodes/${entry.id}/content?attachment=true&alf_ticket=${session.ticket}`), url);
    await session.ended(entry.id);
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    const name = `${top.name}.zip`;
    assert.equal(answer.headers.get('content-disposition'), `attachment; filename="${name}"; filename*=UTF-8''${name}`);
    assert.deepEqual(Object.keys(await unzip(await answer.arrayBuffer())), [`${top.name}/`, `${top.name}/a.txt`]);
  });

  test('packs a secondary child below the folder that links it, and a move and a copy where they are', async () => {
    const session = await here.login('alice');
    const [top, other] = [await session.folder(), await session.folder()];
    const linked = await session.upload(other.id, 'linked.txt', 'linked');
    const moved = await session.upload(other.id, 'moved.txt', 'moved');
    await session.nodes.createSecondaryChildAssociation(top.id, { childId: linked.id, assocType: 'cm:contains' });
    await session.nodes.moveNode(moved.id, { targetParentId: top.id, name: 'here.txt' });
    await session.nodes.copyNode(moved.id, { targetParentId: top.id, name: 'copy.txt' });
    const { entry } = await session.downloads.createDownload({ nodeIds: [top.id] });
    assert.equal((await session.ended(entry.id)).status, 'DONE');
    assert.deepEqual(await unzip(await session.nodes.getNodeContent(entry.id)), {
      [`${top.name}/`]: '',
      [`${top.name}/copy.txt`]: 'moved',
      [`${top.name}/here.txt`]: 'moved',
      [`${top.name}/linked.txt`]: 'linked',
    });
  });

  test('is for its owner and administrators, and of what the owner may read', async () => {
    const [admin, alice, bob] = [await here.login(), await here.login('alice'), await here.login('bob')];
    const top = await admin.folder('-shared-');
    await alice.upload(top.id, 'everybody.txt', 'read me');
    const secret = await admin.upload(top.id, 'secret.txt', 'secret');
    await admin.nodes.updateNode(secret.id, { permissions: { isInheritanceEnabled: false } });

    const refused = await refusal(bob.downloads.createDownload({ nodeIds: [secret.id] }));
    assert.equal(refused.status, 403);
    const { entry } = await bob.downloads.createDownload({ nodeIds: [top.id] });
    assert.equal((await bob.ended(entry.id)).filesAdded, 1);
    assert.deepEqual(Object.keys(await unzip(await bob.nodes.getNodeContent(entry.id))), [`${top.name}/`, `${top.name}/everybody.txt`]);
    assert.equal((await refusal(alice.downloads.getDownload(entry.id))).status, 403);
    assert.equal(await status(alice.nodes.getNodeContent(entry.id)), 403);
    assert.equal((await admin.downloads.getDownload(entry.id)).entry.status, 'DONE');
    await admin.nodes.deleteNode(entry.id);
  });

  test('hold what was there, whatever happens to it afterwards', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    await session.upload(top.id, 'a.txt', 'alpha');
    const { entry } = await session.downloads.createDownload({ nodeIds: [top.id] });
    await session.ended(entry.id);
    await session.nodes.deleteNode(top.id, { permanent: true });
    const zip = await unzip(await session.nodes.getNodeContent(entry.id));
    assert.deepEqual(zip, { [`${top.name}/`]: '', [`${top.name}/a.txt`]: 'alpha' });
  });

  test('says what is wrong with a request', async () => {
    const session = await here.login('alice');
    const unknown = 'ffffffff-0000-4000-8000-ffffffffffff';
    const missing = await refusal(session.downloads.createDownload({ nodeIds: [unknown] }));
    assert.deepEqual([missing.status, missing.statusCode], [404, 404]);
    assert.equal((await refusal(session.downloads.createDownload({ nodeIds: [] }))).status, 400);
    assert.equal((await refusal(session.downloads.getDownload(unknown))).status, 404);
    assert.equal((await refusal(session.downloads.cancelDownload(unknown))).status, 404);
  });
});

/** Asks until the job has begun. */
async function begun(session, id) {
  for (;;) {
    const { entry } = await session.downloads.getDownload(id);
    if (entry.status !== 'PENDING') {
      assert.equal(entry.status, 'IN_PROGRESS');
      return entry;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

suite('slow downloads', ['--download-pace', '20000'], (here) => {
  test('keep to the content that was there when they began', async () => {
    const session = await here.login('alice');
    const [top, other] = [await session.folder(), await session.folder()];
    await session.upload(top.id, 'a.bin', 'begun');
    await session.upload(top.id, 'b.bin', Buffer.alloc(40_000));
    const replaced = await session.upload(top.id, 'c.bin', 'before');
    const moved = await session.upload(top.id, 'd.bin', 'moved');
    const { entry } = await session.downloads.createDownload({ nodeIds: [top.id] });
    await begun(session, entry.id);
    await session.upload(top.id, 'c.bin', 'after', { overwrite: true });
    await session.nodes.moveNode(moved.id, { targetParentId: other.id });
    assert.equal((await session.ended(entry.id)).status, 'DONE');
    const zip = await unzip(await session.nodes.getNodeContent(entry.id));
    assert.equal(zip[`${top.name}/c.bin`], 'before');
    assert.equal(zip[`${top.name}/d.bin`], 'moved');
    assert.equal(await session.text(replaced.id), 'after');
  });

  test('are cancelled under way', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    for (let number = 0; number < 10; number += 1) await session.upload(top.id, `${number}.bin`, Buffer.alloc(4000));
    const { entry } = await session.downloads.createDownload({ nodeIds: [top.id] });
    assert.equal((await begun(session, entry.id)).totalBytes, 40_000);
    assert.deepEqual(await session.downloads.cancelDownload(entry.id), here.major.nothing);
    const end = await session.ended(entry.id);
    assert.equal(end.status, 'CANCELLED');
    assert.ok(end.filesAdded < end.totalFiles, JSON.stringify(end));
    assert.equal(await status(session.nodes.getNodeContent(entry.id)), 404);
  });
});

suite('small downloads', ['--download-max-content-size', '10'], (here) => {
  test('end when the content is too large', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    await session.upload(top.id, 'eleven.txt', 'eleven text');
    const { entry } = await session.downloads.createDownload({ nodeIds: [top.id] });
    const end = await session.ended(entry.id);
    assert.deepEqual({ ...end }, { id: entry.id, status: 'MAX_CONTENT_SIZE_EXCEEDED', filesAdded: 0, totalFiles: 1, bytesAdded: 10, totalBytes: 11 });
    await session.upload(top.id, 'eleven.txt', 'ten bytes!', { overwrite: true });
    const { entry: second } = await session.downloads.createDownload({ nodeIds: [top.id] });
    assert.equal((await session.ended(second.id)).status, 'DONE');
  });
});
