import type { AgentHint } from '@countersign/contracts/agent/hint.ts';
import type { DeliverAnswer, DeliverRequest, PollAnswer, PollRequest } from '@countersign/contracts/agent/protocol.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Loop } from '../../cell/loop.ts';
import type { Notifier } from '../../live/notifier.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { serveRelease } from '../rollouts/serve-release.ts';
import type { ReleasesFolder } from '../rollouts/releases-folder.ts';
import { rolloutLoop } from '../rollouts/rollout-loop.ts';
import { Deliveries } from './deliver.ts';
import { HeldPolls } from './held-polls.ts';
import { lostLoop } from './lost-loop.ts';
import { Polls } from './poll.ts';
import { receiptsLoop } from './receipts-loop.ts';
import type { AlarmKind } from './repository-alarms.ts';
import { servePolicy } from './serve-policy.ts';
import type { ServedPolicy } from './serve-policy.ts';

export interface AgentSessionsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly releases: ReleasesFolder;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notifier: Notifier;
  /** Of this cell: agents that are much older are told to be replaced. */
  readonly version: string;
  /** Counts alarms, each occurrence once. */
  readonly alarmed: (kind: AlarmKind) => void;
}

/** What agents that are enrolled say to their cell and hear from it. */
export class AgentSessions {
  readonly loops: readonly Loop[];
  readonly #parts: AgentSessionsParts;
  readonly #held = new HeldPolls();
  readonly #polls: Polls;
  readonly #deliveries: Deliveries;

  constructor(parts: AgentSessionsParts) {
    this.#parts = parts;
    this.#polls = new Polls({ ...parts, held: this.#held });
    this.#deliveries = new Deliveries(parts);
    this.loops = [lostLoop(parts), receiptsLoop(parts), rolloutLoop(parts)];
  }

  /** See `Polls.poll`. */
  poll(agent: AdmittedAgent, request: PollRequest): Promise<PollAnswer> {
    return this.#polls.poll(agent, request);
  }

  /** See `Deliveries.deliver`. */
  deliver(agent: AdmittedAgent, request: DeliverRequest): Promise<DeliverAnswer> {
    return this.#deliveries.deliver(agent, request);
  }

  /** See `servePolicy`. */
  policy(agent: AdmittedAgent, scope: string, ifNoneMatch: string | undefined): Promise<ServedPolicy> {
    return servePolicy(this.#parts, agent, scope, ifNoneMatch);
  }

  /** See `serveRelease`. */
  release(agent: AdmittedAgent, sha256: string, range: string | undefined): ReturnType<typeof serveRelease> {
    return serveRelease(this.#parts, agent, sha256, range);
  }

  /** There is an order for an agent, or its state has changed. What it delivered is nothing new to itself. */
  wake({ tenant_id, agent_id, about }: AgentHint): void {
    if (about !== 'entries') this.#held.wakeAgent(tenant_id, agent_id);
  }

  /** Policy, keys or kill switches of a tenant have changed. */
  wakeTenant(tenantId: string): void {
    this.#held.wakeTenant(tenantId);
  }

  /** Notifications may have been missed. */
  wakeAll(): void {
    this.#held.wakeAll();
  }
}
