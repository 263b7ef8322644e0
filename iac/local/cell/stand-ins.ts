import type { CellOptions } from '../config.ts';
import { ensureRedis } from '../redis/ensure-redis.ts';
import { CellProcess } from './child-process.ts';
import { anyFreePort } from './ports.ts';

export interface StandIns {
  readonly processes: readonly CellProcess[];
  /** What both planes are told of them. */
  readonly shared: Readonly<Record<string, string>>;
  /** What workers are told besides. */
  readonly worker: Readonly<Record<string, string>>;
}

interface StandInsInput {
  readonly options: Pick<CellOptions, 'queue' | 'redis'>;
  readonly common: { readonly logsDir: string; readonly verbose: boolean; readonly say: (line: string) => void };
  /** Starts one, and gives what it said when it was ready. */
  readonly begin: (process: CellProcess) => Promise<{ readonly listening?: string }>;
}

/** Starts what an AWS cell has and a local one does without unless it is asked for: a queue and a Redis. */
export async function startStandIns({ options, common, begin }: StandInsInput): Promise<StandIns> {
  const processes: CellProcess[] = [];
  const beginOne = async (name: string, entry: string): Promise<{ address: string; port: number }> => {
    const port = await anyFreePort();
    const standIn = new CellProcess({ ...common, name, entry, env: { COUNTERSIGN_STAND_IN_PORT: String(port) } });
    processes.push(standIn);
    return { address: (await begin(standIn)).listening ?? '', port };
  };
  const sqs = options.queue === 'sqs' ? await beginOne('sqs-stand-in', 'iac/local/sqs/main.ts') : null;
  // Before its process, which has no time for an installation.
  if (options.redis === true) await ensureRedis(common.say);
  const redis = options.redis === true ? await beginOne('redis', 'iac/local/redis/main.ts') : null;
  return {
    processes,
    shared: redis === null ? {} : { COUNTERSIGN_REDIS_URL: redis.address },
    worker: sqs === null ? {} : { COUNTERSIGN_QUEUE_URL: sqs.address, COUNTERSIGN_QUEUE_ENDPOINT: `http://127.0.0.1:${sqs.port}` },
  };
}
