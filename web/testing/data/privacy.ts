import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Schemas = components['schemas'];

const DAY_MS = 86_400_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

export interface PrivacyState {
  retention: Schemas['Retention'];
  version: number;
  holds: Schemas['LegalHold'][];
}

/** A tenant that keeps content for a month, with a hold in force and one that was released. */
export function privacyState(): PrivacyState {
  return {
    retention: { content_days: 30, content_default_days: 30, operational_days: null, audit_days: 2_555, set_by: idOf('principal', 'owner'), set_at: at(-40 * DAY_MS) },
    version: 1,
    holds: [
      { id: idOf('legal_hold', 'case'), scope: 'subject', target: 'servicenow/incident/INC0010023', reason: 'Case 2026-114: the outage of the desk', set_by: idOf('principal', 'counsel'), set_at: at(-3 * DAY_MS), released_by: null, released_at: null },
      { id: idOf('legal_hold', 'old case'), scope: 'principal', target: idOf('principal', 'former'), reason: null, set_by: idOf('principal', 'counsel'), set_at: at(-90 * DAY_MS), released_by: idOf('principal', 'owner'), released_at: at(-20 * DAY_MS) },
    ],
  };
}
