import { EvidenceError } from '@countersign/cli/evidence/errors.ts';
import { verifyEvidence } from '@countersign/cli/evidence/verify.ts';
import { decodeArchive, encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { EvidenceKeys } from '@countersign/contracts/evidence/bundle.ts';
import { CHECKPOINT_FILE, KEYS_FILE, STATEMENT_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { Material } from './material.ts';
import { count, tally } from './tally.ts';
import type { Tally } from './tally.ts';

export interface Extent {
  readonly archive_bits: number;
  readonly file_bits: number;
  readonly envelope_bits: number;
}

type Random = (below: number) => number;

/** Everything that is done to evidence. Each alteration of a file is made with the archive's checksums put right again: only the signature stands in its way. */
export function tamperWithEvidence({ bundles, packages, keys }: Pick<Material, 'bundles' | 'packages' | 'keys'>, extent: Extent, random: Random): Tally[] {
  const all = [...bundles, ...packages];
  return [
    archiveBits(all, keys, extent.archive_bits, random), fileBits(all, keys, extent.file_bits, random), envelopeBits(all, keys, extent.envelope_bits, random),
    truncations([bundles[0]!, smallestOf(packages)], keys), filesMissing(all, keys), filesMoved(all, keys), whiteSpace(all, keys), duplicateKeys(all, keys),
    base64Spellings(all, keys), extraSignatures(all, keys), otherKeys(all, keys), notes(all, keys), archiveStructure(all, keys),
  ];
}

function archiveBits(all: readonly Uint8Array[], keys: EvidenceKeys, tries: number, random: Random): Tally {
  const found = tally('single bits of the archive');
  for (let n = 0; n < tries; n += 1) {
    const index = random(all.length);
    const bit = random(all[index]!.length * 8);
    count(found, isRefused(flipped(all[index]!, bit), keys), () => `evidence ${index}, bit ${bit}`);
  }
  return found;
}

function fileBits(all: readonly Uint8Array[], keys: EvidenceKeys, tries: number, random: Random): Tally {
  const found = tally('single bits of files, checksums put right');
  const opened = all.map((bytes) => [...decodeArchive(bytes)]);
  for (let n = 0; n < tries; n += 1) {
    const index = random(opened.length);
    const files = opened[index]!;
    const [path, bytes] = files[random(files.length)]!;
    if (bytes.length === 0) continue;
    const bit = random(bytes.length * 8);
    count(found, isRefused(withFile(new Map(files), path, flipped(bytes, bit)), keys), () => `evidence ${index}, ${path}, bit ${bit}`);
  }
  return found;
}

/** Of what is signed, inside of its base64: so that the envelope is well formed and only its signature is wrong. */
function envelopeBits(bundles: readonly Uint8Array[], keys: EvidenceKeys, tries: number, random: Random): Tally {
  const found = tally('single bits of the signed statement, envelope put right');
  const opened = bundles.map(decodeArchive);
  for (let n = 0; n < tries; n += 1) {
    const files = opened[random(opened.length)]!;
    const envelope = JSON.parse(textOf(files, STATEMENT_FILE)) as { payload: string };
    const payload = Buffer.from(envelope.payload, 'base64');
    const bit = random(payload.length * 8);
    const altered = textOf(files, STATEMENT_FILE).replace(envelope.payload, Buffer.from(flipped(payload, bit)).toString('base64'));
    count(found, isRefused(withFile(files, STATEMENT_FILE, Buffer.from(altered)), keys), () => `payload bit ${bit}`);
  }
  return found;
}

/** A run and a package: what is cut off is found by the form of the archive, which is the same for all. */
function truncations(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('truncated at every length');
  for (const [index, bundle] of bundles.entries()) for (let length = 0; length < bundle.length; length += 1) count(found, isRefused(bundle.subarray(0, length), keys), () => `evidence ${index}, length ${length}`);
  return found;
}

function smallestOf(packages: readonly Uint8Array[]): Uint8Array {
  return packages.toSorted((one, other) => one.length - other.length)[0]!;
}

function filesMissing(all: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('every file left out, doubled under another name, or added');
  for (const files of all.map(decodeArchive)) {
    for (const [path, bytes] of files) {
      const without = new Map(files);
      without.delete(path);
      count(found, isRefused(encodeArchive(without), keys), () => `without ${path}`);
      count(found, isRefused(withFile(files, `more/${path}`, bytes), keys), () => `doubled ${path}`);
    }
    count(found, isRefused(withFile(files, 'extra.json', Buffer.from('{}')), keys), () => 'extra.json');
  }
  return found;
}

function filesMoved(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('files moved from the evidence of another run, and swapped within one');
  const opened = bundles.map(decodeArchive);
  opened.forEach((files, index) => {
    const other = opened[(index + 1) % opened.length]!;
    for (const [path, bytes] of other) {
      const before = files.get(path);
      if (before === undefined || Buffer.from(before).equals(bytes)) continue;
      count(found, isRefused(withFile(files, path, bytes), keys), () => `${path} of another run`);
    }
    const events = [...files.keys()].filter((path) => path.startsWith('events/'));
    events.slice(1).forEach((path, at) => {
      const before = events[at]!;
      count(found, isRefused(encodeArchive(new Map(files).set(path, files.get(before)!).set(before, files.get(path)!)), keys), () => `${path} and ${before} swapped`);
    });
  });
  return found;
}

function whiteSpace(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('white space put into JSON');
  forEachText(bundles, '.json', (files, path, text) => {
    for (const altered of [`${text}\n`, ` ${text}`, text.replace(/([{[])/, '$1 '), text.replace(',', ', ')]) {
      if (altered !== text) count(found, isRefused(withFile(files, path, Buffer.from(altered)), keys), () => `${path}: ${altered.slice(0, 40)}`);
    }
  });
  return found;
}

function duplicateKeys(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('duplicate keys put into JSON');
  forEachText(bundles, '.json', (files, path, text) => {
    const [, first] = /\{"([^"\\]+)":/.exec(text) ?? [];
    if (first === undefined) return;
    const altered = [text.replace(`{"${first}":`, `{"${first}":null,"${first}":`), text.replace(/\}(?=[\]}]*$)/, `,"${first}":null}`)];
    for (const one of altered) count(found, isRefused(withFile(files, path, Buffer.from(one)), keys), () => `${path}: ${first} twice`);
  });
  return found;
}

