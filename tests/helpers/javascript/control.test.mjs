// @ts-check
// The JavaScript helper against the real program.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ControlError, DownloadsMock } from '../../../clients/javascript/alfresco-downloads-mock.mjs';

const BINARY = process.env.MOCK_BINARY ?? 'target/debug/alfresco-downloads-mock';
const NODE = '00000000-0000-4000-8000-000000000001';
const AUTH = { Authorization: `Basic ${btoa('admin:admin')}`, 'Content-Type': 'application/json' };

/** @type {DownloadsMock} */
let mock;

before(async () => {
  mock = await DownloadsMock.start({ binary: BINARY, args: ['--seed', '7', '--admin-token', 's3cret'] });
});

after(() => mock.stop());

test('a token may be given in one word', async () => {
  const other = await DownloadsMock.start({ binary: BINARY, args: ['--admin-token=s3cret'] });
  assert.ok('now' in (await other.call('GET', '/clock')));
  await other.stop();
});

/** @param {DownloadsMock} world @param {string[]} nodeIds */
async function create(world, nodeIds = [NODE]) {
  const response = await fetch(`${world.base}/downloads`, {
    method: 'POST',
    headers: AUTH,
    body: JSON.stringify({ nodeIds }),
  });
  assert.equal(response.status, 202);
  return (await response.json()).entry.id;
}

/** @param {DownloadsMock} world @param {string} id */
const poll = (world, id) => fetch(`${world.base}/downloads/${id}`, { headers: AUTH });

test('a job is held, stepped on and released', async () => {
  const world = mock.network('js-gates');
  const gate = await world.hold('pending', { times: 1 });
  assert.deepEqual([gate.at, gate.jobs.times], ['pending', 1]);
  const id = await create(world);
  const held = await world.wait({ download: id, isHeld: true });
  assert.deepEqual([held.status, held.totalFiles], ['PENDING', 0]);
  await world.step(id, 'update');
  const stepped = await world.wait({ download: id, isHeld: true, status: 'IN_PROGRESS' });
  assert.ok(stepped.bytesAdded > 0);
  await world.release(id);
  assert.equal((await world.wait({ download: id, isFinal: true })).status, 'DONE');
  await world.removeGates();
  await world.drop();
});

test('an outcome is ordered, and the client is watched', async () => {
  const world = mock.network('js-outcomes');
  await world.order('max-content-size-exceeded', { times: 1 });
  const id = await create(world);
  await world.wait({ download: id, status: 'MAX_CONTENT_SIZE_EXCEEDED' });
  for (let times = 0; times < 3; times += 1) await poll(world, id);
  assert.equal((await world.report(id)).pollsAfterFinal, 2);
  await world.verify(id, { minPolls: 3 });
  await assert.rejects(world.verify(id, { neverPolledAfterFinal: true, deleted: true }), (error) => {
    assert.ok(error instanceof ControlError);
    assert.equal(error.status, 409);
    assert.equal(error.problem.errors?.length, 2);
    return true;
  });
});

test('faults, outages and the journal', async () => {
  const world = mock.network('js-faults');
  const id = await create(world);
  await world.wait({ download: id, isFinal: true });
  const fault = await world.inject({ operation: 'getDownload', effect: { error: { statusCode: 503 } }, times: 1 });
  assert.equal((await poll(world, id)).status, 503);
  assert.equal((await poll(world, id)).status, 200);
  const [entry] = (await world.journal({ fault: fault.id })).entries;
  assert.deepEqual([entry.status, entry.download, entry.decision?.by], [503, id, 'fault']);
  await world.removeFaults();
  await world.outage({ kind: 'reset' });
  await assert.rejects(poll(world, id));
  await world.outage();
  assert.equal((await poll(world, id)).status, 200);
});

test('the clock, settings and a reset', async () => {
  const world = mock.network('js-clock');
  assert.equal((await world.freeze()).isRunning, false);
  assert.equal((await world.setTime(new Date('2026-06-22T09:15:02Z'))).now, '2026-06-22T09:15:02.000+0000');
  assert.equal((await world.advance('61m')).now, '2026-06-22T10:16:02.000+0000');
  assert.equal((await world.settings({ downloadPace: 1000 })).downloadPace, 1000);
  await world.reset();
  assert.equal((await world.settings()).downloadPace, null);
  assert.deepEqual(await world.downloads(), []);
  assert.equal((await world.resume()).isRunning, true);
});

test('fixtures are loaded', async () => {
  // A zip of new/one.txt.
  const archive = Buffer.from(
    'UEsDBBQAAAAAAABQPlzxhmx6AwAAAAMAAAALAAAAbmV3L29uZS50eHRvbmVQSwECFAMUAAAAAAAAUD5c8Y' +
      'ZsegMAAAADAAAACwAAAAAAAAAAAAAAgAEAAAAAbmV3L29uZS50eHRQSwUGAAAAAAEAAQA5AAAALAAAAAAA',
    'base64',
  );
  const world = mock.network('js-fixtures');
  const loaded = await world.loadFixtures(archive);
  assert.equal(loaded.people, 2);
  const find = (/** @type {DownloadsMock} */ where) =>
    fetch(`${where.base}/nodes/-root-?relativePath=new/one.txt`, { headers: AUTH });
  assert.equal((await find(world)).status, 200);
  assert.equal((await find(mock)).status, 404);
  await assert.rejects(world.loadFixtures(archive.subarray(1, 50)), { name: 'ControlError', status: 400 });
  assert.equal((await find(world)).status, 200);
  const other = await DownloadsMock.start({ binary: BINARY });
  await other.loadFixtures(archive, { everywhere: true });
  assert.equal((await find(other.network('any'))).status, 200);
  await other.stop();
});

test('a wrong token and a binary that is not there', async () => {
  const stranger = DownloadsMock.attach(mock.url, { token: 'other' });
  await assert.rejects(stranger.downloads(), { name: 'ControlError', status: 401 });
  await assert.rejects(DownloadsMock.start({ binary: 'no-such-program-anywhere' }));
  await assert.rejects(DownloadsMock.start({ binary: BINARY, args: ['--bind', '192.0.2.1'] }), /exit code 1/);
});
