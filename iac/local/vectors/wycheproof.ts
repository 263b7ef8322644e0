import { createDecipheriv, createHmac, createPublicKey, hkdfSync, verify } from 'node:crypto';
import { verifyEd25519 } from '@countersign/contracts/transparency/note.ts';
import type { Exception, Suite } from './suite.ts';
import type { VectorSource, WycheproofGroup as Group, WycheproofVector as Vector } from './vector-source.ts';

type Accepts = (vector: Vector, group: Group) => boolean;

/** Only the algorithms that we use, as we use them. */
const SUITES: ReadonlyArray<readonly [string, string, Accepts]> = [
  ['Ed25519 signatures (checkpoints, evidence)', 'ed25519_test', (vector, { publicKey }) => verifyEd25519(hex(publicKey?.pk), hex(vector['msg']), hex(vector['sig']))],
  ['ECDSA P-256 SHA-256 signatures, P1363 (policy bundles)', 'ecdsa_secp256r1_sha256_p1363_test', (vector, { publicKeyDer }) =>
    verify('sha256', hex(vector['msg']), { key: createPublicKey({ key: hex(publicKeyDer), format: 'der', type: 'spki' }), dsaEncoding: 'ieee-p1363' }, hex(vector['sig']))],
  ['AES-GCM (sealed content, wrapped keys)', 'aes_gcm_test', opens],
  ['HMAC SHA-256 (webhooks)', 'hmac_sha256_test', (vector, { tagSize = 256 }) => createHmac('sha256', hex(vector['key'])).update(hex(vector['msg'])).digest().subarray(0, tagSize / 8).equals(hex(vector['tag']))],
  ['HKDF SHA-256 (keys from a key file)', 'hkdf_sha256_test', (vector) => Buffer.from(hkdfSync('sha256', hex(vector['ikm']), hex(vector['salt']), hex(vector['info']), Number(vector['size']))).equals(hex(vector['okm']))],
];

export const SUITE_NAMES: readonly string[] = SUITES.map(([, file]) => file);

/** What Node does otherwise, and why that is nothing to us. */
export const KNOWN: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  aes_gcm_test: Object.fromEntries([268, 272, 276].map((tcId) => [tcId, 'Node takes no nonce longer than 128 bytes; ours have 12.'])),
};

/** Project Wycheproof: right answers must be taken, wrong ones refused. */
export function wycheproof(source: VectorSource): Promise<Suite[]> {
  return Promise.all(SUITES.map(async ([name, file, accepts]) => judged(`Wycheproof ${name}`, await source.wycheproof(file), accepts, KNOWN[file] ?? {})));
}

function judged(suite: string, groups: readonly Group[], accepts: Accepts, known: Readonly<Record<number, string>>): Suite {
  const failed: string[] = [];
  const exceptions: Exception[] = [];
  let [tests, passed] = [0, 0];
  for (const group of groups) {
    for (const vector of group.tests) {
      tests += 1;
      const accepted = answer(() => accepts(vector, group));
      if (vector.result === 'acceptable') exceptions.push({ which: `tcId ${vector.tcId}`, count: 1, why: `The vectors leave it open (${vector.comment || vector.flags.join(', ')}); ${accepted ? 'taken' : 'refused'} here.` });
      else if (accepted === (vector.result === 'valid')) passed += 1;
      else if (!accepted && known[vector.tcId] !== undefined) exceptions.push({ which: `tcId ${vector.tcId} (${vector.comment})`, count: 1, why: known[vector.tcId] ?? '' });
      else failed.push(`tcId ${vector.tcId} (${vector.comment || vector.flags.join(', ')}): ${accepted ? 'taken' : 'refused'}, ought to be ${vector.result}`);
    }
  }
  return { suite, tests, passed, exceptions, failed };
}

/** What throws is refused: callers see an error, and nothing is taken. */
function answer(accepts: () => boolean): boolean {
  try {
    return accepts();
  } catch {
    return false;
  }
}

function opens(vector: Vector): boolean {
  const [key, tag] = [hex(vector['key']), hex(vector['tag'])];
  const cipher = key.length === 16 ? 'aes-128-gcm' : key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
  const decipher = createDecipheriv(cipher, key, hex(vector['iv']), { authTagLength: 16 });
  decipher.setAAD(hex(vector['aad']));
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(hex(vector['ct'])), decipher.final()]).equals(hex(vector['msg']));
}

function hex(text: unknown): Buffer {
  return Buffer.from(String(text ?? ''), 'hex');
}
