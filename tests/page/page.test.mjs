import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { unzip } from './zip.mjs';
import { FILE, FOLDER, REPORTS, stage } from './stage.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const button = (within, name) => within.getByRole('button', { name, exact: true });
const says = (page, text) => page.locator('.said').getByText(text).waitFor();
const row = (page, text) => page.locator('.row').filter({ hasText: text }).first();

/** What axe-core finds wrong with what is shown. It is let in past the policy, which lets nobody in, by the debugger. */
async function violations(page) {
  const source = await readFile(AXE, 'utf8');
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: source });
  const { result } = await session.send('Runtime.evaluate', { expression: 'axe.run().then(({ violations }) => JSON.stringify(violations))', awaitPromise: true });
  await session.detach();
  return JSON.parse(result.value).map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

describe('the page', () => {
  let at;
  before(async () => (at = await stage('--download-progress', 'smooth')));
  after(async () => {
    const { origins, problems, url } = at;
    await at.end();
    assert.deepEqual([...origins], [url], 'it asks nobody else');
    assert.deepEqual(problems, []);
  });

  test('a download appears, and what its client does is seen', async () => {
    const page = await at.page();
    await page.getByText('No downloads yet').waitFor();
    const client = at.as('alice');
    const id = await client.download(FOLDER);
    await row(page, 'TestDownloads.zip').filter({ hasText: 'Done' }).click();
    await client.poll(id);
    await client.poll(id);
    const detail = page.getByRole('region', { name: 'The chosen download' });
    await detail.getByText('6 of 6').waitFor();
    await detail.getByRole('cell', { name: 'TestDownloads/folder1/subFolder1/docTest4.txt' }).waitFor();
    await detail.locator('dt', { hasText: 'Polls after the end was seen' }).locator('+ dd', { hasText: '1' }).waitFor();
    assert.deepEqual(await detail.locator('.timeline a').allTextContents(), ['createDownload', 'getDownload', 'getDownload']);
    assert.match(await detail.locator('dl').first().textContent(), /alice.*in 59 min/);
    assert.match(page.url(), new RegExp(`#/downloads/${id}`));
    await page.close();
  });

  test('a held job stands still, moves on step, and ends on release', async () => {
    const page = await at.page('controls');
    await page.getByLabel('Hold it').selectOption({ label: 'before anything' });
    await button(page.getByRole('region', { name: 'Jobs to come' }), 'Hold').click();
    await says(page, 'Jobs are held');
    const client = at.as('alice');
    const id = await client.download(REPORTS);
    await page.goto(`${at.url}/#/downloads/${id}`);
    const files = page.locator('.counters progress').nth(1);
    await page.getByText('Pending, held').last().waitFor();
    await client.poll(id);
    await page.locator('.timeline li').nth(1).waitFor();
    assert.equal(await files.getAttribute('value'), '0', 'it stands still');

    await button(page, 'Step: file').click();
    await page.locator('.counters').getByText('1 of 9').waitFor();
    const bar = page.getByRole('option', { selected: true }).locator('.bar > span');
    const width = () => bar.evaluate((element) => element.getBoundingClientRect().width);
    await page.waitForFunction(() => document.getAnimations().length === 0);
    const before = await width();
    await client.poll(id);
    await page.locator('.timeline li').nth(2).waitFor();
    assert.equal(await width(), before, 'and stands still again');
    await button(page, 'Step: file').click();
    await page.locator('.counters').getByText('2 of 9').waitFor();
    await page.waitForFunction(() => document.getAnimations().length === 0);
    assert.ok((await width()) > before, 'the bar has moved');
    await button(page, 'Step: update').click();
    await says(page, 'Stepped on by an update');
    await button(page, 'Release').click();
    await page.locator('.counters').getByText('9 of 9').waitFor();
    assert.equal((await client.poll(id)).body.entry.status, 'DONE');

    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Fetch').click()]);
    const entries = await unzip(await readFile(await download.path()));
    assert.equal(download.suggestedFilename(), 'Reports.zip');
    assert.ok('Reports/2026/Q1 results.txt' in entries);
    await button(page, 'Delete').click();
    await page.getByText('Done, deleted').last().waitFor();
    assert.equal((await client.poll(id)).status, 404);
    await page.close();
  });

  test('a job is held half-way, cancelled, and ended as ordered', async () => {
    const page = await at.page('downloads');
    const client = at.as('alice');
    const hold = () => at.control('POST', '/gates', { at: 'pending', jobs: { times: 1 } });
    const detail = page.getByRole('region', { name: 'The chosen download' });
    const open = async () => {
      await hold();
      const id = await client.download(REPORTS);
      await page.goto(`${at.url}/#/downloads/${id}`);
      await detail.getByText('Pending, held').waitFor();
      return id;
    };
    await open();
    await page.getByLabel('How to end it').selectOption({ label: 'too large' });
    await button(page, 'End as').click();
    await detail.getByText('Too large').waitFor();

    await open();
    await page.getByLabel('How to end it').selectOption({ label: 'dead', exact: true });
    await button(page, 'End as').click();
    await detail.getByText('In progress, died').waitFor();

    await open();
    await page.getByLabel('Where to hold it').selectOption({ label: 'half-way' });
    await button(page, 'Hold').click();
    await detail.getByText('In progress, held').waitFor();
    await button(page, 'Cancel').click();
    await says(page, 'A cancel was asked for');
    await button(page, 'Release').click();
    await detail.getByText('Cancelled').waitFor();
    await page.close();
  });

  test('requests are found by text, user, operation and status, and looked at', async () => {
    const page = await at.page('requests');
    await at.control('DELETE', '/journal');
    const [alice, bob] = [at.as('alice'), at.as('bob')];
    await alice.poll('<b>nosuch');
    await bob.ask('GET', '/nodes/-root-');
    const id = await alice.download(FILE);
    const rows = page.locator('.row');
    const count = async (expected) => {
      await page.waitForFunction((count) => document.querySelectorAll('.row').length === count, expected);
    };
    await count(3);
    await page.getByLabel('User').selectOption('bob');
    await count(1);
    await page.getByLabel('User').selectOption('');
    await page.getByLabel('Operation').selectOption('createDownload');
    await count(1);
    await page.getByLabel('Operation').selectOption('');
    await page.getByLabel('Status').selectOption('4xx');
    await count(1);
    await page.getByLabel('Status').selectOption('');
    await page.getByLabel('Find requests').fill('nosuch');
    await count(1);
    await rows.first().click();
    const detail = page.getByRole('region', { name: 'The chosen request' });
    await detail.getByText('Refused: EntityNotFound').waitFor();
    await detail.getByText('The entity with id: <b>nosuch was not found').first().waitFor();
    assert.equal(await page.locator('b').count(), 0, 'what was sent is text');
    await detail.getByRole('row', { name: 'authorization Basic ***' }).waitFor();
    await detail.getByLabel('Body of the answer').getByText('"statusCode": 404').waitFor();

    await page.getByLabel('Find requests').fill('');
    await row(page, 'createDownload').click();
    await detail.getByLabel('Body of the request').getByText(FILE).waitFor();
    await button(detail, 'Copy as curl').click();
    await says(page, 'Copied');
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(command, /^curl -i -X POST -u 'alice' -H 'content-type: application\/json' .*--data-binary '\{"nodeIds":\[.*\}' 'http:.*\/downloads'$/);
    await detail.getByRole('link', { name: id }).click();
    await page.getByRole('heading', { name: 'docTest1.txt.zip' }).waitFor();
    await page.goto(`${at.url}/#/requests`);
    await button(page, 'Clear').click();
    await page.getByText('Nothing was asked yet').waitFor();
    await page.close();
  });

  test('it works by keyboard', async () => {
    await at.control('DELETE', '/journal');
    const page = await at.page('requests');
    const client = at.as('alice');
    for (const name of ['first', 'second', 'third']) await client.poll(name);
    await row(page, 'third').waitFor();
    const list = page.getByRole('listbox');
    await list.focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('with id: third').first().waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowUp');
    await page.getByText('with id: second').first().waitFor();
    assert.match(await list.getAttribute('aria-activedescendant'), /^row-\d+$/);
    await page.keyboard.press('Home');
    await page.getByText('with id: third').first().waitFor();
    await page.close();
  });

  test('a list that still scrolls when it is gone is no trouble', async () => {
    const page = await at.page('requests');
    const list = await page.getByRole('listbox').elementHandle();
    await page.goto(`${at.url}/#/controls`);
    await page.getByRole('region', { name: 'Clock' }).waitFor();
    await list.evaluate((gone) => gone.dispatchEvent(new Event('scroll')));
    assert.deepEqual(at.problems, []);
    await page.close();
  });

  test('files are looked at, uploaded and dropped, zipped and verified', async () => {
    const page = await at.page('files');
    const nodes = page.getByRole('list', { name: 'Nodes' });
    await nodes.getByRole('link', { name: 'TestDownloads' }).click();
    await nodes.getByRole('button', { name: 'docTest1.txt' }).click();
    await page.getByLabel('The text of docTest1.txt').waitFor();
    await button(page, 'Close').click();

    await page.getByLabel('Upload').setInputFiles({ name: '年度 & 1.txt', mimeType: 'text/plain', buffer: Buffer.from('uploaded') });
    await nodes.getByRole('button', { name: '年度 & 1.txt' }).waitFor();
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
      return transfer;
    });
    await page.getByRole('region', { name: 'The folder' }).dispatchEvent('drop', { dataTransfer: data });
    await nodes.getByRole('button', { name: 'dropped.txt' }).waitFor();

    await button(page, 'Reload').click();
    await nodes.getByLabel('Pick folder1').check();
    await button(page, 'Pick none').click();
    await page.waitForFunction(() => document.querySelectorAll('input[type=checkbox]:checked').length === 0);
    await nodes.getByLabel('Pick 年度 & 1.txt').check();
    await nodes.getByLabel('Pick dropped.txt').check();
    await nodes.getByLabel('Pick folder1').check();
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Download as zip (3)').click()]);
    assert.equal(download.suggestedFilename(), 'archive.zip');
    const entries = await unzip(await readFile(await download.path()));
    assert.equal(entries['年度 & 1.txt'], 'uploaded');
    assert.equal(entries['dropped.txt'], 'dropped');
    assert.equal(entries['folder1/subFolder1/docTest4.txt'].length, 13);
    await button(page, 'Close').waitFor();
    const exchanges = await page.getByRole('list', { name: 'Requests and answers' }).locator('li > p > code').allTextContents();
    assert.deepEqual(exchanges.map((text) => text.replace(/[0-9a-f-]{36}/, 'ID')), [
      'POST /downloads', 'GET /downloads/ID', 'GET /nodes/ID/content', 'DELETE /nodes/ID',
    ]);

    await page.goto(`${at.url}/#/requests`);
    assert.equal(await row(page, 'deleteNode').count(), 0, 'its own requests are not those of the application');
    await page.getByLabel("This page's own").check();
    await row(page, 'deleteNode').waitFor();
    await page.close();
  });

  test('a fault is added and seen, and so is an outage', async () => {
    const page = await at.page('controls');
    const client = at.as('alice');
    const faults = page.getByRole('region', { name: 'Faults' });
    await faults.getByLabel('What is to go wrong').selectOption({ label: 'Two polls answer 503' });
    await button(faults, 'Add the fault').click();
    await faults.getByText('applied to 0 of 2').waitFor();
    const id = await client.download(FILE);
    assert.equal((await client.poll(id)).status, 503);
    await faults.getByText('applied to 1 of 2').waitFor();
    await page.goto(`${at.url}/#/requests`);
    await row(page, '503').click();
    await page.getByText('Fault: Two polls answer 503').waitFor();
    await page.goto(`${at.url}/#/controls`);
    await button(faults, 'Remove the fault Two polls answer 503').click();
    await faults.getByText('Nothing goes wrong by order').waitFor();
    await button(faults, 'Add the fault').click();
    await faults.getByText('applied to 0 of 2').waitFor();
    await button(faults, 'Remove all').click();
    await faults.getByText('Nothing goes wrong by order').waitFor();
    assert.equal((await client.poll(id)).status, 200);
    await faults.getByText('As JSON').click();
    await faults.getByLabel('The fault as JSON').fill('{"effect":{"status":700}}');
    await button(faults, 'Add the fault').click();
    await says(page, 'a status goes from 200 to 599');

    const outage = page.getByRole('region', { name: 'Outage' });
    await outage.getByLabel('For so many').fill('1');
    await button(outage, 'Begin').click();
    await outage.getByText('away: refuse').waitFor();
    await assert.rejects(client.poll(id));
    await outage.getByText('The server can be reached').waitFor();
    await button(outage, 'Begin').click();
    await outage.getByText('away: refuse').waitFor();
    await button(outage, 'End').click();
    await outage.getByText('The server can be reached').waitFor();
    await page.close();
  });

  test('clock, settings, orders and reset', async () => {
    const page = await at.page('controls', 'controlled');
    const clock = page.getByRole('region', { name: 'Clock' });
    await button(clock, 'Freeze').click();
    await clock.getByText('frozen').waitFor();
    const id = await at.as('alice', 'controlled').download(FILE);
    await button(clock, '+ 61m').click();
    await says(page, 'The clock is 61m further');
    assert.equal((await at.as('alice', 'controlled').poll(id)).status, 404, 'it has expired');
    await button(clock, 'Let it run').click();
    await clock.getByText('running').waitFor();

    const settings = page.getByRole('region', { name: 'Settings' });
    const usual = await settings.getByLabel('Jobs at once').inputValue();
    await settings.getByLabel('Jobs at once').fill('7');
    await button(settings, 'As they are').click();
    assert.equal(await settings.getByLabel('Jobs at once').inputValue(), usual);
    await settings.getByLabel('Jobs at once').fill('3');
    await settings.getByLabel('Start delay').fill('1s');
    await button(settings, 'Change').click();
    await says(page, 'The settings are changed');
    const { body } = await at.control('GET', '/settings?network=controlled');
    assert.deepEqual([body.downloadWorkers, body.downloadStartDelay], [3, '1s']);

    const orders = page.getByRole('region', { name: 'Jobs to come' });
    await orders.getByLabel('End it as').selectOption({ label: 'dead' });
    await button(orders, 'End').click();
    await button(orders, 'Remove: Ends as dead').click();
    await says(page, 'The order is taken back');

    const reset = page.getByRole('region', { name: 'Back to the start' });
    await button(reset, 'Reset this network').click();
    await button(reset, 'Yes, reset this network').click();
    await says(page, 'as it was at the start');
    await page.waitForFunction(() => [...document.querySelectorAll('input')].some((input) => input.value === '50ms'));
    await page.getByText('Live', { exact: true }).waitFor();
    const ofDefault = await at.as('alice').download(FILE);
    await button(reset, 'Reset all').click();
    await button(reset, 'Yes, reset all').click();
    await says(page, 'Everything is as it was at the start');
    assert.equal((await at.as('alice').poll(ofDefault)).status, 404, 'it is gone from the other network too');
    await page.close();
  });

  test('two windows show two networks', async () => {
    const [one, other] = [await at.page('downloads', 'one'), await at.page('downloads', 'other')];
    await at.as('alice', 'one').download(FILE);
    await at.as('alice', 'other').download(FOLDER);
    await row(one, 'docTest1.txt.zip').filter({ hasText: 'Done' }).waitFor();
    await row(other, 'TestDownloads.zip').filter({ hasText: 'Done' }).waitFor();
    assert.equal(await one.locator('.row').count(), 1);
    assert.equal(await other.locator('.row').count(), 1);
    await one.getByLabel('Network').focus();
    await one.getByLabel('Network').locator('option[value=other]').waitFor({ state: 'attached' });
    await one.getByLabel('Network').selectOption('other');
    await row(one, 'TestDownloads.zip').waitFor();
    await one.getByLabel('Network').selectOption({ label: 'New …' });
    await one.getByLabel('New network').fill('third');
    await button(one, 'Open').click();
    await one.getByText('No downloads yet').waitFor();
    assert.match(one.url(), /network=third/);
    await Promise.all([one.close(), other.close()]);
  });

  test('nothing keeps anybody out, in any view, light or dark, wide or narrow', async () => {
    const client = at.as('alice');
    await at.control('POST', '/reset');
    await at.control('POST', '/faults', { name: 'Two polls answer 503', operation: 'getDownload', effect: { error: { statusCode: 503 } }, times: 2 });
    await client.download(FOLDER);
    await at.as('bob').download(FILE);
    await at.control('POST', '/gates', { at: { 'at-percent': 50 }, jobs: { times: 1 } });
    const held = await client.download(REPORTS);
    await client.poll(held);
    await client.poll(held);
    await client.poll('nosuch');
    const { body } = await at.control('GET', '/journal?path=nosuch');
    const places = [`downloads/${held}`, 'downloads', `requests/${body.entries.at(-1).number}`, `files/${FOLDER}`, 'controls'];
    const pictures = process.env.PICTURES;
    if (pictures) await mkdir(pictures, { recursive: true });
    const found = [];
    for (const [width, height] of [[1280, 800], [390, 780]]) {
      for (const colorScheme of ['light', 'dark']) {
        const page = await at.page('downloads');
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        for (const place of places) {
          await page.goto(`${at.url}/#/${place}`);
          await page.getByText('Live', { exact: true }).waitFor();
          if (place.startsWith('files')) await page.getByRole('button', { name: 'docTest1.txt' }).waitFor();
          if (place.startsWith('requests')) await page.getByLabel('Body of the answer').waitFor();
          if (place.startsWith('downloads/')) await page.locator('dt', { hasText: 'Polls after' }).waitFor();
          found.push(...(await violations(page)).map((text) => `${place} ${width} ${colorScheme}: ${text}`));
          const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
          if (isWider) found.push(`${place} is wider than ${width}`);
          if (pictures) await page.screenshot({ path: `${pictures}/${place.split('/')[0]}${place.includes('/') ? '' : '-list'}-${width < 500 ? 'phone' : 'desk'}-${colorScheme}.png` });
        }
        await page.close();
      }
    }
    await at.control('POST', '/reset');
    assert.deepEqual(found, []);
  });
});

describe('the page, where it may not look', () => {
  test('it asks for the token', async () => {
    const at = await stage('--admin-token', 'open-sesame');
    const page = await at.page();
    await page.getByLabel('Token').fill('wrong');
    await button(page, 'Go on').click();
    await page.getByLabel('Token').waitFor();
    await page.getByLabel('Token').fill('open-sesame');
    await button(page, 'Go on').click();
    await page.getByText('Live', { exact: true }).waitFor();
    await at.as('alice').download(FILE);
    await row(page, 'docTest1.txt.zip').waitFor();
    assert.deepEqual(at.problems, []);
    await at.end();
  });

  test('it says that control is off', async () => {
    const at = await stage('--admin', 'off');
    const page = await at.page();
    await page.getByText('There is nothing to show here').waitFor();
    assert.deepEqual(await violations(page), []);
    await at.end();
  });

  test('it says which network is not there', async () => {
    const at = await stage('--networks', 'strict');
    const page = await at.page('downloads', 'nosuch');
    await page.getByText('there is no network of that name').waitFor();
    await at.end();
  });
});
