import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Schemas = components['schemas'];

const DAY_MS = 86_400_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

export interface AuditPeersState {
  sinks: Schemas['Sink'][];
  witnesses: Schemas['Witness'][];
}

/** A sink that keeps up, one that does not take what it is sent, one that is paused; a witness that vouches and one that does not answer. */
export function auditPeersState(): AuditPeersState {
  const position = (key: string, delivered: number, head: number, last_error: string | null = null): Schemas['Sink']['positions'][number] => ({ workspace_id: idOf('workspace', key), delivered, head, lag: head - delivered, last_error });
  return {
    sinks: [
      sinkOf('siem', { name: 'Splunk', positions: [position('it', 165, 165), position('hr', 12, 12)] }),
      sinkOf('down', { name: 'Security lake', format: 'native', types: ['approval.*', 'policy.released', 'break_glass.*'], shows_sensitive: true, state: 'failing', endpoint: 'https://collector.security-lake.acme.example/v1/ingest/countersign', positions: [position('it', 110, 165, 'The sink answered 503.'), position('hr', 12, 12)] }),
      sinkOf('archive', { name: 'Archive', kind: 's3', format: 'cef', state: 'disabled', endpoint: `t/${idOf('tenant', 'acme')}/siem/${idOf('audit_sink', 'archive')}/`, positions: [position('it', 140, 165), position('hr', 0, 12)] }),
    ],
    witnesses: [
      witnessOf('auditor', { name: 'auditor.example/witness', required: true, positions: [{ workspace_id: idOf('workspace', 'it'), size: 100, last_error: null, refused: false }, { workspace_id: idOf('workspace', 'hr'), size: 12, last_error: null, refused: false }] }),
      witnessOf('partner', { name: 'partner.example/w1', positions: [{ workspace_id: idOf('workspace', 'it'), size: 0, last_error: 'It did not answer within 10 s.', refused: false }] }),
    ],
  };
}

export function sinkOf(key: string, more: Partial<Schemas['Sink']>): Schemas['Sink'] {
  return { id: idOf('audit_sink', key), name: key, kind: 'webhook', format: 'ocsf', endpoint: 'https://siem.acme.example/services/countersign', types: null, shows_sensitive: false, state: 'active', version: 1, created_at: at(-12 * DAY_MS), positions: [], ...more };
}

export function witnessOf(key: string, more: Partial<Schemas['Witness']>): Schemas['Witness'] {
  return { id: idOf('witness', key), name: `${key}.example`, vkey: `${key}.example/witness+1a2b3c4d+BAmadeUpKeyThatVerifiesNothing`, url: `https://${key}.example/witness`, required: false, created_at: at(-30 * DAY_MS), positions: [], ...more };
}
