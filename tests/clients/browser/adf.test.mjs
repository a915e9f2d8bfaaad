import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { unzip } from '../zip.mjs';
import { stage } from './stage.mjs';

describe('ADF, request by request', () => {
  let at;
  let page;
  before(async () => {
    at = await stage(undefined);
    page = await at.page();
    const login = await adf('login', 'alice');
    assert.deepEqual([login.status, login.entry.userId], [201, 'alice']);
  });
  after(async () => {
    assert.equal((await adf('logout')).status, 204);
    await at.end();
  });

  const adf = (name, ...values) => page.evaluate(([name, values]) => window.adf[name](...values), [name, values]);

  /** What the dialog does between its opening and the link: [status, name]. */
  async function zipped(ids) {
    const { status, entry } = await adf('createDownload', ids);
    assert.equal(status, 202);
    const node = await adf('downloadNode', entry.id);
    assert.equal(node.status, 200);
    let progress;
    do {
      if (progress) await new Promise((resolve) => setTimeout(resolve, 1000));
      progress = (await adf('getDownload', entry.id)).entry;
    } while (progress.status === 'PENDING' || progress.status === 'IN_PROGRESS');
    assert.equal(progress.status, 'DONE');
    const [download] = await Promise.all([page.waitForEvent('download'), adf('click', entry.id, node.entry.name)]);
    assert.equal(download.suggestedFilename(), node.entry.name);
    return [node.entry.name, await unzip(await readFile(await download.path()))];
  }

  test('the first page after the login', async () => {
    const [folder, children] = await adf('openFolder', '-my-');
    assert.equal(folder.entry.name, 'alice');
    assert.ok(folder.entry.allowableOperations.includes('create'));
    assert.equal(children.list.source.id, folder.entry.id);
    assert.equal(children.list.pagination.maxItems, 25);
    assert.equal((await adf('discovery')).entry.repository.status.isThumbnailGenerationEnabled, true);
  });

  test('who has logged in', async () => {
    assert.equal((await adf('person')).entry.id, 'alice');
  });

  test('a folder that may not be seen', async () => {
    await assert.rejects(adf('openFolder', 'ffffffff-0000-4000-8000-ffffffffffff'), (error) => {
      const { statusCode } = JSON.parse(/\{.*\}/.exec(error.message)[0]).error;
      return statusCode === 404;
    });
  });

  test('upload, and the zip dialog', async () => {
    const { status, entry: folder } = await adf('createFolder', '-my-', randomUUID());
    assert.equal(status, 201);
    assert.equal(folder.properties['cm:title'], folder.name);
    const first = await adf('upload', folder.id, 'a.txt', 'alpha');
    assert.deepEqual([first.status, first.entry.name], [201, 'a.txt']);
    assert.equal((await adf('upload', folder.id, 'a.txt', 'beta')).entry.name, 'a-1.txt');
    const [, children] = await adf('openFolder', folder.id);
    assert.deepEqual(children.list.entries.map(({ entry }) => entry.name).toSorted(), ['a-1.txt', 'a.txt']);

    const content = { [`${folder.name}/`]: '', [`${folder.name}/a.txt`]: 'alpha', [`${folder.name}/a-1.txt`]: 'beta' };
    assert.deepEqual(await zipped([folder.id]), [`${folder.name}.zip`, content]);
    assert.deepEqual(await zipped([folder.id, first.entry.id]), ['archive.zip', { ...content, 'a.txt': 'alpha' }]);
    assert.equal((await adf('deleteNode', folder.id)).status, 204);
  });

  test('the cancel button', async () => {
    const { entry: folder } = await adf('createFolder', '-my-', randomUUID());
    const { entry } = await adf('createDownload', [folder.id]);
    assert.equal((await adf('cancelDownload', entry.id)).status, 202);
  });

  test('a deletion that is undone', async () => {
    const { entry: folder } = await adf('createFolder', '-my-', randomUUID());
    await adf('upload', folder.id, 'a.txt', 'alpha');
    assert.equal((await adf('deleteNode', folder.id)).status, 204);
    assert.deepEqual((await adf('restoreNode', folder.id)).entry.id, folder.id);
    assert.equal((await zipped([folder.id]))[1][`${folder.name}/a.txt`], 'alpha');
  });
});
