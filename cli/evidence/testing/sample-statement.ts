import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { canonicalize } from 'json-canonicalize';
import { encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { SampleBundle } from './sample-bundle.ts';

type Files = Map<string, Uint8Array>;

/**
 * Evidence of the second format, made by hand from its description and from the RFCs: none of the code that builds or verifies is in it.
 * `parts` and `overrides` may be changed before `seal` signs, so that a test can make evidence that is signed and yet wrong.
 */
export class SampleStatement {
  readonly evidenceKey = keyPair();
  readonly checkpointKey = keyPair();
  readonly witnessKey = keyPair();
  readonly parts = new SampleBundle().parts;
  /** What there is in place of the files of a run, where it is a package. */
  packageFiles: Files | null = null;
  /** The bodies of the events, where they are not those of the run. */
  packageEvents: readonly object[] | null = null;
  /** Replaces files before the statement is made over them. */
  readonly overrides: Files = new Map();
  /** Changes the statement before it is signed. */
  alterStatement: (statement: Record<string, unknown>) => void = () => undefined;
  predicate: Record<string, unknown> = { run_id: 'run_1' };
  predicateType = 'https://countersign.dev/evidence/run/v2';
  checkpointTime = '2026-11-01T10:00:09.000Z';
  compromisedSince: string | null = null;

  get keys(): { keys: Array<{ kid: string; purpose: 'evidence' | 'checkpoint'; algorithm: string; public_jwk: Record<string, string>; compromised_since?: string }> } {
    const revoked = this.compromisedSince === null ? {} : { compromised_since: this.compromisedSince };
    return { keys: [
      { kid: 'evidence-1', purpose: 'evidence', algorithm: 'EdDSA', public_jwk: this.evidenceKey.jwk },
      { kid: 'checkpoint-1', purpose: 'checkpoint', algorithm: 'EdDSA', public_jwk: this.checkpointKey.jwk, ...revoked },
    ] };
  }

  /** `witness.example/w1`, as a verifier key is written. */
  get witness(): string {
    const held = Buffer.concat([Buffer.from([4]), raw(this.witnessKey.jwk)]);
    return `${WITNESS}+${keyId(WITNESS, held)}+${held.toString('base64')}`;
  }

  seal(): Uint8Array {
    return encodeArchive(this.files());
  }

  files(): Files {
    const { files, chain } = this.content();
    for (const [path, bytes] of this.overrides) files.set(path, bytes);
    const statement: Record<string, unknown> = {
      _type: 'https://in-toto.io/Statement/v1', predicateType: this.predicateType,
      subject: [...files].map(([name, bytes]) => ({ name, digest: { sha256: hex(bytes) } })).sort((a, b) => (a.name < b.name ? -1 : 1)),
      predicate: { format: 'countersign.dev/evidence/v2', evidence_id: 'evd_1', tenant_id: 'ten_1', workspace_id: 'wsp_1', built_at: '2026-11-01T10:00:10.000Z', chain, ...this.predicate },
    };
    this.alterStatement(statement);
    files.set('statement.dsse.json', this.envelope(canonicalize(statement)));
    return files;
  }

  envelope(payload: string): Uint8Array {
    const type = 'application/vnd.in-toto+json';
    const signed = Buffer.from(`DSSEv1 ${type.length} ${type} ${Buffer.byteLength(payload)} ${payload}`);
    return json({ payload: Buffer.from(payload).toString('base64'), payloadType: type, signatures: [{ keyid: 'evidence-1', sig: sign(null, signed, this.evidenceKey.privateKey).toString('base64') }] });
  }

  /** Every file but the envelope, and what the statement says of the chain. */
  content(): { files: Files; chain: Record<string, unknown> } {
    const { otherEvents } = this.parts;
    const events = this.packageEvents ?? this.parts.events;
    const bodies = [events[0]!, ...Array.from({ length: otherEvents }, () => null), ...events.slice(1)];
    const lines = linked(bodies);
    const own = bodies.flatMap((body, index) => (body === null ? [] : [index + 1]));
    const text = `countersign.dev/audit/ten_1/wsp_1\n${lines.length}\n${root(lines).toString('base64')}\nchain ${hex(lines.at(-1)!)}\nprevious ${FIRST_PREV_HASH}\ntime ${this.checkpointTime}\n`;
    const files: Files = new Map([
      ...this.packageFiles ?? this.filesOfRun(), ['keys.json', json(this.keys)],
      ['readme.txt', Buffer.from('sample\n')], ['index.html', Buffer.from('<!doctype html><title>sample</title>\n')],
      ...own.map((seq): [string, Uint8Array] => [`events/${seq}.json`, json(bodies[seq - 1])]),
      ['proofs.json', json({ tree_size: lines.length, proofs: own.map((seq) => ({ seq, prev_hash: (JSON.parse(lines[seq - 1]!) as { prev_hash: string }).prev_hash, hashes: path(lines, seq - 1).map((hash) => hash.toString('hex')) })) })],
      ['checkpoint.txt', Buffer.from(`${text}\n${this.signatures(text)}`)],
    ]);
    return { files, chain: { id: 'ten_1/wsp_1', tree_size: lines.length, checkpoint_sha256: hex(text), events: own.length, first_seq: own[0], last_seq: own.at(-1) } };
  }

  filesOfRun(): Files {
    const { run, decisions, approvals, calls, actions, costs } = this.parts;
    return new Map([
      ['run.json', json(run)], ['workflow.yaml', Buffer.from(WORKFLOW)], ['steps.json', json({ steps: [] })], ['decisions.json', json({ decisions })],
      ['approvals.json', json({ approvals })], ['actions.json', json({ actions })], ['tool-calls.json', json({ tool_calls: calls })],
      ['costs.json', json(costs)], ['transcript.json', json({ contents: [] })],
    ]);
  }

  signatures(text: string): string {
    const origin = text.split('\n')[0]!;
    const ownKey = Buffer.concat([Buffer.from([1]), raw(this.checkpointKey.jwk)]);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_793_527_211n); // 2026-11-01T10:00:11Z
    const cosigned = Buffer.concat([time, sign(null, Buffer.from(`cosignature/v1\ntime 1793527211\n${text}`), this.witnessKey.privateKey)]);
    return line(origin, keyId(origin, ownKey), sign(null, Buffer.from(text), this.checkpointKey.privateKey))
      + line(WITNESS, keyId(WITNESS, Buffer.concat([Buffer.from([4]), raw(this.witnessKey.jwk)])), cosigned);
  }
}

