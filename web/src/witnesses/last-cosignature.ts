import type { Schemas } from '../api/client.ts';

export interface LastCosignature {
  /** Up to which event of this workspace it vouches by that. */
  readonly size: number;
  readonly cosigned_at: string;
}

/** What a witness countersigned last in this workspace, among the given checkpoints, the newest first; null for nothing among them. */
export function lastCosignatureOf(witnessId: string, checkpoints: ReadonlyArray<Pick<Schemas['Checkpoint'], 'size' | 'cosignatures'>>): LastCosignature | null {
  for (const { size, cosignatures } of checkpoints) {
    const found = cosignatures.find(({ witness_id }) => witness_id === witnessId);
    if (found !== undefined) return { size, cosigned_at: found.cosigned_at };
  }
  return null;
}
