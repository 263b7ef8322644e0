import path from 'node:path';
import { legalTransitionRows } from '@countersign/contracts/states/legal-pairs.ts';
import { migrate } from '@countersign/platform/postgres/migrate.ts';
import { ROOT } from '../config.ts';
import { startPostgres } from '../postgres/postgres.ts';
import type { RunningPostgres } from '../postgres/postgres.ts';
import type { DataFolder } from './data-folder.ts';
import { ensureDatabase, setPasswords } from './repository-provisioning.ts';

const DATABASE = 'countersign';
const RESTART_AFTER_MS = 300;

/** The cell's PostgreSQL: started, migrated, watched, and started again on the same port when it dies. */
export class CellDatabase {
  readonly controlUrl: string;
  readonly executionUrl: string;
  readonly #dataDir: string;
  readonly #say: (line: string) => void;
  #server: RunningPostgres;
  #stopping = false;

  private constructor(server: RunningPostgres, folder: DataFolder, say: (line: string) => void) {
    this.#server = server;
    this.#dataDir = folder.path;
    this.#say = say;
    this.controlUrl = roleUrl(server, 'countersign_control', folder.secrets.control_password);
    this.executionUrl = roleUrl(server, 'countersign_execution', folder.secrets.execution_password);
    void this.#restartWhenItEnds();
  }

  /** @throws PostgresStartError, PostgresError (`migration_failed`, `migration_changed`) */
  static async start(folder: DataFolder, port: number, say: (line: string) => void): Promise<CellDatabase> {
    const server = await startPostgres({ dataDir: folder.path, port, log: say });
    try {
      await ensureDatabase(server.adminUrl, DATABASE);
      await migrate({ adminUrl: databaseUrl(server), folder: path.join(ROOT, 'contracts/database/migrations'), legalTransitions: legalTransitionRows() });
      await setPasswords(server.adminUrl, { countersign_control: folder.secrets.control_password, countersign_execution: folder.secrets.execution_password });
      return new CellDatabase(server, folder, say);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get port(): number {
    return this.#server.port;
  }

  get pid(): number {
    return this.#server.pid;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#server.stop();
  }

  async #restartWhenItEnds(): Promise<void> {
    const { signal, code } = await this.#server.exited;
    if (this.#stopping) return;
    this.#say(`postgres ended (${signal ?? `exit code ${code}`}); starting it again`);
    await this.#restart();
  }

  async #restart(): Promise<void> {
    while (!this.#stopping) {
      try {
        this.#server = await startPostgres({ dataDir: this.#dataDir, port: this.#server.port, log: this.#say });
        this.#say(`postgres is back (pid ${this.#server.pid})`);
        void this.#restartWhenItEnds();
        return;
      } catch (error) {
        this.#say(`postgres did not start: ${(error as Error).message}`);
        await new Promise((resolve) => { setTimeout(resolve, RESTART_AFTER_MS); });
      }
    }
  }
}

function databaseUrl(server: RunningPostgres): string {
  const url = new URL(server.adminUrl);
  url.pathname = `/${DATABASE}`;
  return url.href;
}

function roleUrl(server: RunningPostgres, role: string, password: string): string {
  const url = new URL(databaseUrl(server));
  url.username = role;
  url.password = password;
  return url.href;
}
