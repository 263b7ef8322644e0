import { canonicalBytes, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { cells, columnsOf, namesOf, recordset } from '@countersign/platform/postgres/recordset.ts';
import type { Column } from '@countersign/platform/postgres/recordset.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import { ExecutionError } from '../errors.ts';

export type ContentKind = 'trigger' | 'output' | 'action' | 'item';

/** Content ready to be stored: sealed under the tenant's key and bound to its own id. */
export interface SealedContent {
  readonly tenantId: string;
  readonly id: string;
  readonly kind: ContentKind;
  readonly sealed: Uint8Array;
  /** `sha256:<hex>` of the plain bytes: stays when the content is shredded. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly labels: readonly Label[];
  readonly expiresAt: Date;
}

/** A connector's output may be larger than a webhook: a training step reads thousands of records, and a page of them is one output. */
const MAX_CONTENT_BYTES = 8 * 1024 * 1024;

const DAY_MS = 86_400_000;
/** Where content is not kept: as long as a run that is still open may need it. It goes as soon as the run is proven (`evidence/`). */
export const LONGEST_OPEN_MS = 14 * DAY_MS;

/** Seals what runs read and produce, and opens it again. It is stored and shredded by the statements that move the run. */
export class Contents {
  readonly #keys: Keys;
  /** How long content is kept where its tenant says nothing; 0: no longer than its run needs it. */
  readonly retentionMs: number;
  /** When it goes at the latest where its tenant says nothing. */
  readonly keptMs: number;
  readonly #daysOf: (tenantId: string) => Promise<number | null>;

  /** `daysOf`: what a tenant says itself, which goes before `retentionDays`. */
  constructor(keys: Keys, retentionDays: number, daysOf: (tenantId: string) => Promise<number | null> = () => Promise.resolve(null)) {
    this.#keys = keys;
    this.retentionMs = retentionDays * DAY_MS;
    this.keptMs = keptFor(retentionDays);
    this.#daysOf = daysOf;
  }

  /** Seals the canonical JSON of `value`. */
  async seal(tenantId: string, kind: ContentKind, value: unknown, labels: readonly Label[], now: Date): Promise<SealedContent> {
    const bytes = canonicalBytes(value, MAX_CONTENT_BYTES);
    const id = newId('content');
    const days = await this.#daysOf(tenantId);
    return {
      tenantId, id, kind, labels,
      sealed: await this.#keys.seal(tenantId, 'content', id, bytes),
      sha256: digestOfBytes(bytes),
      sizeBytes: bytes.byteLength,
      expiresAt: new Date(now.getTime() + (days === null ? this.keptMs : keptFor(days))),
    };
  }

  /** Whether the tenant's content is kept no longer than its run needs it: then it goes once the run is proven. */
  async isKeptForRunsOnly(tenantId: string): Promise<boolean> {
    return (await this.#daysOf(tenantId) ?? this.retentionMs) === 0;
  }

  /** Seals bytes that are kept elsewhere than in `execution.contents`, bound to `name`. */
  sealBytes(tenantId: string, name: string, bytes: Uint8Array): Promise<Uint8Array> {
    return this.#keys.seal(tenantId, 'content', name, bytes);
  }

  /** @throws KeysError `unseal_failed` */
  openBytes(tenantId: string, name: string, sealed: Uint8Array): Promise<Uint8Array> {
    return this.#keys.unseal(tenantId, 'content', name, sealed);
  }

  /** @throws ExecutionError `content_shredded`; KeysError `unseal_failed` */
  async open<Value extends object>(tenantId: string, id: string, sealed: Uint8Array | null): Promise<Value> {
    if (sealed === null) throw new ExecutionError('content_shredded', `The content ${id} is not kept any more: its retention is over. Start a new run.`);
    return JSON.parse(Buffer.from(await this.#keys.unseal(tenantId, 'content', id, sealed)).toString('utf8')) as Value;
  }
}

function keptFor(days: number): number {
  return days === 0 ? LONGEST_OPEN_MS : days * DAY_MS;
}

export const CONTENT_COLUMNS: ReadonlyArray<Column<SealedContent>> = [
  { name: 'tenant_id', type: 'text', of: (content) => content.tenantId },
  { name: 'id', type: 'text', of: (content) => content.id },
  { name: 'kind', type: 'text', of: (content) => content.kind },
  { name: 'sealed', type: 'bytea', of: (content) => content.sealed },
  { name: 'sha256', type: 'text', of: (content) => content.sha256 },
  { name: 'size_bytes', type: 'int', of: (content) => content.sizeBytes },
  { name: 'labels', type: 'jsonb', of: (content) => JSON.stringify(content.labels) },
  { name: 'expires_at', type: 'timestamptz', of: (content) => content.expiresAt.toISOString() },
];

/** The named step that stores contents; `first` is the number of the first of its eight parameters, in the order of `contentValues`. */
export function contentStep(first: number): string {
  return `stored AS (
      INSERT INTO execution.contents (${namesOf(CONTENT_COLUMNS)}) SELECT ${cells('c', CONTENT_COLUMNS)} FROM ${recordset('c', CONTENT_COLUMNS, first)}
    )`;
}

export function contentValues(contents: readonly SealedContent[]): unknown[] {
  return columnsOf(CONTENT_COLUMNS, contents);
}
