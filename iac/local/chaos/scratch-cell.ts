import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { legalTransitionRows } from '@countersign/contracts/states/legal-pairs.ts';
import { migrate } from '@countersign/platform/postgres/migrate.ts';
import { ensureDatabase, setPasswords } from '../cell/repository-provisioning.ts';
import { ROOT } from '../config.ts';
import { startPostgres } from '../postgres/postgres.ts';
import type { RunningPostgres } from '../postgres/postgres.ts';

const NAME = 'chaos';
/** It waits for the disk, as in production; when each transaction committed is kept, so that "before" can be judged. */
const SETTINGS = { max_connections: '300', track_commit_timestamp: 'on' } as const;

/** A folder and a PostgreSQL of its own in it, which can be crashed. */
export class ScratchCell {
  readonly folder: string;
  readonly #password = randomBytes(16).toString('hex');
  #server: RunningPostgres;

  private constructor(folder: string, server: RunningPostgres) {
    this.folder = folder;
    this.#server = server;
  }

  static async open(): Promise<ScratchCell> {
    const folder = await mkdtemp(path.join(tmpdir(), 'countersign-chaos-'));
    await chmod(folder, 0o755);
    const cell = new ScratchCell(folder, await startPostgres({ dataDir: folder, log: () => undefined, settings: SETTINGS }));
    await ensureDatabase(cell.#server.adminUrl, NAME);
    await migrate({ adminUrl: cell.url(), folder: path.join(ROOT, 'contracts/database/migrations'), legalTransitions: legalTransitionRows() });
    await setPasswords(cell.#server.adminUrl, { countersign_control: cell.#password, countersign_execution: cell.#password });
    return cell;
  }

  /** Of the superuser, or of a login role. */
  url(role?: 'countersign_control' | 'countersign_execution'): string {
    const url = new URL(this.#server.adminUrl);
    url.pathname = `/${NAME}`;
    if (role !== undefined) [url.username, url.password] = [role, this.#password];
    return url.href;
  }

  path(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Stops PostgreSQL as a crash does (SIGQUIT, "immediate": no checkpoint, no farewell to clients) and starts it again on the same port. */
  async crashPostgres(): Promise<void> {
    const { pid, port, exited } = this.#server;
    process.kill(pid, 'SIGQUIT');
    await exited;
    this.#server = await startPostgres({ dataDir: this.folder, port, log: () => undefined, settings: SETTINGS });
  }

  /** @param keep leaves the files where they are */
  async close(keep: boolean): Promise<void> {
    await this.#server.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }
}
