// What is in a zip, read by yauzl, which knows nothing of the program under test.
// The clients' tests have the same: a module finds yauzl only where it is installed, which is beside these and beside those.

import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';

/** The entries' texts by name, in the zip's order. yauzl compares each size, this compares each CRC. */
export async function unzip(bytes) {
  const archive = await yauzl.fromBufferPromise(Buffer.from(bytes));
  const entries = {};
  for await (const entry of archive.eachEntry()) {
    const content = await buffer(await archive.openReadStreamPromise(entry));
    if (crc32(content) !== entry.crc32) throw new Error(`${entry.fileName}: wrong CRC`);
    entries[entry.fileName] = content.toString();
  }
  return entries;
}