function base64Spellings(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('other spellings of base64 in the envelope');
  for (const files of bundles.map(decodeArchive)) {
    const text = textOf(files, STATEMENT_FILE);
    for (const name of ['payload', 'sig']) {
      const [, value = ''] = new RegExp(`"${name}":"([^"]*)"`).exec(text) ?? [];
      const spellings = [`${value}=`, value.replace(/=+$/, ''), value.replaceAll('+', '-').replaceAll('/', '_'), `${value.slice(0, 4)}\\n${value.slice(4)}`, `${value.slice(0, 8)} ${value.slice(8)}`, otherTrailingBits(value)];
      for (const spelling of new Set(spellings)) {
        if (spelling !== value) count(found, isRefused(withFile(files, STATEMENT_FILE, Buffer.from(text.replace(value, spelling))), keys), () => `${name}: ...${spelling.slice(-12)}`);
      }
    }
  }
  return found;
}

/** The last letter before the padding holds bits that no byte is made of. */
function otherTrailingBits(value: string): string {
  const at = value.replace(/=+$/, '').length - 1;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return `${value.slice(0, at)}${letters[letters.indexOf(value[at] ?? 'A') ^ 1]!}${value.slice(at + 1)}`;
}

function extraSignatures(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('signatures put beside, in place of, or taken from the true one');
  for (const files of bundles.map(decodeArchive)) {
    const envelope = JSON.parse(textOf(files, STATEMENT_FILE)) as { payload: string; payloadType: string; signatures: Array<{ keyid: string; sig: string }> };
    const [own] = envelope.signatures;
    const stranger = { keyid: 'stranger', sig: Buffer.alloc(64, 7).toString('base64') };
    for (const signatures of [[own, stranger], [stranger, own], [stranger], [own, own], []]) {
      const altered = JSON.stringify({ payload: envelope.payload, payloadType: envelope.payloadType, signatures });
      count(found, isRefused(withFile(files, STATEMENT_FILE, Buffer.from(altered)), keys), () => `${signatures.length} signatures`);
    }
    for (const payloadType of ['application/json', 'application/vnd.in-toto+json ']) {
      count(found, isRefused(withFile(files, STATEMENT_FILE, Buffer.from(JSON.stringify({ ...envelope, payloadType }))), keys), () => payloadType);
    }
  }
  return found;
}

