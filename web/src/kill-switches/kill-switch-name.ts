import type { components } from '@countersign/contracts/openapi/api.generated.ts';

/** `Environment prod`, `Workflow incident-triage`, `The whole tenant`: what is stopped, as people know it. */
export function nameOf({ scope, target_name, target_id }: Pick<components['schemas']['KillSwitch'], 'scope' | 'target_name' | 'target_id'>): string {
  if (scope === 'tenant') return 'The whole tenant';
  return `${scope.slice(0, 1).toUpperCase()}${scope.slice(1)} ${target_name ?? target_id}`;
}
