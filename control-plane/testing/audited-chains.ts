import { hash } from 'node:crypto';
import { chainOf, FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent, ChainLink } from '@countersign/contracts/events/audit-event.ts';
import { FIRST_PREVIOUS, parseCheckpointNote } from '@countersign/contracts/transparency/checkpoint.ts';
import { EMPTY_FRONTIER, grow, leafHash, rootOf } from '@countersign/contracts/transparency/merkle.ts';
import { isSignedBy, verifierKeyOfJwk } from '@countersign/contracts/transparency/note.ts';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database, Statement, Transaction } from '@countersign/platform/postgres/database.ts';

interface EventRow { chain: string; id: string; type: string; run_id: string | null; body: string; seq: string | null; prev_hash: string | null; hash: string | null; line: string | null }
interface CheckpointRow { chain: string; seq: string; hash: string; previous_checkpoint_sha256: string | null; body: string; kid: string; object_key: string; note: string }
interface KeyRow { kid: string; public_jwk: Record<string, string> }

const tenants: Statement = { name: 'test.audited_tenants', text: 'SELECT tenant_id FROM control.tenant_directory ORDER BY tenant_id' };
const events: Statement = {
  name: 'test.audited_events',
  text: `SELECT e.chain, e.id, e.type, e.run_id, e.body, l.seq, encode(l.prev_hash, 'hex') AS prev_hash, encode(l.hash, 'hex') AS hash, l.line
           FROM audit.events e LEFT JOIN audit.links l ON (l.tenant_id, l.event_id) = (e.tenant_id, e.id)
          WHERE e.tenant_id = $1 ORDER BY e.chain, l.seq NULLS LAST`,
};
const heads: Statement = { name: 'test.audited_heads', text: 'SELECT chain, seq, hash FROM audit.chain_heads WHERE tenant_id = $1' };
const checkpoints: Statement = { name: 'test.audited_checkpoints', text: 'SELECT chain, seq, hash, previous_checkpoint_sha256, body, kid, object_key, note FROM audit.checkpoints WHERE tenant_id = $1 ORDER BY chain, number' };
const keys: Statement = { name: 'test.audited_keys', text: `SELECT kid, public_jwk FROM control.signing_keys WHERE tenant_id = $1 AND purpose = 'checkpoint'` };

export interface AuditedChains {
  readonly chains: number;
  readonly events: number;
  readonly checkpoints: number;
  /** Everything that is not as it must be; empty for an audit that can be relied on. */
  readonly faults: readonly string[];
}

/** Computes every chain of every tenant anew from what is stored: bytes, hashes, order, heads, signatures and the notes outside of the database. */
export async function auditChains(database: Database, objects: Objects): Promise<AuditedChains> {
  const faults: string[] = [];
  const counts = { chains: 0, events: 0, checkpoints: 0 };
  for (const { tenant_id: tenantId } of await database.forNoTenant((tx) => tx.rows<{ tenant_id: string }>(tenants))) {
    const record = await database.forTenant(tenantId, (tx) => recordOf(tx, tenantId));
    const byChain = Map.groupBy(record.events, (row) => row.chain);
    counts.chains += byChain.size;
    counts.events += record.events.length;
    counts.checkpoints += record.checkpoints.length;
    for (const [chain, rows] of byChain) {
      faults.push(...linkFaults(tenantId, chain, rows), ...headFaults(chain, rows, record.heads));
      faults.push(...await checkpointFaults(chain, rows, record.checkpoints.filter((row) => row.chain === chain), record.keys, objects));
    }
  }
  return { ...counts, faults };
}

async function recordOf(tx: Transaction, tenantId: string): Promise<{ events: EventRow[]; heads: Array<{ chain: string; seq: string; hash: string }>; checkpoints: CheckpointRow[]; keys: KeyRow[] }> {
  return {
    events: await tx.rows<EventRow>(events, [tenantId]), heads: await tx.rows(heads, [tenantId]),
    checkpoints: await tx.rows<CheckpointRow>(checkpoints, [tenantId]), keys: await tx.rows<KeyRow>(keys, [tenantId]),
  };
}

function linkFaults(tenantId: string, chain: string, rows: readonly EventRow[]): string[] {
  let prev_hash = FIRST_PREV_HASH;
  return rows.flatMap((row, index) => {
    const event = parseCanonical(row.body) as unknown as AuditEvent;
    const link: ChainLink = { seq: index + 1, prev_hash, body_sha256: hash('sha256', row.body, 'hex') };
    const checks: Array<[string, boolean]> = [
      ['its columns say what its body says', event.id === row.id && event.type === row.type && event.run_id === row.run_id && event.tenant_id === tenantId && chainOf(tenantId, event.workspace_id) === chain],
      ['it is sealed, at the next place', row.seq === String(link.seq) && row.prev_hash === prev_hash],
      ['its line is of these bytes and this place', row.line !== null && sameLink(parseCanonical(row.line) as unknown as ChainLink, link)],
      ['its hash is of its line', row.line !== null && row.hash === hash('sha256', row.line, 'hex')],
    ];
    prev_hash = row.hash ?? '';
    return checks.filter(([, holds]) => !holds).map(([what]) => `${chain} event ${row.id}: not so: ${what}`);
  });
}

function sameLink(a: ChainLink, b: ChainLink): boolean {
  return Object.keys(a).length === 3 && a.seq === b.seq && a.prev_hash === b.prev_hash && a.body_sha256 === b.body_sha256;
}

function headFaults(chain: string, rows: readonly EventRow[], known: ReadonlyArray<{ chain: string; seq: string; hash: string }>): string[] {
  const head = known.find((row) => row.chain === chain);
  const last = rows.at(-1);
  return head?.seq === last?.seq && head?.hash === last?.hash ? [] : [`${chain}: the head is not its last event`];
}

async function checkpointFaults(chain: string, rows: readonly EventRow[], signed: readonly CheckpointRow[], known: readonly KeyRow[], objects: Objects): Promise<string[]> {
  const faults = signed.at(-1)?.seq === rows.at(-1)?.seq ? [] : [`${chain}: no checkpoint stands behind its last event`];
  let previous: string | null = null;
  for (const row of signed) {
    const key = known.find((one) => one.kid === row.kid);
    const origin = `countersign.dev/audit/${chain}`;
    const note = parseCheckpointNote(row.note);
    const verifier = verifierKeyOfJwk(origin, key?.public_jwk ?? {});
    const size = Number(row.seq);
    const root = rootOf(grow(EMPTY_FRONTIER, rows.slice(0, size).map((event) => leafHash(event.line ?? ''))));
    const checks: Array<[string, boolean]> = [
      ['its note outside of the database is the same', Buffer.from(await objects.get(row.object_key)).toString() === row.note],
      ['its note is signed by a key of the tenant, for the log of this chain', note !== null && verifier !== null && note.checkpoint.origin === origin && isSignedBy(note.note, verifier)],
      ['it names the checkpoint before', row.previous_checkpoint_sha256 === previous && note?.checkpoint.previous === (previous ?? FIRST_PREVIOUS)],
      ['it says the head and the root of these events', note?.checkpoint.size === size && note.checkpoint.head === row.hash && rows[size - 1]?.hash === row.hash && Buffer.from(note.checkpoint.root).equals(root)],
      ['what the next one names is its text', note?.note.text === row.body],
    ];
    faults.push(...checks.filter(([, holds]) => !holds).map(([what]) => `${chain} checkpoint ${row.seq}: not so: ${what}`));
    previous = hash('sha256', row.body, 'hex');
  }
  return faults;
}
