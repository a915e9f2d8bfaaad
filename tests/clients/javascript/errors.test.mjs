import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, rejection, status } from './clients.mjs';
import { suite } from './suite.mjs';

const unknown = 'ffffffff-0000-4000-8000-ffffffffffff';

suite('errors', [], (here) => {
  test('have the whole envelope in the message', async () => {
    const error = await refusal((await here.login('alice')).nodes.getNode(unknown));
    assert.deepEqual([error.status, error.statusCode], [404, 404]);
    assert.equal(error.errorKey, 'framework.exception.EntityNotFound');
    assert.match(error.briefSummary, new RegExp(`^\\d{8} The entity with id: ${unknown} was not found$`));
    assert.equal(error.descriptionURL, 'https://api-explorer.alfresco.com');
    assert.ok(error.stackTrace);
    assert.match(error.logId, /^[0-9a-f-]{36}$/);
  });

  test('are where each major keeps them', async () => {
    const session = await here.login('alice');
    const [status, inner, text, rest] = here.major.parts(await rejection(session.nodes.getNode(unknown)));
    assert.deepEqual([status, inner, rest], [404, 404, {}]);
    assert.equal(JSON.parse(text).error.statusCode, 404);
  });

  test('403 for what somebody else keeps', async () => {
    const [alice, bob] = [await here.login('alice'), await here.login('bob')];
    const top = await alice.folder();
    const file = await alice.upload(top.id, 'a.txt', 'text');
    let isForbidden = false;
    bob.client.on('error', ({ status }) => (isForbidden ||= status === 403));
    const refused = await refusal(bob.nodes.getNode(top.id));
    assert.equal(refused.status, 403);
    assert.equal(refused.errorKey, 'framework.exception.PermissionDenied');
    assert.match(refused.briefSummary, /^\d{8} Permission was denied$/);
    assert.ok(isForbidden);
    for (const attempt of [
      () => bob.nodes.listNodeChildren(top.id),
      () => bob.nodes.createFolder('x', undefined, top.id),
      () => bob.nodes.updateNode(file.id, { name: 'x' }),
      () => bob.nodes.updateNodeContent(file.id, 'x'),
      () => bob.nodes.getNodeContent(file.id),
      () => bob.nodes.copyNode(file.id, { targetParentId: '-my-' }),
      () => bob.nodes.moveNode(file.id, { targetParentId: '-my-' }),
      () => bob.nodes.lockNode(file.id, {}),
      () => bob.nodes.deleteNode(file.id),
      () => bob.upload(top.id, 'b.txt', 'text'),
    ]) {
      assert.equal(await status(attempt()), 403);
    }
    assert.equal(await alice.text(file.id), 'text');
  });

  test('409 for a name that is taken', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    await session.folder(top.id, 'taken');
    const file = await session.upload(top.id, 'a.txt', 'text');
    const of = async (promise) => {
      const refused = await refusal(promise);
      return [refused.status, refused.briefSummary.slice(9)];
    };
    assert.deepEqual(await of(session.nodes.createFolder('TAKEN', undefined, top.id)), [409, 'Duplicate child name not allowed: TAKEN']);
    assert.deepEqual(await of(session.upload(top.id, 'A.txt', 'text')), [409, 'A.txt already exists.']);
    assert.deepEqual(await of(session.nodes.updateNode(file.id, { name: 'taken' })), [409, 'Name already exists in target parent: taken']);
    assert.deepEqual(await of(session.nodes.copyNode(file.id, { targetParentId: top.id })), [409, 'Name already exists in target parent: null']);
  });

  test('400 and 422 for what cannot be', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    assert.equal(await status(session.nodes.createNode(top.id, { name: 'x' })), 400);
    assert.equal(await status(session.nodes.createNode(top.id, { name: 'x', nodeType: 'cm:folder', properties: { 'x:y': 1 } })), 400);
    assert.equal(await status(session.nodes.createFolder('a/b', undefined, top.id)), 422);
    assert.equal(await status(session.upload(top.id, 'x', 'y', { name: 'a?.txt' })), 422);
    assert.equal(await status(session.nodes.listNodeChildren(top.id, { maxItems: -1 })), 400);
    assert.equal(await status(session.nodes.listNodeChildren(top.id, { where: '(nonsense' })), 400);
    assert.equal((await session.nodes.listNodeChildren(top.id)).list.pagination.totalItems, 0);
  });

  test('of special nodes', async () => {
    const admin = await here.login();
    const refused = await refusal(admin.nodes.deleteNode('-root-'));
    assert.equal(refused.status, 403);
    assert.match(refused.briefSummary, /^\d{8} Cannot delete: -root-$/);
    assert.equal(await status(admin.nodes.getNodeContent((await admin.folder()).id)), 400);
  });
});

// What the majors themselves make of a source of bytes that they cannot send as a file.
suite('errors of an upload', [], (here) => {
  test('without a file part', async () => {
    const session = await here.login('alice');
    const top = await session.folder();
    const bytes = here.major.name === 'js-api 10' ? new ReadableStream() : Buffer.from('text');
    const refused = await refusal(session.uploads.uploadFile(bytes, undefined, top.id));
    assert.equal(refused.status, 400);
    assert.match(refused.briefSummary, /^\d{8} Required parameters are missing$/);
    assert.equal((await session.nodes.listNodeChildren(top.id)).list.pagination.totalItems, 0);
  });
});
