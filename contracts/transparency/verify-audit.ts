import { parseCheckpointNote } from './checkpoint.ts';
import { beginChain, endChain, readLine } from './verify-chain.ts';
import type { ChainVerified } from './verify-chain.ts';
import { verifyCheckpoints } from './verify-checkpoints.ts';
import type { AuditFault, CheckpointRules, Promised } from './verify-checkpoints.ts';

export interface AuditRules extends CheckpointRules {
  /** A checkpoint that somebody kept: the chain must go on from exactly this. */
  readonly expected?: string;
}

/** What was found, and what nobody can tell from what was there. */
export interface AuditVerification {
  readonly verified: boolean;
  readonly chain: string;
  readonly events: number;
  readonly checkpoints: number;
  readonly head: string;
  /** Base64. */
  readonly root: string;
  /** Up to which event a witness vouches, by its name. */
  readonly witnessed: Readonly<Record<string, number>>;
  readonly faults: readonly AuditFault[];
  readonly not_proven: readonly string[];
}

/** Computes a chain and its checkpoints anew, from lines as they come. `notes`: in the order in which they were signed, with their cosignatures. */
export async function verifyAudit(lines: AsyncIterable<string> | Iterable<string>, notes: readonly string[], rules: AuditRules): Promise<AuditVerification> {
  const { promised, faults, fromFirst } = verifyCheckpoints(notes, rules);
  const expected = rules.expected === undefined ? null : expectation(rules.expected, rules);
  const state = beginChain(rules.chain, [...promised, ...expected?.promised ?? []]);
  for await (const line of lines) readLine(state, line);
  const chain = endChain(state);
  const all = [...faults, ...expected?.faults ?? [], ...chain.faults];
  return {
    verified: all.length === 0, chain: rules.chain, events: chain.events, checkpoints: promised.length, head: chain.head, root: chain.root,
    witnessed: Object.fromEntries(rules.witnesses.map(({ name }) => [name, witnessedBy(name, promised)])),
    faults: all, not_proven: [...(fromFirst ? [] : ['What was signed before the first of these checkpoints is not here.']), ...notProven(chain, promised, rules)],
  };
}

/** A note that was kept elsewhere is checked as any other. */
function expectation(text: string, rules: AuditRules): { promised: readonly Promised[]; faults: readonly AuditFault[] } {
  const found = verifyCheckpoints([text], { ...rules, witnesses: [] });
  const renamed = found.faults.map((fault) => ({ ...fault, at: 'expected checkpoint' }));
  if (parseCheckpointNote(text) === null) return { promised: [], faults: renamed };
  return { promised: found.promised.map((one) => ({ ...one, name: 'expected checkpoint' })), faults: renamed };
}

function witnessedBy(name: string, promised: readonly Promised[]): number {
  return promised.filter(({ witnesses }) => witnesses.includes(name)).at(-1)?.checkpoint.size ?? 0;
}

function notProven(chain: ChainVerified, promised: readonly Promised[], rules: AuditRules): string[] {
  const said: string[] = [];
  if (chain.openTail > 0) said.push(`${chain.openTail} events behind the newest checkpoint are linked, but nobody has signed for them: were they cut off, nobody would see it.`);
  if (chain.bodiesEnded > 0) said.push(`${chain.bodiesEnded} events show only their digest, since their retention has ended: that they were there is proven, what they said is not.`);
  if (rules.expected === undefined && promised.length > 0) said.push(`Whether events followed behind checkpoint ${promised.length} is not known without one that was kept elsewhere (--expect).`);
  if (rules.witnesses.length === 0) said.push('That this is the one history, and not a second one signed with the same key, is vouched for by no witness (--witness).');
  for (const { name } of rules.witnesses) {
    const size = witnessedBy(name, promised);
    if (size < chain.events) said.push(size === 0 ? `The witness ${name} has countersigned none of these checkpoints.` : `The witness ${name} vouches for the first ${size} events, not for the ${chain.events - size} behind them.`);
  }
  return said;
}
