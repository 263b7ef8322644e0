import type { EvidenceKeys } from '@countersign/contracts/evidence/bundle.ts';
import { parseCheckpointNote } from '@countersign/contracts/transparency/checkpoint.ts';
import { verifyAudit } from '@countersign/contracts/transparency/verify-audit.ts';
import type { AuditExport, Material } from './material.ts';
import { count, tally } from './tally.ts';
import type { Tally } from './tally.ts';

type Random = (below: number) => number;

/** Everything that is done to an exported audit. */
export async function tamperWithAudit({ audit, keys }: Material, bits: number, random: Random): Promise<Tally[]> {
  return [await lineBits(audit, keys, bits, random), await noteBits(audit, keys), await linesMoved(audit, keys), await linesRespelt(audit, keys), await notesMoved(audit, keys), await otherChain(audit, keys)];
}

export async function isVerified({ chain, lines, notes }: AuditExport, keys: EvidenceKeys): Promise<boolean> {
  const { verified } = await verifyAudit(lines, notes, { chain, keys: keys.keys.filter(({ purpose }) => purpose === 'checkpoint'), witnesses: [] });
  return verified;
}

async function lineBits(audit: AuditExport, keys: EvidenceKeys, tries: number, random: Random): Promise<Tally> {
  const found = tally('single bits of the exported audit');
  for (let n = 0; n < tries; n += 1) {
    const at = random(audit.lines.length);
    const bytes = Buffer.from(audit.lines[at]!);
    const bit = random(bytes.length * 8);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    // As a file is read: what is not UTF-8 becomes a replacement character, and a line feed ends the line.
    const lines = audit.lines.toSpliced(at, 1, ...bytes.toString('utf8').split('\n'));
    count(found, !await isVerified({ ...audit, lines }, keys), () => `line ${at}, bit ${bit}`);
  }
  return found;
}

async function noteBits(audit: AuditExport, keys: EvidenceKeys): Promise<Tally> {
  const found = tally('every bit of a checkpoint');
  // The first, with just the events that it is about: unaltered, they verify.
  const first = audit.notes[0]!;
  const lines = audit.lines.slice(0, parseCheckpointNote(first)?.checkpoint.size ?? 0);
  const whole = Buffer.from(first);
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const altered = Buffer.from(whole);
    altered[bit >> 3]! ^= 1 << (bit & 7);
    count(found, !await isVerified({ ...audit, lines, notes: [altered.toString('utf8')] }, keys), () => `bit ${bit}`);
  }
  return found;
}

async function linesMoved(audit: AuditExport, keys: EvidenceKeys): Promise<Tally> {
  const found = tally('every line dropped, doubled and swapped, the end cut at every line');
  for (let at = 0; at < audit.lines.length; at += 1) {
    const line = audit.lines[at]!;
    const altered = [audit.lines.toSpliced(at, 1), audit.lines.toSpliced(at, 0, line), audit.lines.slice(0, at), ...(at === 0 ? [] : [audit.lines.with(at, audit.lines[at - 1]!).with(at - 1, line)])];
    for (const [way, lines] of altered.entries()) count(found, !await isVerified({ ...audit, lines }, keys), () => `line ${at}, way ${way}`);
  }
  return found;
}

async function linesRespelt(audit: AuditExport, keys: EvidenceKeys): Promise<Tally> {
  const found = tally('white space, duplicate keys and other numbers put into lines');
  for (let at = 0; at < audit.lines.length; at += 1) {
    const line = audit.lines[at]!;
    for (const altered of [`${line} `, line.replace(':', ': '), line.replace(/"seq":(\d+)/, '"seq":$1,"seq":$1'), line.replace(/"seq":(\d+)/, '"seq":$1.0'), line.replace('{', '{"a":1,'), `${line}\r`]) {
      count(found, !await isVerified({ ...audit, lines: audit.lines.with(at, altered) }, keys), () => `line ${at}: ${altered.slice(-30)}`);
    }
  }
  return found;
}

async function notesMoved(audit: AuditExport, keys: EvidenceKeys): Promise<Tally> {
  const found = tally('checkpoints dropped, doubled, swapped and respelt');
  for (let at = 0; at < audit.notes.length; at += 1) {
    const note = audit.notes[at]!;
    const altered = [
      // The first and the last may be missing: what was kept begins later, or ends earlier.
      ...(at > 0 && at < audit.notes.length - 1 ? [audit.notes.toSpliced(at, 1)] : []),
      audit.notes.toSpliced(at, 0, note), ...(at === 0 ? [] : [audit.notes.with(at, audit.notes[at - 1]!).with(at - 1, note)]),
      audit.notes.with(at, note.replaceAll('\n', '\r\n')), audit.notes.with(at, note.replace(/\n\d+\n/, '\n1\n')), audit.notes.with(at, note.split('\n\n')[0]!),
    ];
    for (const [way, notes] of altered.entries()) count(found, !await isVerified({ ...audit, notes }, keys), () => `checkpoint ${at}, way ${way}`);
  }
  return found;
}

/** As another tenant's or workspace's, and with keys of another purpose. */
async function otherChain(audit: AuditExport, keys: EvidenceKeys): Promise<Tally> {
  const found = tally('the audit moved to another tenant, or its keys swapped');
  const [tenant = '', workspace = ''] = audit.chain.split('/');
  for (const chain of [`ten_other/${workspace}`, `${tenant}/wsp_other`]) count(found, !await isVerified({ ...audit, chain }, keys), () => chain);
  const wrong = keys.keys.find(({ purpose }) => purpose === 'evidence');
  for (const public_jwk of [wrong?.public_jwk ?? {}]) {
    count(found, !await isVerified(audit, { keys: keys.keys.map((key) => (key.purpose === 'checkpoint' ? { ...key, public_jwk } : key)) }), () => 'another key under the same id');
  }
  count(found, !await isVerified(audit, { keys: [] }), () => 'no keys');
  return found;
}
