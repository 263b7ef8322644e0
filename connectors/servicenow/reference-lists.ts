import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { ActionContext, JsonObject } from '../sdk/connector.ts';
import type { PriorityRule } from './priority.ts';

export interface Choice {
  readonly element: string;
  readonly value: string;
  readonly label: string;
  readonly dependent_value: string;
}

export interface ReferenceLists {
  readonly choices: readonly Choice[];
  readonly rules: readonly PriorityRule[];
  readonly group: { readonly sys_id: string; readonly name: string } | null;
  /** SHA-256 of the lists that the values were checked against: part of the prepared action, and so of its evidence. */
  readonly digests: { readonly choices: string; readonly priority_rules: string };
  /** Whether any of them was remembered rather than read for this call. */
  readonly remembered: boolean;
}

/** Admins change these lists rarely; a value that they have just added is found all the same (see `validatedBy`). */
const KEPT_MS = 600_000;
const CHOICES = 'choices';
const RULES = 'priority_rules';

/**
 * The lists of this instance that a write depends on, and the group of this name. Each is read once in ten minutes by a governed call of
 * its own; in between it is remembered for this instance and credential, and no call is made.
 */
export async function readLists(context: ActionContext, groupName: string | null): Promise<ReferenceLists> {
  const [choices, rules, group] = await Promise.all([
    remembered(context, CHOICES, 'servicenow/choices.list', {}),
    remembered(context, RULES, 'servicenow/priority.rules', {}),
    groupName === null ? null : remembered(context, groupKey(groupName), 'servicenow/group.resolve', { name: groupName }),
  ]);
  // Shapes are the manifest's, checked by the gateway.
  return {
    choices: choices.output['choices'] as unknown as Choice[],
    rules: rules.output['rules'] as unknown as PriorityRule[],
    group: (group?.output ?? null) as ReferenceLists['group'],
    digests: { choices: choices.digest, priority_rules: rules.digest },
    remembered: choices.remembered || rules.remembered || group?.remembered === true,
  };
}

/** The next write reads everything afresh. */
export function forgetLists(context: ActionContext): void {
  context.cache.clear();
}

interface Remembered {
  readonly output: JsonObject;
  readonly digest: string;
  readonly remembered: boolean;
}

async function remembered(context: ActionContext, key: string, action: string, parameters: JsonObject): Promise<Remembered> {
  const known = context.cache.get(key);
  if (known !== null) return { output: known['output'] as JsonObject, digest: String(known['digest']), remembered: true };
  const output = await context.call(action, parameters);
  const digest = digestOf(output);
  context.cache.put(key, { output, digest }, KEPT_MS);
  return { output, digest, remembered: false };
}

function groupKey(name: string): string {
  return `group:${name}`;
}
