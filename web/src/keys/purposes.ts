import type { components } from '@countersign/contracts/openapi/api.generated.ts';

/** What keys sign, the order in which they are offered. */
export const PURPOSES: ReadonlyArray<components['schemas']['SigningPurpose']> = ['policy_bundle', 'checkpoint', 'evidence', 'webhook', 'work_order', 'agent_release'];