const WITNESS = 'witness.example/w1';
const WORKFLOW = 'apiVersion: countersign.dev/v1\n';

function linked(bodies: ReadonlyArray<object | null>): string[] {
  let prev_hash = FIRST_PREV_HASH;
  return bodies.map((body, index) => {
    const link = canonicalize({ seq: index + 1, prev_hash, body_sha256: hex(body === null ? `another run ${index}` : canonicalize(body)) });
    prev_hash = hex(link);
    return link;
  });
}

/** MTH of RFC 6962, section 2.1. */
function root(lines: readonly string[]): Buffer {
  if (lines.length === 1) return sha256(Buffer.concat([Buffer.from([0]), Buffer.from(lines[0]!)]));
  const split = splitOf(lines.length);
  return sha256(Buffer.concat([Buffer.from([1]), root(lines.slice(0, split)), root(lines.slice(split))]));
}

/** PATH of RFC 6962, section 2.1.1. */
function path(lines: readonly string[], index: number): Buffer[] {
  if (lines.length === 1) return [];
  const split = splitOf(lines.length);
  return index < split ? [...path(lines.slice(0, split), index), root(lines.slice(split))] : [...path(lines.slice(split), index - split), root(lines.slice(0, split))];
}

function splitOf(size: number): number {
  return 2 ** Math.ceil(Math.log2(size) - 1);
}

function line(name: string, id: string, bytes: Uint8Array): string {
  return `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), bytes]).toString('base64')}\n`;
}

function keyId(name: string, held: Uint8Array): string {
  return hex(Buffer.concat([Buffer.from(`${name}\n`), held])).slice(0, 8);
}

function keyPair(): { privateKey: KeyObject; jwk: Record<string, string> } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) as Record<string, string> };
}

function raw(jwk: Record<string, string>): Buffer {
  return Buffer.from(jwk['x']!, 'base64url');
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(canonicalize(value));
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
