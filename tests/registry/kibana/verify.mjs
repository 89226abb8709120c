// node verify.mjs KEY.asc FILE FILE.sig
//
// Prints the id of the key that signed, once for each version of the library; fails where one of them
// does not take the signature.
import { readFile } from 'node:fs/promises';

const [key, file, signature] = process.argv.slice(2);

process.on('uncaughtException', ({ message }) => {
  console.error(message); // not the packed source around it
  process.exit(1);
});

for (const name of ['openpgp', 'openpgp-newest']) {
  const openpgp = await import(name);
  const verified = await openpgp.verify({
    message: await openpgp.createMessage({ binary: new Uint8Array(await readFile(file)) }),
    signature: await openpgp.readSignature({ armoredSignature: await readFile(signature, 'utf8') }),
    verificationKeys: await openpgp.readKey({ armoredKey: await readFile(key, 'utf8') }),
  });
  const [one, ...others] = verified.signatures;
  if (!one || others.length) throw new Error(`${verified.signatures.length} signatures`);
  await one.verified; // throws where it is not valid
  console.log(one.keyID.toHex().toUpperCase());
}
