import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { locateBinaries } from '../binaries.ts';
import { CHILD_ENV, chooseIdentity, type IdentityKind } from '../identity.ts';

const MAIN = fileURLToPath(new URL('./supervisor-main.ts', import.meta.url));

/** How a supervisor is run: as this user in a given way, or, from root, as an ordinary user. */
export type Way = IdentityKind | 'ordinary user';

export interface Ready {
  adminUrl: string;
  pid: number;
  port: number;
  identity: IdentityKind;
}

export interface Refused {
  code: string;
  message: string;
  exitCode: number | null;
}

/** A supervisor process under test. */
export class Supervisor {
  readonly child: ChildProcess;
  readonly #lines: Interface;
  readonly #iterator: AsyncIterator<string>;
  readonly #exit: Promise<unknown[]>;
  stderr = '';

  constructor(child: ChildProcess) {
    if (!child.stdout || !child.stderr) throw new TypeError('the supervisor needs piped output');
    this.child = child;
    this.#lines = createInterface(child.stdout);
    this.#iterator = this.#lines[Symbol.asyncIterator]();
    this.#exit = once(child, 'exit');
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (this.stderr += chunk));
  }

  async ready(): Promise<Ready> {
    const message = await this.#next();
    if (message['ready'] !== true) throw new TypeError(`not ready: ${JSON.stringify(message)}`);
    return message as unknown as Ready;
  }

  async refused(): Promise<Refused> {
    const message = await this.#next();
    await this.#exit;
    return { code: String(message['code']), message: String(message['message']), exitCode: this.child.exitCode };
  }

  /** What the supervisor says when its server ends. */
  async serverExit(): Promise<Record<string, unknown>> {
    return this.#next();
  }

  async stop(): Promise<void> {
    this.child.stdin?.end();
    await this.#exit;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exit;
  }

  async #next(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#iterator.next();
    if (done === true) throw new TypeError(`the supervisor said nothing: ${this.stderr}`);
    return JSON.parse(value) as Record<string, unknown>;
  }
}

/** Starts a supervisor on a data folder, whose server outlives it when `loose`. An ordinary user must be able to write there. */
export async function startSupervisor(way: Way, dataDir: string, { port = 0, loose = false }: { port?: number; loose?: boolean } = {}): Promise<Supervisor> {
  const kind = way === 'ordinary user' || way === 'self' ? 'any' : way;
  const script = [MAIN, dataDir, String(port), kind, loose ? 'loose' : 'tethered'];
  const command = way === 'ordinary user' ? await asOrdinaryUser(dataDir, script) : { file: process.execPath, args: script };
  return new Supervisor(spawn(command.file, command.args, { ...command, env: CHILD_ENV, stdio: ['pipe', 'pipe', 'pipe'] }));
}

/** Which ways can be tested on this machine in this folder. */
export async function availableWays(dataDir: string): Promise<Way[]> {
  if (process.getuid?.() !== 0) return ['self'];
  const binaries = await locateBinaries();
  const ways: Way[] = ['ordinary user'];
  for (const kind of ['account', 'namespace', 'capability'] as const) {
    await chooseIdentity(binaries, dataDir, [kind]).then(() => ways.push(kind), () => undefined);
  }
  return ways;
}

async function asOrdinaryUser(dataDir: string, script: string[]): Promise<{ file: string; args: string[]; uid?: number; gid?: number }> {
  const identity = await chooseIdentity(await locateBinaries(), dataDir);
  return identity.command(process.execPath, script);
}
