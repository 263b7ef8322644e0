import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { canonicalText } from '@countersign/contracts/transparency/canonical.ts';
import { FIRST_PREVIOUS, formatCheckpoint, originOfChain } from '@countersign/contracts/transparency/checkpoint.ts';
import { EMPTY_FRONTIER, grow, leafHash, rootOf } from '@countersign/contracts/transparency/merkle.ts';
import { ED25519, formatNote, parseVerifierKey, verifierKeyOf } from '@countersign/contracts/transparency/note.ts';
import type { VerifierKey } from '@countersign/contracts/transparency/note.ts';
import { verifyAudit } from '@countersign/contracts/transparency/verify-audit.ts';
import { readConfig } from '@countersign/witness/config.ts';
import { startWitness } from '@countersign/witness/wiring.ts';
import type { AuditExport } from './material.ts';

export interface ReplacedChain {
  /** By itself the replaced chain agrees with its signatures: nobody can tell without somebody outside. */
  readonly detected_offline: boolean;
  /** The witness program was asked to cosign the replaced chain, too. */
  readonly witness_refused: boolean;
  readonly detected_with_witness: boolean;
  readonly true_chain_verified_with_witness: boolean;
}

/** Whoever holds the live key drops an event from the chain, links, hashes and signs everything anew. The witness has seen the true one. */
export async function replaceChain({ chain, lines }: AuditExport): Promise<ReplacedChain> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;
  const raw = Buffer.from(jwk['x'] ?? '', 'base64url');
  const bodies = lines.map((line) => (JSON.parse(line) as { body: unknown }).body);
  const signed = (shown: readonly unknown[]) => signedChain(chain, shown, raw, (bytes) => sign(null, bytes, privateKey));
  const [truth, replaced] = [signed(bodies), signed(bodies.toSpliced(Math.floor(bodies.length / 2), 1))];
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-witness-'));
  await writeFile(path.join(folder, 'logs.json'), JSON.stringify([{ prefix: 'countersign.dev/audit/', public_keys: [raw.toString('base64')] }]));
  const witness = await startWitness(readConfig(['--name', 'witness.example/w1', '--data', path.join(folder, 'data'), '--logs', path.join(folder, 'logs.json'), '--listen', '127.0.0.1:0']), (error) => { throw error; });
  try {
    const vkey = parseVerifierKey(witness.vkey);
    const cosignature = await ask(witness.url, truth.note);
    const refused = await ask(witness.url, replaced.note);
    const verify = async (given: SignedChain, note: string, witnesses: readonly VerifierKey[]): Promise<{ verified: boolean; vouchedFor: boolean }> => {
      const found = await verifyAudit(given.lines, [note], { chain, keys: [{ kid: 'live', public_jwk: jwk }], witnesses });
      return { verified: found.verified, vouchedFor: witnesses.every(({ name }) => found.witnessed[name] === given.lines.length) };
    };
    const witnesses = vkey === null ? [] : [vkey];
    const offline = await verify(replaced, replaced.note, []);
    const outside = await verify(replaced, replaced.note, witnesses);
    const whole = await verify(truth, `${truth.note}${cosignature ?? ''}`, witnesses);
    return { detected_offline: !offline.verified, witness_refused: refused === null, detected_with_witness: !outside.verified || !outside.vouchedFor, true_chain_verified_with_witness: whole.verified && whole.vouchedFor };
  } finally {
    await witness.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface SignedChain {
  readonly lines: readonly string[];
  readonly note: string;
}

function signedChain(chain: string, bodies: readonly unknown[], raw: Uint8Array, signWith: (bytes: Uint8Array) => Uint8Array): SignedChain {
  let prev_hash = FIRST_PREV_HASH;
  const links = bodies.map((body, index) => {
    const body_sha256 = hash('sha256', canonicalText(body) ?? '', 'hex');
    const link = canonicalText({ body_sha256, prev_hash, seq: index + 1 }) ?? '';
    const line = canonicalText({ body, body_sha256, prev_hash, seq: index + 1 }) ?? '';
    prev_hash = hash('sha256', link, 'hex');
    return { link, line };
  });
  const origin = originOfChain(chain);
  const text = formatCheckpoint({ origin, size: links.length, root: rootOf(grow(EMPTY_FRONTIER, links.map(({ link }) => leafHash(link)))), head: prev_hash, previous: FIRST_PREVIOUS, time: '2026-11-21T12:00:00.000Z' });
  const { keyId } = verifierKeyOf(origin, ED25519, raw);
  return { lines: links.map(({ line }) => line), note: formatNote({ text, signatures: [{ name: origin, keyId, bytes: signWith(Buffer.from(text)) }] }) };
}

/** As one who says that the witness has seen nothing yet. @returns the cosignature, or null where it is refused */
async function ask(url: string, note: string): Promise<string | null> {
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: `old 0\n\n${note}` });
  return response.status === 200 ? response.text() : null;
}
