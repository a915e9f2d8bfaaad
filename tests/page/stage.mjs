// What the tests stand on: the real program, a browser, and requests that play the application under test.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { startServer } from '../clients/server.mjs';

/** Ids of the built-in fixtures. */
export const FILE = '00000000-0000-4000-8000-000000000021';
export const FOLDER = '00000000-0000-4000-8000-000000000020';
export const REPORTS = '00000000-0000-4000-8000-000000000001';

export async function stage(...flags) {
  const [server, folder] = await Promise.all([startServer(...flags), mkdtemp(join(tmpdir(), 'page-'))]);
  const browser = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM,
    acceptDownloads: true,
    viewport: { width: 1280, height: 800 },
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
  await browser.grantPermissions(['clipboard-read', 'clipboard-write']);
  browser.setDefaultTimeout(8000);
  const origins = new Set();
  const problems = [];
  browser.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'blob:' && protocol !== 'data:') origins.add(origin);
  });
  return {
    url: server.url,
    browser,
    origins,
    problems,
    /** A window at this place of the page, which must not complain. */
    async page(place = '', network = undefined) {
      const page = await browser.newPage();
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) problems.push(message.text());
      });
      await page.goto(`${server.url}/${network ? `?network=${network}` : ''}#/${place}`);
      return page;
    },
    control: (method, path, body) => call(method, `${server.url}/__admin${path}`, body),
    as: (user = 'alice', network = '-default-') => new Client(server.url, user, network),
    async end() {
      await browser.close();
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function call(method, url, body, headers = {}) {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

/** The application: asks the API as somebody. */
class Client {
  #base;
  #authorization;

  constructor(url, user, network) {
    this.#base = `${url}/alfresco/api/${network}/public/alfresco/versions/1`;
    this.#authorization = `Basic ${btoa(`${user}:${user}`)}`;
  }

  ask(method, path, body) {
    return call(method, this.#base + path, body, { Authorization: this.#authorization });
  }

  async download(...nodeIds) {
    return (await this.ask('POST', '/downloads', { nodeIds })).body.entry.id;
  }

  poll(id) {
    return this.ask('GET', `/downloads/${id}`);
  }
}
