import { setTimeout as pause } from 'node:timers/promises';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { ApiClient } from '../api-client.ts';
import { CliError } from '../errors.ts';
import { say } from '../output.ts';

export type EvidencePackage = components['schemas']['EvidencePackage'];

const LOOK_EVERY_MS = 500;

/** Looks at a package until it is built. @throws CliError `request_refused` when it could not be built, or not within `wait_ms` */
export async function untilBuilt(api: ApiClient, asked: EvidencePackage, wait_ms: number): Promise<EvidencePackage> {
  const deadline_ms = Date.now() + wait_ms;
  let current = asked;
  let told = '';
  while (current.state !== 'built') {
    if (current.state === 'failed') throw new CliError('request_refused', `${current.id} could not be built. ${current.error?.code ?? 'internal'}: ${current.error?.message ?? 'no explanation'}`);
    if (Date.now() >= deadline_ms) throw new CliError('request_refused', `${current.id} is ${current.state} still. It goes on by itself; fetch it later with: countersign evidence package get ${current.id}`);
    if (current.state !== told) say(`${current.id} is ${current.state} ...`);
    told = current.state;
    await pause(LOOK_EVERY_MS);
    current = await api.call('get', '/api/v1/evidence-packages/{package_id}', { path: { package_id: current.id } });
  }
  return current;
}
