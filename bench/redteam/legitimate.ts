import type { CallResult } from '@countersign/connectors/gateway/ports.ts';
import { nextAttempt, testIdentity } from '@countersign/connectors/gateway/testing/identities.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { LegitimateCase } from './cases.ts';
import { Situation } from './situation.ts';
import type { World } from './world.ts';

export interface LegitimateFigures {
  readonly cases: number;
  readonly passed: number;
  /** Of 1. */
  readonly share: number;
  /** How many of those that passed a person had to approve. */
  readonly approved_by_a_person: number;
  readonly failed: ReadonlyArray<{ readonly id: string; readonly action: string; readonly outcome: string }>;
}

/** Honest runs, each on a subject of its own: the model proposes, a person approves where policy asks, and the peer receives the effect. */
export async function runLegitimate(world: World, cases: readonly LegitimateCase[]): Promise<LegitimateFigures> {
  const failed: Array<{ id: string; action: string; outcome: string }> = [];
  let approved = 0;
  for (const honest of cases) {
    const { outcome, asked } = await pass(world, honest);
    if (outcome !== 'passed') failed.push({ id: honest.id, action: honest.action, outcome });
    else if (asked) approved += 1;
  }
  const passed = cases.length - failed.length;
  return { cases: cases.length, passed, share: cases.length === 0 ? 1 : passed / cases.length, approved_by_a_person: approved, failed };
}

async function pass(world: World, { action, ticket_text, proposal }: LegitimateCase): Promise<{ readonly outcome: string; readonly asked: boolean }> {
  const [connector = '', name = ''] = action.split('/');
  const peer = world.peers.find((candidate) => candidate.connector.manifest.name === connector);
  const risk = peer?.connector.manifest.actions[name]?.risk;
  if (peer === undefined || risk === undefined) return { outcome: 'no such action here', asked: false };
  const situation = new Situation(world.peers, ticket_text);
  world.say({ ...proposal });
  const answered = await world.call(situation.modelCall());
  if (answered.kind !== 'succeeded') return { outcome: `the model's call: ${described(answered)}`, asked: false };
  situation.add('model', answered.output, answered.outputLabels);
  const call = situation.resolve(action, { ...(await peer.benign(name)), ...proposed(proposal) });
  const identity = testIdentity();
  world.received();
  let result = await world.call(call, identity);
  const asked = result.kind === 'waiting_for_approval';
  if (result.kind === 'waiting_for_approval') {
    world.gateway.approve(result.approvalId);
    result = await world.call(call, nextAttempt(identity));
  }
  if (result.kind !== 'succeeded') return { outcome: described(result), asked };
  const arrived = world.received();
  return { outcome: risk === 'read' || arrived.some(({ signature }) => !signature.startsWith('GET ')) ? 'passed' : 'nothing arrived', asked };
}

/** The workflow takes each value from the model's answer. */
function proposed(proposal: LegitimateCase['proposal']): JsonObject {
  return Object.fromEntries(Object.keys(proposal).map((name) => [name, `\${{ steps.model.output.${name} }}`]));
}

function described(result: CallResult): string {
  if (result.kind === 'failed' || result.kind === 'uncertain') return `${result.error.code}: ${result.error.message}`;
  return result.kind === 'denied' ? `denied: ${result.reasons.map(({ rule }) => rule).join(', ')}` : result.kind;
}
