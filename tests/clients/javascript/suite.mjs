// Runs the same tests once per major, against a server of their own.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { startServer } from '../server.mjs';
import { majors, Session } from './clients.mjs';

/** `tests` gets the major and how to log in; with `flags` the server starts. */
export function suite(title, flags, tests) {
  for (const major of majors) {
    describe(`${title}, ${major.name}`, () => {
      const here = { major };
      before(async () => {
        here.folder = await mkdtemp(join(tmpdir(), 'clients-'));
        here.server = await startServer(...flags);
      });
      after(async () => {
        await here.server.stop();
        await rm(here.folder, { recursive: true });
      });
      here.login = (user = 'admin') => Session.login(major, here.server.url, user, here.folder);
      tests(here);
    });
  }
}
