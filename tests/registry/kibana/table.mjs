// node table.mjs TABLE.json
//
// The table is a list of [KEY.asc, FILE, FILE.sig]. Prints a list of what each version of the library says of
// each: the id of the key that signed, or `refused: ` and why.
import { readFile } from 'node:fs/promises';

const libraries = await Promise.all(['openpgp', 'openpgp-newest'].map((name) => import(name)));
const table = JSON.parse(await readFile(process.argv[2], 'utf8'));
const keys = new Map();

async function readKey(library, path) {
  const name = `${libraries.indexOf(library)} ${path}`;
  if (!keys.has(name)) keys.set(name, await library.readKey({ armoredKey: await readFile(path, 'utf8') }));
  return keys.get(name);
}

async function verify(library, [key, file, signature]) {
  try {
    const verified = await library.verify({
      message: await library.createMessage({ binary: new Uint8Array(await readFile(file)) }),
      signature: await library.readSignature({ armoredSignature: await readFile(signature, 'utf8') }),
      verificationKeys: await readKey(library, key),
    });
    if (verified.signatures.length !== 1) throw new Error(`${verified.signatures.length} signatures`);
    await verified.signatures[0].verified; // throws where it is not valid
    return verified.signatures[0].keyID.toHex().toUpperCase();
  } catch ({ message }) {
    return `refused: ${message}`;
  }
}

const answers = [];
for (const row of table) answers.push(await Promise.all(libraries.map((library) => verify(library, row))));
console.log(JSON.stringify(answers));
