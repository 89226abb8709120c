// node read.mjs LIBRARY < PATHS
//
// Prints one line of JSON for each zip: its entries, each with the SHA-256 of its bytes, or the error.
// Zips are read from memory and with the library's own checks, as Kibana does.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const yauzl = (await import(process.argv[2])).default;
const fromBuffer = promisify(yauzl.fromBuffer);

async function digest(zip, entry) {
  const hash = createHash('sha256');
  const stream = await promisify(zip.openReadStream.bind(zip))(entry);
  for await (const block of stream) hash.update(block);
  return hash.digest('hex');
}

function entriesOf(zip) {
  return new Promise((resolve, reject) => {
    const entries = [];
    zip.on('error', reject);
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry) => {
      digest(zip, entry).then((sha256) => {
        entries.push([entry.fileName, sha256]);
        zip.readEntry();
      }, reject);
    });
    zip.readEntry();
  });
}

// a stream of the library may never end: then nothing is left to wait for
function orNothingLeft(promise) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error('it never ends'));
    process.once('beforeExit', stop);
    promise.then(resolve, reject).finally(() => process.off('beforeExit', stop));
  });
}

async function answer(path) {
  const zip = await fromBuffer(await readFile(path), { lazyEntries: true });
  return { entries: await entriesOf(zip) };
}

async function main() {
  for (const path of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const said = await orNothingLeft(answer(path)).catch(({ message }) => ({ error: message }));
    console.log(JSON.stringify(said));
  }
}

main();