/** Of the key set that is trusted: another key under the same id, another purpose, or none. */
function otherKeys(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('keys swapped, given another purpose, or taken away');
  const needed = keys.keys.filter(({ purpose }) => purpose === 'evidence' || purpose === 'checkpoint');
  for (const bundle of bundles) {
    for (const key of needed) {
      const others = needed.filter((other) => other.kid !== key.kid);
      const sets = [
        keys.keys.filter((other) => other.kid !== key.kid),
        ...others.map((other) => keys.keys.map((one) => (one.kid === key.kid ? { ...one, public_jwk: other.public_jwk } : one))),
        keys.keys.map((one) => (one.kid === key.kid ? { ...one, purpose: 'webhook' as const } : one)),
        keys.keys.map((one) => (one.kid === key.kid ? { ...one, compromised_since: '2000-01-01T00:00:00.000Z' } : one)),
      ];
      sets.forEach((set, at) => count(found, isRefused(bundle, { keys: set }), () => `${key.purpose} key, way ${at}`));
    }
    const files = decodeArchive(bundle);
    const [first, second] = needed;
    const inside = textOf(files, KEYS_FILE).replace(first!.kid, second!.kid);
    count(found, isRefused(withFile(files, KEYS_FILE, Buffer.from(inside)), null), () => 'ids swapped in keys.json');
  }
  return found;
}

function notes(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('checkpoints spelt or signed otherwise');
  const opened = bundles.map(decodeArchive);
  opened.forEach((files, index) => {
    const text = textOf(files, CHECKPOINT_FILE);
    const other = textOf(opened[(index + 1) % opened.length]!, CHECKPOINT_FILE);
    const altered = [text.replaceAll('\n', '\r\n'), `${text}\n`, text.trimEnd(), text.replace(/\n\d+\n/, '\n1\n'), `${text}${text.split('\n\n')[1]}`, text.replace('time 2', 'time 3'), ...(other === text ? [] : [other])];
    for (const one of altered) count(found, isRefused(withFile(files, CHECKPOINT_FILE, Buffer.from(one)), keys), () => JSON.stringify(one.slice(0, 60)));
  });
  return found;
}

function archiveStructure(bundles: readonly Uint8Array[], keys: EvidenceKeys): Tally {
  const found = tally('the structure of the archive');
  for (const bundle of bundles) {
    const altered = [Buffer.concat([bundle, Buffer.from('more')]), Buffer.concat([Buffer.from('more'), bundle]), Buffer.concat([bundle, bundle]), Buffer.from(bundle).reverse(), Buffer.from(bundle.subarray(0, -22))];
    altered.forEach((bytes, at) => count(found, isRefused(bytes, keys), () => `way ${at}`));
  }
  return found;
}

function forEachText(bundles: readonly Uint8Array[], ending: string, then: (files: ArchiveFiles, path: string, text: string) => void): void {
  for (const files of bundles.map(decodeArchive)) for (const path of files.keys()) if (path.endsWith(ending)) then(files, path, textOf(files, path));
}

/** Only a refusal with a code counts: a verifier that falls over has found nothing out. */
function isRefused(bytes: Uint8Array, trustedKeys: EvidenceKeys | null): boolean {
  try {
    verifyEvidence(bytes, { trustedKeys });
    return false;
  } catch (error) {
    return error instanceof EvidenceError;
  }
}

function withFile(files: ArchiveFiles, path: string, bytes: Uint8Array): Uint8Array {
  return encodeArchive(new Map(files).set(path, bytes));
}

function textOf(files: ArchiveFiles, path: string): string {
  return Buffer.from(files.get(path)!).toString('utf8');
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const altered = Uint8Array.from(bytes);
  altered[bit >> 3]! ^= 1 << (bit & 7);
  return altered;
}
