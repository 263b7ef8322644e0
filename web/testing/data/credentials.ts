import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Credential = components['schemas']['Credential'];

const DAY_MS = 86_400_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

/** One in use and sealed, one that is kept elsewhere, a webhook's that overlaps, and one that nothing uses. */
export function credentials(): Credential[] {
  const use = (name: string, as: string): Credential['used_by'][number] => ({ instance_id: idOf('connector_instance', name), name, as });
  return [
    credentialOf('servicenow-prod', { kind: 'oauth_client_credentials', version: 3, used_by: [use('sandbox', 'credential')], rotated_at: at(-6 * DAY_MS) }),
    credentialOf('servicenow-webhook', { kind: 'webhook_secret', version: 2, used_by: [use('sandbox', 'webhook')], rotated_at: at(-3_600_000), previous_until: at(82_800_000) }),
    credentialOf('anthropic', { kind: 'api_key', source: 'aws-sm', secret_ref: 'aws-sm:models/anthropic#key', used_by: [use('models', 'credential')] }),
    credentialOf('left-over', {}),
  ];
}

export function credentialOf(name: string, more: Partial<Credential>): Credential {
  return { id: idOf('credential', name), name, kind: 'basic', version: 1, source: 'sealed', secret_ref: null, used_by: [], created_at: at(-90 * DAY_MS), rotated_at: null, previous_until: null, ...more };
}
