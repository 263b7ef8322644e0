import path from 'node:path';
import { ensureMoto } from '../aws/moto.ts';
import { ROOT } from '../config.ts';
import type { CellOptions } from '../config.ts';
import { ensureRedis } from '../redis/ensure-redis.ts';
import { awsEnvironment, isOnAws, madeAwsSide } from './aws-side.ts';
import type { AwsSide } from './aws-side.ts';
import { CellProcess } from './child-process.ts';
import type { Ready } from './child-process.ts';
import type { DataFolder } from './data-folder.ts';
import { anyFreePort } from './ports.ts';

export interface StandIns {
  readonly processes: readonly CellProcess[];
  /** What both planes are told of them. */
  readonly shared: Readonly<Record<string, string>>;
  /** What workers are told besides. */
  readonly worker: Readonly<Record<string, string>>;
  readonly aws: AwsSide;
  /** Of the stand-in for AWS; empty where there is none. */
  readonly awsEndpoint: string;
}

interface StandInsInput {
  readonly options: Pick<CellOptions, 'queue' | 'redis'>;
  readonly asked: AwsSide;
  readonly folder: DataFolder;
  readonly common: { readonly logsDir: string; readonly verbose: boolean; readonly say: (line: string) => void };
  /** Starts one, and gives what it said when it was ready. */
  readonly begin: (process: CellProcess) => Promise<Ready>;
}

/** Starts what an AWS cell has and a local one does without unless it is asked for: a queue, a Redis, a KMS, a Secrets Manager and an S3. */
export async function startStandIns({ options, asked, folder, common, begin }: StandInsInput): Promise<StandIns> {
  const processes: CellProcess[] = [];
  const beginOne = async (name: string, entry: string, env: Record<string, string> = {}): Promise<{ address: string; port: number }> => {
    const port = await anyFreePort();
    const standIn = new CellProcess({ ...common, name, entry, env: { ...env, COUNTERSIGN_STAND_IN_PORT: String(port) } });
    processes.push(standIn);
    return { address: (await begin(standIn)).listening ?? '', port };
  };
  const sqs = options.queue === 'sqs' ? await beginOne('sqs-stand-in', 'iac/local/sqs/main.ts') : null;
  // Before its process, which has no time for an installation.
  if (options.redis === true) await ensureRedis(common.say);
  const redis = options.redis === true ? await beginOne('redis', 'iac/local/redis/main.ts') : null;

  if (isOnAws(asked)) await ensureMoto(path.join(ROOT, '.cache'), common.say);
  const awsEndpoint = isOnAws(asked) ? (await beginOne('aws-stand-in', 'iac/local/aws/main.ts', { COUNTERSIGN_STAND_IN_DIR: folder.aws })).address : '';
  const aws = awsEndpoint === '' ? asked : await madeAwsSide(asked, awsEndpoint, folder);
  return {
    processes, aws, awsEndpoint,
    shared: { ...awsEnvironment(aws, awsEndpoint, folder), ...(redis === null ? {} : { COUNTERSIGN_REDIS_URL: redis.address }) },
    worker: sqs === null ? {} : { COUNTERSIGN_QUEUE_URL: sqs.address, COUNTERSIGN_QUEUE_ENDPOINT: `http://127.0.0.1:${sqs.port}` },
  };
}
