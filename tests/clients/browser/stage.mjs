// What the tests stand on: a browser, the pages on an origin of their own, and the real program on another.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { startServer } from '../server.mjs';

const here = (file) => new URL(file, import.meta.url).pathname;

/** The pages: the application with one major of js-api, or ADF's requests. */
async function pages(major) {
  const entry = major ? 'page.mjs' : 'adf.mjs';
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
    alias: major && { 'js-api': `js-api-${major}` },
  });
  const files = {
    '/': ['text/html', major ? await readFile(here('page.html')) : '<!doctype html><script type="module" src="page.js"></script>'],
    '/page.js': ['text/javascript', outputFiles[0].contents],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[new URL(request.url, 'http://page').pathname] ?? [];
    response.writeHead(body ? 200 : 404, { 'Content-Type': type ?? 'text/plain' });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Everything that a suite needs; `page` opens it in a window without any past. */
export async function stage(major, ...flags) {
  const [server, site, folder] = await Promise.all([startServer(...flags), pages(major), mkdtemp(join(tmpdir(), 'clients-'))]);
  const browser = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
  return {
    host: server.url,
    async page() {
      await browser.clearCookies();
      const page = await browser.newPage();
      page.problems = [];
      page.on('pageerror', (error) => page.problems.push(String(error)));
      await page.addInitScript(() => localStorage.clear());
      await page.goto(`http://127.0.0.1:${site.address().port}/?host=${server.url}`);
      return page;
    },
    async end() {
      await browser.close();
      site.close();
      site.closeAllConnections();
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
