import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { CallResult } from '../../gateway/ports.ts';
import type { JsonObject } from '../../sdk/connector.ts';
import type { Bench, World } from '../bench.ts';
import { demand } from '../failure.ts';

export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

export function actionsOf({ connector }: Bench): ReadonlyArray<readonly [string, ActionManifest]> {
  return Object.entries(connector.manifest.actions);
}

export function writesOf(bench: Bench): ReadonlyArray<readonly [string, ActionManifest]> {
  return actionsOf(bench).filter(([, { risk }]) => risk === 'write' || risk === 'destructive');
}

/** Parameters of `action` that succeed, after what it needs has been done in this world. */
export async function ready(bench: Bench, world: World, action: string): Promise<JsonObject> {
  const { after = [], parameters } = bench.subjectOf(action);
  for (const earlier of after) {
    const result = await world.call(earlier, await bench.subjectOf(earlier).parameters());
    demand(result.kind === 'succeeded', `${earlier}, which ${action} comes after, ended as ${told(result)}.`);
  }
  return parameters();
}

export function told(result: CallResult): string {
  switch (result.kind) {
    case 'failed':
    case 'uncertain': return `${result.kind} (${result.error.code}: ${result.error.message})`;
    case 'denied': return `denied (${result.reasons.map(({ message }) => message).join('; ')})`;
    default: return result.kind;
  }
}
