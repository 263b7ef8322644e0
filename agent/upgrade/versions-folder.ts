import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { UpgradeTold } from '@countersign/contracts/agent/protocol.ts';
import { writePrivate } from '../enrolment/private-file.ts';
import { UpgradeError } from './errors.ts';

export interface Version {
  readonly version: string;
  readonly sha256: string;
}

/** Which of the files runs, and what is known of it. */
export interface VersionsState {
  /** Null: the file that was installed by hand. */
  readonly current: Version | null;
  /** What ran before, to go back to. */
  readonly previous: Version | null;
  /** Set while the current one has yet to show that it works. */
  readonly probation: { readonly starts: number } | null;
  /** Where the installed file is, as it was last started. */
  readonly installed: string | null;
  /** What the cell is told with each poll. */
  readonly told: UpgradeTold | null;
}

const NOTHING: VersionsState = { current: null, previous: null, probation: null, installed: null, told: null };
const STATE = 'versions.json';

/** `<state_dir>/versions`: releases by their SHA-256, and one small file that says which is which and is written whole or not at all. */
export class VersionsFolder {
  readonly #folder: string;

  constructor(state_dir: string) {
    this.#folder = join(state_dir, 'versions');
  }

  fileOf({ sha256 }: Pick<Version, 'sha256'>): string {
    return join(this.#folder, sha256);
  }

  /** Where a release is written to until all of it is there. */
  async draftOf({ sha256 }: Pick<Version, 'sha256'>): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return `${this.fileOf({ sha256 })}.part`;
  }

  /** A file that cannot be read counts for nothing: then what was installed runs. */
  async read(): Promise<VersionsState> {
    const text = await readFile(join(this.#folder, STATE), 'utf8').catch(() => null);
    try {
      return text === null ? NOTHING : { ...NOTHING, ...(JSON.parse(text) as VersionsState) };
    } catch {
      return NOTHING;
    }
  }

  /** @throws UpgradeError `versions_unwritable` */
  async write(state: VersionsState): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writePrivate(join(this.#folder, STATE), `${JSON.stringify(state, null, 2)}\n`);
    } catch (cause) {
      throw new UpgradeError('versions_unwritable', `${this.#folder} cannot be written to: ${(cause as Error).message}`, { cause });
    }
  }

  /** Every file but those that may still be started. */
  async tidy({ current, previous }: VersionsState): Promise<void> {
    const kept = [STATE, current?.sha256, previous?.sha256];
    for (const name of await readdir(this.#folder).catch(() => [])) if (!kept.includes(name)) await rm(join(this.#folder, name), { force: true });
  }
}
