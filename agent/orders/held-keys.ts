import schema from '@countersign/contracts/agent/key-set.schema.json' with { type: 'json' };
import { KEY_SET_PAYLOAD } from '@countersign/contracts/agent/key-set.ts';
import type { AgentKey, AgentKeyPurpose, AgentKeySet } from '@countersign/contracts/agent/key-set.ts';
import { isSignedBy, openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import { statementReader } from './statement.ts';

const readKeySet = statementReader<AgentKeySet>(schema);

/**
 * The keys that this agent believes. A newer set is taken only on the word of one that is held already, so that whoever takes over the cell's
 * address, or its certificate authority, cannot bring keys of its own.
 */
export class HeldKeys {
  #set: AgentKeySet;

  constructor(set: AgentKeySet) {
    this.#set = set;
  }

  /** The set of an enrolment, taken on the word of the connection that the token pinned. Undefined where it is none of `tenantId`. */
  static first(envelope: unknown, tenantId: string): HeldKeys | undefined {
    const opened = openedEnvelope(envelope, KEY_SET_PAYLOAD);
    const set = opened === undefined ? undefined : readKeySet(opened.payload);
    if (opened === undefined || set === undefined || set.tenant_id !== tenantId) return undefined;
    const keys = new HeldKeys(set);
    return opened.signatures.some((signature) => keys.#holdsFor('work_order', KEY_SET_PAYLOAD, opened.payload, signature)) ? keys : undefined;
  }

  get seq(): number {
    return this.#set.seq;
  }

  /** As it is kept over a restart. */
  get set(): AgentKeySet {
    return this.#set;
  }

  keys(purpose: AgentKeyPurpose): readonly AgentKey[] {
    return this.#set.keys.filter((key) => key.purpose === purpose && !key.revoked);
  }

  /** Whether the set in `envelope` is newer and signed by a key that is held: then it takes the place of the one before. */
  accept(envelope: unknown): boolean {
    const opened = openedEnvelope(envelope, KEY_SET_PAYLOAD);
    if (opened === undefined || !opened.signatures.some((signature) => this.#holdsFor('work_order', KEY_SET_PAYLOAD, opened.payload, signature))) return false;
    const set = readKeySet(opened.payload);
    if (set === undefined || set.tenant_id !== this.#set.tenant_id || set.seq <= this.#set.seq) return false;
    this.#set = set;
    return true;
  }

  /** Whether one of `signatures` is of an unrevoked key for `purpose`. */
  hold(purpose: AgentKeyPurpose, payloadType: string, payload: Uint8Array, signatures: ReadonlyArray<{ readonly keyid: string; readonly signature: Uint8Array }>): boolean {
    return signatures.some((signature) => this.#holdsFor(purpose, payloadType, payload, signature));
  }

  #holdsFor(purpose: AgentKeyPurpose, payloadType: string, payload: Uint8Array, { keyid, signature }: { readonly keyid: string; readonly signature: Uint8Array }): boolean {
    const key = this.keys(purpose).find(({ kid }) => kid === keyid);
    return key !== undefined && key.algorithm === 'EdDSA' && isSignedBy(key.jwk, payloadType, payload, signature);
  }
}
