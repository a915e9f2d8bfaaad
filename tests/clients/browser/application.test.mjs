import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { unzip } from '../zip.mjs';
import { stage } from './stage.mjs';

const API = '/alfresco/api/-default-/public/alfresco/versions/1';
const files = ['a.txt', 'b.txt', '年度报告.txt'].map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`text of ${name}`) }));

/** The requests for the API from now on, without those before a request that only ask whether it may be made. */
function record(page, host) {
  const requests = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin === host && request.method() !== 'OPTIONS') requests.push(`${request.method()} ${url.pathname.replace(API, '')}${url.search}`);
  });
  return requests;
}

async function logIn(page, user = 'alice', password = user) {
  await page.getByPlaceholder('user').fill(user);
  await page.getByPlaceholder('password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const says = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();

for (const major of [10, 7]) {
  describe(`application with js-api ${major}`, () => {
    let at;
    before(async () => (at = await stage(major)));
    after(() => at.end());

    async function uploaded(page) {
      await logIn(page);
      await says(page, 'Hello alice');
      await page.getByLabel('Upload').setInputFiles(files);
      await says(page, '3 files in Ünterlagen');
      return page.getByRole('heading').textContent();
    }

    test('logs in, uploads, picks, zips, follows the link, and cleans up', async () => {
      const page = await at.page();
      await uploaded(page);
      assert.deepEqual(await page.getByRole('listitem').allTextContents(), files.map(({ name }) => name));
      await page.getByLabel('a.txt').check();
      await page.getByLabel('年度报告.txt').check();
      const requests = record(page, at.host);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download' }).click(),
      ]);
      assert.equal(download.suggestedFilename(), 'archive.zip');
      assert.deepEqual(await unzip(await readFile(await download.path())), {
        'a.txt': 'text of a.txt',
        '年度报告.txt': 'text of 年度报告.txt',
      });

      const id = /nodes\/([^/]+)\/content/.exec(download.url())[1];
      assert.equal(requests[0], 'POST /downloads');
      assert.equal(requests[1], `GET /nodes/${id}?include=path%2Cproperties%2CallowableOperations%2Cpermissions`);
      const polls = requests.slice(2).filter((request) => !request.includes('/content'));
      assert.ok(polls.length > 0 && polls.every((request) => request === `GET /downloads/${id}`), requests.join('\n'));

      await page.getByRole('button', { name: 'Clean up' }).click();
      await says(page, 'Goodbye');
      assert.equal(await page.evaluate(() => statusOf(ticket())), 401);
      assert.deepEqual(page.problems, []);
    });

    test('reads the zip and its headers by fetch', async () => {
      const page = await at.page();
      const folder = await uploaded(page);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download' }).click(),
      ]);
      assert.equal(download.suggestedFilename(), `${folder}.zip`);
      const answer = await page.evaluate(async () => {
        const response = await fetch(contentUrl());
        const part = await fetch(contentUrl(), { headers: { Range: 'bytes=0-3' } });
        return {
          status: response.status,
          bytes: [...new Uint8Array(await response.arrayBuffer())],
          type: response.headers.get('content-type'),
          disposition: response.headers.get('content-disposition'),
          part: [part.status, part.headers.get('content-range'), await part.text()],
        };
      });
      assert.equal(answer.status, 200);
      assert.match(answer.type, /^application\/(zip|octet-stream)/);
      assert.match(answer.disposition, /^attachment; filename="Ünterlagen .*"; filename\*=UTF-8''%c3%9cnterlagen%20.*\.zip$/);
      assert.deepEqual(answer.part, [206, `bytes 0-3/${answer.bytes.length}`, 'PK\u0003\u0004']);
      const expected = Object.fromEntries(files.map(({ name, buffer }) => [`${folder}/${name}`, buffer.toString()]));
      assert.deepEqual(await unzip(answer.bytes), { [`${folder}/`]: '', ...expected });
    });

    test('says what the server refuses', async () => {
      const page = await at.page();
      await logIn(page, 'alice', 'wrong');
      await says(page, '403 Login failed');
      await logIn(page);
      await says(page, 'Hello alice');
      assert.equal(await page.evaluate(() => statusOf(nodes.getNode('-root-', { relativePath: 'User Homes/bob' }))), 404);
      assert.equal(await page.evaluate(() => statusOf(nodes.deleteNode('-root-'))), 403);
      assert.deepEqual(page.problems, []);
    });

    test('aborts an upload, which leaves nothing', async () => {
      const page = await at.page();
      await logIn(page);
      await says(page, 'Hello alice');
      assert.ok((await page.evaluate(() => uploadAborted(100_000_000))) < 100);
      await page.evaluate(() => list());
      await says(page, '0 files');
      assert.deepEqual(page.problems, []);
    });

    test('knows who is logged in', async () => {
      const page = await at.page();
      await uploaded(page);
      assert.equal(await page.evaluate(async () => (await person()).entry.id), 'alice');
    });
  });
}

describe('application with a slow server', () => {
  let at;
  before(async () => (at = await stage(10, '--download-pace', '20')));
  after(() => at.end());

  test('cancels', async () => {
    const page = await at.page();
    await logIn(page);
    await says(page, 'Hello alice');
    await page.getByLabel('Upload').setInputFiles(files);
    await says(page, '3 files');
    await page.getByRole('button', { name: 'Download' }).click();
    await says(page, 'IN_PROGRESS');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await says(page, 'CANCELLED');
    assert.deepEqual(page.problems, []);
  });
});

describe('application with a server without CORS', () => {
  let at;
  before(async () => (at = await stage(10, '--cors', 'off')));
  after(() => at.end());

  test('cannot log in', async () => {
    const page = await at.page();
    const failed = page.waitForEvent('requestfailed');
    await logIn(page);
    assert.match((await failed).url(), /\/tickets$/);
    assert.equal(await page.getByRole('status').textContent(), '');
  });
});
