import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Schemas = components['schemas'];

const DAY_MS = 86_400_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

export interface PrivacyState {
  retention: Schemas['Retention'];
  version: number;
  holds: Schemas['LegalHold'][];
  erasures: Schemas['ErasureRequest'][];
}

/** A tenant that keeps content for a month, with a hold in force and one that was released. */
export function privacyState(): PrivacyState {
  return {
    retention: { content_days: 30, content_default_days: 30, operational_days: null, audit_days: 2_555, set_by: idOf('principal', 'owner'), set_at: at(-40 * DAY_MS) },
    version: 1,
    erasures: [
      erasureOf('held one', { state: 'held', blocked_by: idOf('legal_hold', 'case') }),
      erasureOf('done', { state: 'completed', counts: { deliveries: 12, contents: 31 }, completed_at: at(-DAY_MS), evidence_package_id: idOf('evidence_package', 'erasure') }),
    ],
    holds: [
      { id: idOf('legal_hold', 'case'), scope: 'subject', target: 'servicenow/incident/INC0010023', reason: 'Case 2026-114: the outage of the desk', set_by: idOf('principal', 'counsel'), set_at: at(-3 * DAY_MS), released_by: null, released_at: null },
      { id: idOf('legal_hold', 'old case'), scope: 'principal', target: idOf('principal', 'former'), reason: null, set_by: idOf('principal', 'counsel'), set_at: at(-90 * DAY_MS), released_by: idOf('principal', 'owner'), released_at: at(-20 * DAY_MS) },
    ],
  };
}

export function erasureOf(name: string, more: Partial<Schemas['ErasureRequest']>): Schemas['ErasureRequest'] {
  return { id: idOf('erasure_request', name), state: 'requested', pseudonym: `erased-${name.length}`, principal_id: null, blocked_by: null, waiting_runs: 0, counts: {}, retained: { objects: 0, until: null }, error: null, requested_by: idOf('principal', 'owner'), requested_at: at(-2 * DAY_MS), completed_at: null, evidence_package_id: null, ...more };
}
