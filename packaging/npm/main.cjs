#!/usr/bin/env node
// Runs the program of the package for this platform, which npm has chosen among the optional dependencies.
const { spawn } = require('node:child_process');

const platform = `${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`alfresco-downloads-mock-${platform}/alfresco-downloads-mock`);
} catch {
  console.error(`alfresco-downloads-mock has no program for ${platform}, or its optional dependency was not installed`);
  process.exit(1);
}
const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`${program}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
