import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { FILE, stage } from './stage.mjs';

const DOWNLOADS = 1000;
const RATE = 500;
const SECONDS = 5;

/** Generous: the machine that tests also runs the server and the browser. A page that redraws all of it takes seconds. */
const LONGEST_FRAME_MS = 500;

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

function ask(url, method, path, body) {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/alfresco/api/-default-/public/alfresco/versions/1${path}`, {
      method, agent, auth: 'alice:alice', headers: body && { 'Content-Type': 'application/json' },
    }, (response) => {
      let text = '';
      response.on('data', (data) => (text += data)).on('end', () => resolve(text));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

test('it keeps up with a thousand downloads and five hundred requests a second', async (context) => {
  const at = await stage();
  // However it ends: nothing would end by itself.
  context.after(async () => {
    agent.destroy();
    await at.end();
  });
  const page = await at.page('downloads');
  await page.getByText('Live', { exact: true }).waitFor();
  const body = JSON.stringify({ nodeIds: [FILE] });
  const ids = [];
  for (let left = DOWNLOADS; left > 0; left -= 50) {
    const some = await Promise.all(Array.from({ length: 50 }, () => ask(at.url, 'POST', '/downloads', body)));
    ids.push(...some.map((text) => JSON.parse(text).entry.id));
  }
  for (const view of ['downloads', 'requests']) {
    await page.goto(`${at.url}/#/${view}`);
    await page.locator('.row').first().waitFor();
    await page.evaluate(() => {
      window.frames = { longest: 0, count: 0, last: performance.now() };
      const frame = (now) => {
        window.frames.longest = Math.max(window.frames.longest, now - window.frames.last);
        window.frames.last = now;
        window.frames.count += 1;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    const began = performance.now();
    const asked = [];
    while (performance.now() - began < SECONDS * 1000) {
      const due = (RATE * (performance.now() - began)) / 1000;
      while (asked.length < due) asked.push(ask(at.url, 'GET', `/downloads/${ids[asked.length % DOWNLOADS]}`));
      await pause(10);
    }
    await Promise.all(asked);
    const rate = asked.length / ((performance.now() - began) / 1000);
    const { longest, count } = await page.evaluate(() => window.frames);
    context.diagnostic(`${view}: ${Math.round(rate)} requests a second, the longest of ${count} frames took ${Math.round(longest)} ms`);
    assert.ok(rate > 0.8 * RATE, `only ${rate} requests a second were made`);
    assert.ok(longest < LONGEST_FRAME_MS, `a frame of ${view} took ${longest} ms`);
    assert.ok((await page.locator('.row').count()) < 60, 'only what is seen exists');
  }
  const { body: journal } = await at.control('GET', '/journal?limit=1');
  await page.locator(`#row-${journal.entries[0].number}`).waitFor();
  await page.getByRole('listbox').evaluate((list) => (list.scrollTop = list.scrollHeight / 2));
  await page.goto(`${at.url}/#/downloads`);
  const box = page.getByRole('listbox');
  await box.evaluate((list) => (list.scrollTop = list.scrollHeight));
  await page.locator(`#row-${ids[0]}`).waitFor();
  assert.equal(await page.locator(`#row-${ids[0]}`).getAttribute('aria-setsize'), String(DOWNLOADS));
  assert.deepEqual(at.problems, []);
});
