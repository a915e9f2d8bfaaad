// What is in a zip, read by yauzl, which knows nothing of the program under test and compares every size.

import { buffer } from 'node:stream/consumers';
import yauzl from 'yauzl';

/** The entries by name, in the zip's order, each with its bytes. */
export async function unzip(bytes) {
  const archive = await yauzl.fromBufferPromise(Buffer.from(bytes));
  const entries = new Map();
  for await (const entry of archive.eachEntry()) {
    entries.set(entry.fileName, await buffer(await archive.openReadStreamPromise(entry)));
  }
  return entries;
}
