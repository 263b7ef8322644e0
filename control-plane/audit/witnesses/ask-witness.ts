import { cosignedBy } from '@countersign/contracts/transparency/cosignature.ts';
import { parseNote, parseSignature, parseVerifierKey } from '@countersign/contracts/transparency/note.ts';
import type { BoundFetch } from '../../outbound/bound-fetch.ts';

/** What a witness answered to a checkpoint. */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly line: string; readonly at: Date }
  /** It has seen another size than we believed. */
  | { readonly kind: 'behind'; readonly size: number }
  /** It says that this is not the history that it saw, or that it does not know the log. */
  | { readonly kind: 'refused'; readonly status: number; readonly why: string };

const LONGEST_ANSWER = 4_096;

/** One add-checkpoint of c2sp.org/tlog-witness. @throws what the connection throws, and TypeError for an answer that is none */
export async function askWitness(fetch: BoundFetch['fetch'], to: { readonly url: string; readonly vkey: string }, note: string, old: number, proof: readonly Uint8Array[]): Promise<WitnessAnswer> {
  const body = [`old ${old}`, ...proof.map((hash) => Buffer.from(hash).toString('base64')), '', note].join('\n');
  const response = await fetch(`${to.url.replace(/\/$/, '')}/add-checkpoint`, { method: 'POST', headers: { 'content-type': 'text/plain; charset=utf-8' }, body });
  const text = (await response.text()).slice(0, LONGEST_ANSWER);
  if (response.status === 200) return cosignature(text, note, to.vkey);
  if (response.status === 409 && response.headers.get('content-type')?.startsWith('text/x.tlog.size') === true && /^\d{1,16}\n?$/.test(text)) return { kind: 'behind', size: Number(text) };
  if ([403, 404, 409, 422].includes(response.status)) return { kind: 'refused', status: response.status, why: text.trim().slice(0, 300) };
  throw new TypeError(`The witness answered ${response.status}.`);
}

function cosignature(text: string, note: string, vkey: string): WitnessAnswer {
  const key = parseVerifierKey(vkey);
  const parsed = parseNote(note);
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const signature = parseSignature(line);
    const cosigned = signature === null || parsed === null || key === null ? null : cosignedBy({ text: parsed.text, signatures: [signature] }, key);
    if (cosigned !== null) return { kind: 'cosigned', line: `${line}\n`, at: cosigned.time };
  }
  throw new TypeError('The witness answered with a cosignature that its key did not make.');
}
