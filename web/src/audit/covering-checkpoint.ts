import type { Schemas } from '../api/client.ts';

type Checkpoint = Schemas['Checkpoint'];

/** The checkpoint to prove an event by, among the given ones, the newest first: one that somebody countersigned goes before one that nobody did. Null where none covers it. */
export function coveringCheckpoint(checkpoints: readonly Checkpoint[], seq: number): Checkpoint | null {
  const covering = checkpoints.filter(({ size, root }) => size >= seq && root !== null);
  return covering.find(({ cosignatures }) => cosignatures.length > 0) ?? covering[0] ?? null;
}
