// The mock in a container of its own, for the time of the tests.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { GenericContainer, Wait } from 'testcontainers';

const API = '/alfresco/api/-default-/public/alfresco/versions/1';
const REPORTS = '00000000-0000-4000-8000-000000000001';
const headers = { Authorization: `Basic ${btoa('admin:admin')}`, 'Content-Type': 'application/json' };

let mock;
let url;

before(async () => {
  mock = await new GenericContainer(process.env.DOWNLOADS_MOCK_IMAGE ?? 'alfresco-downloads-mock')
    .withExposedPorts(8080)
    .withEnvironment({ ALFRESCO_MOCK_DOWNLOAD_START_DELAY: '0s' })
    // The default asks a shell in the container whether the port is open, and the image has no shell.
    .withWaitStrategy(Wait.forHttp(`${API}/probes/-ready-`, 8080))
    .start();
  url = `http://${mock.getHost()}:${mock.getMappedPort(8080)}`;
});

after(() => mock?.stop());

test('a folder is downloaded as a zip', async () => {
  const body = JSON.stringify({ nodeIds: [REPORTS] });
  const { entry } = await (await fetch(`${url}${API}/downloads`, { method: 'POST', headers, body })).json();
  const ended = await fetch(`${url}/__admin/wait?download=${entry.id}&isFinal=true&timeout=30s`);
  assert.equal((await ended.json()).status, 'DONE');
  const zip = await (await fetch(`${url}${API}/nodes/${entry.id}/content`, { headers })).arrayBuffer();
  assert.equal(new TextDecoder().decode(zip.slice(0, 2)), 'PK');
});
