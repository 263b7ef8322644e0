import { connect } from 'node:net';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What became of connections that were tried: where one was made, and how often each other end. */
export interface Tried {
  readonly reached: readonly string[];
  /** By error code: `ECONNREFUSED` says that the machine is there and nothing listens, `ENETUNREACH` that no way leads there. */
  readonly failed: Readonly<Record<string, number>>;
}

/** TCP ports that a machine has. */
export const PORTS = 65_535;
const AT_A_TIME = 256;
const ANSWER_WITHIN_MS = 2_000;

/** Connects to every one of `targets` over TCP, and hangs up. */
export async function connectAll(targets: readonly Target[]): Promise<Tried> {
  const reached: string[] = [];
  const failed: Record<string, number> = {};
  const left = targets[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const target of left) {
      const code = await connected(target);
      if (code === null) reached.push(`${target.host}:${target.port}`);
      else failed[code] = (failed[code] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, targets.length) }, lane));
  return { reached, failed };
}

/** Null where there was a connection, else the code of what was there instead. */
function connected({ host, port }: Target): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ANSWER_WITHIN_MS });
    const end = (code: string | null): void => { socket.destroy(); resolve(code); };
    socket.once('connect', () => end(null)).once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message)).once('timeout', () => end('no_answer'));
  });
}
