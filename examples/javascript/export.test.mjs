// Tests the application against the mock. No test sleeps: a gate holds the job, and `wait` returns as soon as
// something is so.

import { AlfrescoApi } from '@alfresco/js-api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { DownloadsMock } from './alfresco-downloads-mock.mjs';
import { exportZip } from './export.mjs';

const REPORTS = '00000000-0000-4000-8000-000000000001';
let server, mock, api;
let count = 0;

beforeAll(async () => {
  // A mock that runs, such as a service in CI, or one of our own.
  const url = process.env.DOWNLOADS_MOCK_URL;
  server = url ? DownloadsMock.attach(url) : await DownloadsMock.start();
});
afterAll(() => server?.stop());

// A world per test.
beforeEach(async () => {
  mock = server.network(`export-${process.pid}-${++count}`);
  api = new AlfrescoApi({ hostEcm: mock.url, tenant: mock.networkName, provider: 'ECM' });
  await api.login('admin', 'admin');
});
afterEach(() => mock.drop());

test('exports a folder, and tidies up', async () => {
  const zip = await exportZip(api, [REPORTS]);
  expect(String.fromCharCode(...zip.slice(0, 2))).toBe('PK');
  const [download] = await mock.downloads();
  await mock.verify(download.id, { fetched: true, deleted: true, neverPolledAfterFinal: true });
});

test('shows how far it is', async () => {
  await mock.hold('before-done');
  const seen = [];
  const exported = exportZip(api, [REPORTS], { onProgress: ({ status }) => seen.push(status) });

  const { id, polls } = await mock.wait({ isHeld: true });
  await mock.wait({ download: id, polls: polls + 2 });
  expect(seen).toContain('IN_PROGRESS');
  expect(seen).not.toContain('DONE');

  await mock.release(id);
  await exported;
  expect(seen.at(-1)).toBe('DONE');
});

test('cancels when it is told to', async () => {
  await mock.hold({ 'before-file': 2 });
  const leave = new AbortController();
  const exported = exportZip(api, [REPORTS], { signal: leave.signal });
  const ended = expect(exported).rejects.toThrow('the export ended as CANCELLED');

  const { id } = await mock.wait({ isHeld: true });
  leave.abort();
  // The job looks whether it was cancelled when it goes on.
  await mock.call('GET', '/journal/wait', { query: { operation: 'cancelDownload', download: id } });
  await mock.release(id);
  await ended;
  await mock.verify(id, { cancelled: true, deleted: true });
});

test('gives up on a selection that is too large', async () => {
  await mock.order('max-content-size-exceeded');
  await expect(exportZip(api, [REPORTS])).rejects.toThrow('the export ended as MAX_CONTENT_SIZE_EXCEEDED');
  const [download] = await mock.downloads();
  await mock.verify(download.id, { neverPolledAfterFinal: true, deleted: true });
});
