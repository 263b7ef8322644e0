import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ChaosError } from '../errors.ts';
import type { Place } from './read-evidence.ts';
import type { Verdict } from './verdict.ts';

const MOST_BYTES = 256 * 1024 * 1024;

/** Runs the checker as the program of its own that it is. @throws ChaosError `checker_failed` */
export async function judge(place: Place): Promise<Verdict> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'main.ts'), JSON.stringify(place)], { maxBuffer: MOST_BYTES });
    return JSON.parse(stdout) as Verdict;
  } catch (cause) {
    throw new ChaosError('checker_failed', `The checker could not judge: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
