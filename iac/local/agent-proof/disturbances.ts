import { setTimeout } from 'node:timers/promises';
import type { Site } from './site.ts';

/** Longer than the cell waits before it counts an agent as lost. */
const CUT_MS = 20_000;
const SLOW_ANSWER_MS = 1_500;
const LOOK_EVERY_MS = 20;
const KILL_LATER_MS = 60;

/** What happens to an agent while tickets are under way. */
export class Disturbances {
  readonly #site: Site;
  #kills = 0;
  #cutMs = 0;

  constructor(site: Site) {
    this.#site = site;
  }

  get kills(): number {
    return this.#kills;
  }

  get cutMs(): number {
    return this.#cutMs;
  }

  /** Pulls the cable as soon as the write to a ticket has taken effect and its answer is still on the way, so that the outcome is known to the agent alone. */
  async cutWhileWriting(sysId: string): Promise<void> {
    const { client } = this.#site.servicenow;
    await client.answerSlowly('PATCH', SLOW_ANSWER_MS);
    const { sys_mod_count: before } = await client.incident(sysId);
    // The record and not the log of requests, which has them once they are answered.
    while ((await client.incident(sysId))['sys_mod_count'] === before) await setTimeout(LOOK_EVERY_MS);
    const began = performance.now();
    await this.#site.network.cut();
    await setTimeout(CUT_MS);
    await this.#site.network.mend();
    await client.answerAtOnce();
    this.#cutMs = Math.round(performance.now() - began);
  }

  /** Kills the agent after an approval, and starts it again at once; each time a little later: from the order's arrival to its outcome. */
  async killAfterApproval(): Promise<void> {
    this.#kills += 1;
    await setTimeout(KILL_LATER_MS * this.#kills);
    await this.#site.agent.kill();
    this.#site.agent.start();
  }
}
