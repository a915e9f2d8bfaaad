// The real program, on a free port of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../target/debug/alfresco-downloads-mock', import.meta.url));

/** Starts a server with these flags beside the port; resolves when it is ready. */
export async function startServer(...flags) {
  const server = spawn(program, ['--port', '0', '--log', 'warn', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => server.kill());
  const ended = once(server, 'exit');
  const [line] = await Promise.race([
    once(createInterface({ input: server.stdout }), 'line'),
    ended.then(([code]) => Promise.reject(new Error(`the server ended with ${code} before it was ready`))),
  ]);
  const url = /ready on (http:\S+)/.exec(line)[1];
  return {
    url,
    async stop() {
      server.kill();
      const [code] = await ended;
      if (code !== 0) throw new Error(`the server ended with ${code}`);
    },
  };
}
