import { redactEvidence } from '@countersign/cli/evidence/redact.ts';
import { verifyEvidence } from '@countersign/cli/evidence/verify.ts';
import { decodeArchive, encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { INDEX_FILE, NEVER_WITHHELD } from '@countersign/contracts/evidence/statement.ts';
import { parseCheckpointNote } from '@countersign/contracts/transparency/checkpoint.ts';
import { isVerified } from './audit-corpora.ts';
import type { Material } from './material.ts';
import { randomOf } from './tally.ts';

export interface CleanExports {
  readonly exports: number;
  /** What was refused and holds. */
  readonly false_alarms: readonly string[];
}

/** What a cell and whoever passes it on may give out: each must verify. As it came, packed anew, with files left out, with and without keys, and the audit to each checkpoint. */
export async function verifyCleanExports(material: Material, wanted: number, seed: number): Promise<CleanExports> {
  const { keys, audit } = material;
  const random = randomOf(seed);
  const alarms: string[] = [];
  let exports = 0;
  const verify = (bytes: Uint8Array, what: string): void => {
    exports += 1;
    try {
      verifyEvidence(bytes, { trustedKeys: exports % 2 === 0 ? keys : null });
    } catch (error) {
      alarms.push(`${what}: ${(error as Error).message}`);
    }
  };
  for (const bytes of [...material.bundles, ...material.packages]) {
    verify(bytes, 'as it came');
    verify(encodeArchive(new Map([...decodeArchive(bytes)].reverse())), 'packed anew');
  }
  for (const [at, note] of audit.notes.entries()) {
    exports += 1;
    const size = parseCheckpointNote(note)?.checkpoint.size ?? 0;
    if (!await isVerified({ ...audit, notes: audit.notes.slice(0, at + 1), lines: audit.lines.slice(0, size) }, keys)) alarms.push(`the audit to checkpoint ${at}`);
  }
  const redactable = [...material.bundles, ...material.packages];
  for (let left = wanted - exports; left > 0; left -= 1) {
    const bytes = redactable[random(redactable.length)]!;
    const may = [...decodeArchive(bytes).keys()].filter((path) => !NEVER_WITHHELD.has(path) && path !== INDEX_FILE);
    const without = new Set(Array.from({ length: 1 + random(5) }, () => may[random(may.length)]!));
    verify(redactEvidence(bytes, [...without], 'to try it'), `without ${[...without].join(', ')}`);
  }
  return { exports, false_alarms: alarms };
}
