import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AcceptedLine, EffectLine, Evidence, StruckLine } from './evidence.ts';
import { readHistory } from './repository-history.ts';

export interface Place {
  /** With `accepted.jsonl` and `strikes.jsonl` of the driver and `peer.jsonl` of the peer. */
  readonly folder: string;
  readonly databaseUrl: string;
  readonly leaseMs: number;
}

export async function readEvidence({ folder, databaseUrl, leaseMs }: Place): Promise<Evidence> {
  const [accepted, strikes, effects, history] = await Promise.all([
    linesOf<AcceptedLine>(path.join(folder, 'accepted.jsonl')), linesOf<StruckLine>(path.join(folder, 'strikes.jsonl')), linesOf<EffectLine>(path.join(folder, 'peer.jsonl')), readHistory(databaseUrl),
  ]);
  return { accepted, strikes, effects, ...history, lease_ms: leaseMs };
}

/** A file that nothing was written to need not be there. */
async function linesOf<T>(file: string): Promise<T[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
