// Finds an application that polls for ever once its users select too much, as the dialog of Alfresco's own front end
// does, and shows that the mended one does not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlError, DownloadsMock } from '../../../clients/javascript/alfresco-downloads-mock.mjs';
import { suite } from './suite.mjs';

const selection = ['00000000-0000-4000-8000-000000000001'];

// The application: it waits for its zip, and knows when that is hopeless. Until `closed`, for tests must end.
async function waitForZip(downloads, id, hopeless, closed) {
  while (!closed.aborted) {
    const { entry } = await downloads.getDownload(id);
    if (entry.status === 'DONE') return true;
    if (hopeless.includes(entry.status)) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

suite('patience', [], (here) => {
  test('polling for ever is found, and its mending is shown', async () => {
    const { downloads } = await here.login();
    const mock = DownloadsMock.attach(here.server.url);
    const dialog = new AbortController();

    await mock.order('max-content-size-exceeded', { times: 2 });
    const { entry: download } = await downloads.createDownload({ nodeIds: selection });
    const waiting = waitForZip(downloads, download.id, ['CANCELLED'], dialog.signal);
    await mock.wait({ download: download.id, isJobOver: true });
    const { polls } = await mock.wait({ download: download.id });
    await mock.wait({ download: download.id, polls: polls + 3 });
    await assert.rejects(mock.verify(download.id, { neverPolledAfterFinal: true }), ControlError);

    dialog.abort();
    assert.equal(await waiting, undefined, 'nobody ever told it');

    const { entry: again } = await downloads.createDownload({ nodeIds: selection });
    const hopeless = ['CANCELLED', 'MAX_CONTENT_SIZE_EXCEEDED'];
    assert.equal(await waitForZip(downloads, again.id, hopeless, new AbortController().signal), false);
    await mock.verify(again.id, { neverPolledAfterFinal: true });
  });
});
