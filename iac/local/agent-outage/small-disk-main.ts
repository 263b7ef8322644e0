import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';
import { KilledAgent } from './killed-agent.ts';
import type { Line } from './killed-agent.ts';
import { enrolled } from './outage.ts';

/** What happened on the small disk, and what the agent said that it had written there. */
export interface SmallDiskFigures {
  readonly agent_id: string;
  readonly written: ReadonlyArray<readonly [number, string]>;
  /** Entries by which what was under way ended after it had said that it takes nothing more. */
  readonly told_while_full: number;
  readonly kills_while_full: number;
  /** It took no new work: when somebody else had filled the disk, and when its own entries had. */
  readonly refused_new_work: number;
  /** Entries that it wrote when there was room again, before the cable was back. */
  readonly written_afterwards: number;
}

interface SmallDiskOptions {
  readonly mount: string;
  readonly url: string;
  readonly token: string;
  /** More of them, by what they carry, than the disk holds. */
  readonly entries: number;
  readonly content_bytes: number;
  readonly kills: number;
  readonly seed: string;
}

const MIB = 1024 * 1024;
/** Said so often without an entry in between, it takes no new work. */
const FULL_SAID = 40;

/**
 * Inside of the mount namespace: somebody else takes the last byte of the disk while orders are under way; the agent is killed there; the room comes
 * back and it goes on, until its own entries fill the disk; then the cable is plugged in. Its figures go out as one line of JSON.
 */
const { mount, url, token, entries, content_bytes, kills, seed } = JSON.parse(process.argv[2]!) as SmallDiskOptions;
const others = path.join(mount, 'somebody-elses');
const cell = { url: new URL(url), token: async () => token };
const { cable, options } = await enrolled(cell, mount, { entries, content_bytes, limit_bytes: 256 * MIB, reserve_bytes: MIB, lost_percent: 0, seed });
const agent = new KilledAgent(options, new Seeded(seed, 'disk'));
let stage: 'room' | 'filled' | 'room again' | 'plugged' = 'room';
let fullSaid = 0;
let hasSaidFull = false;
let [told_while_full, kills_while_full, refused_new_work, written_afterwards] = [0, 0, 0, 0];

await cable.pull();
await agent.untilDone((line) => {
  if (line.kind === 'w') wrote(line);
  if (line.kind === 'full') fullSaid += 1;
  hasSaidFull ||= line.kind === 'full' && stage === 'filled';
  if (line.kind === 'written' && !cable.isPlugged) void cable.plug();
  if (fullSaid >= FULL_SAID && !agent.isToDie) takesNothing();
});
await cable.pull();
process.stdout.write(JSON.stringify({ agent_id: options.agent_id, written: [...agent.told.written], told_while_full, kills_while_full, refused_new_work, written_afterwards } satisfies SmallDiskFigures));

function wrote({ seq }: Extract<Line, { seq: number }>): void {
  fullSaid = 0;
  if (stage === 'filled' && hasSaidFull) told_while_full += 1;
  if (stage === 'room again') written_afterwards += 1;
  if (stage !== 'room' || seq < entries / 10) return;
  fill(others);
  stage = 'filled';
}

function takesNothing(): void {
  fullSaid = 0;
  if (stage === 'filled' && kills_while_full < kills) {
    kills_while_full += 1;
    agent.kill();
  } else if (stage === 'filled') {
    refused_new_work += 1;
    rmSync(others);
    stage = 'room again';
  } else if (stage === 'room again') {
    refused_new_work += 1;
    stage = 'plugged';
    void cable.plug();
  }
}

/** Until the last block is taken. */
function fill(file: string): void {
  for (const size of [64 * 1024, 4096, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size, 1), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
