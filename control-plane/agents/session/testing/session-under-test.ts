import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AGENTS_CHANNEL, agentHintOf } from '@countersign/contracts/agent/hint.ts';
import type { PollRequest } from '@countersign/contracts/agent/protocol.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createKeyFile } from '@countersign/platform/keys/key-file.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { Listener } from '@countersign/platform/postgres/listener.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import { insertEnvironment, insertTenant, insertTenantDirectory, insertWorkspace } from '../../../identity/bootstrap-queries.ts';
import { Notifier } from '../../../live/notifier.ts';
import type { AdmittedAgent } from '../../listener/admitted-agent.ts';
import { ReleasesFolder } from '../../rollouts/releases-folder.ts';
import { AgentSessions } from '../agent-sessions.ts';
import { agentKeySet } from '../key-set.ts';
import { seedAgent, seedPool } from './queries.ts';

/** The sessions of a control plane over a database of its own, with agents that were enrolled: what the port does before is not part of it. */
export class SessionsUnderTest {
  readonly database: TestDatabase;
  readonly sessions: AgentSessions;
  readonly objects: FolderObjects;
  readonly ring: OpenKeys;
  /** Kinds of alarms, as they were counted. */
  readonly alarms: string[];
  readonly #listener: Listener;
  readonly #folder: string;

  private constructor(parts: { database: TestDatabase; sessions: AgentSessions; objects: FolderObjects; ring: OpenKeys; alarms: string[]; listener: Listener; folder: string }) {
    this.database = parts.database;
    this.sessions = parts.sessions;
    this.objects = parts.objects;
    this.ring = parts.ring;
    this.alarms = parts.alarms;
    this.#listener = parts.listener;
    this.#folder = parts.folder;
  }

  static async start(version = '0.3.0'): Promise<SessionsUnderTest> {
    const folder = await mkdtemp(path.join(tmpdir(), 'agent-sessions-'));
    const database = await createTestDatabase();
    const file = path.join(folder, 'key');
    await createKeyFile(file);
    const ring = await openKeys({ root: { kind: 'file', file }, also: [] }, { databaseUrl: database.controlUrl });
    const objects = new FolderObjects(path.join(folder, 'objects'));
    const log = createLogger('test', 'silent');
    const alarms: string[] = [];
    const sessions = new AgentSessions({
      releases: new ReleasesFolder(null), database: database.control, keys: ring.keys, objects, clock: systemClock, log, notifier: new Notifier(database.control, log), version, alarmed: (kind) => { alarms.push(kind); },
    });
    const listener = new Listener(database.controlUrl, { [AGENTS_CHANNEL]: (payload) => {
      const hint = agentHintOf(payload);
      if (hint !== null) sessions.wake(hint);
    } }, () => undefined);
    await listener.start();
    return new SessionsUnderTest({ database, sessions, objects, ring, alarms, listener, folder });
  }

  async stop(): Promise<void> {
    await this.#listener.stop();
    await this.ring.close();
    await this.database.drop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** An agent of a pool, an environment and a tenant of its own. */
  async agent(): Promise<AdmittedAgent> {
    const [tenantId, workspaceId, environmentId] = [newId('tenant'), newId('workspace'), newId('environment')];
    await this.database.control.forTenant(tenantId, async (tx) => {
      await tx.change(insertTenantDirectory, [tenantId, `t-${tenantId.slice(-10)}`, 'us', 'local']);
      await tx.change(insertTenant, [tenantId, 'A tenant']);
      await tx.change(insertWorkspace, [tenantId, workspaceId, 'operations', 'Operations']);
      await tx.change(insertEnvironment, [tenantId, workspaceId, environmentId, 'prod', 3]);
    });
    const poolId = await this.database.control.forTenant(tenantId, async (tx) => {
      // Enrolment gives the first agent the tenant's keys, and makes them where there are none yet.
      await agentKeySet(tx, this.ring.keys, tenantId, new Date());
      return seedPool(tx, { tenantId, workspaceId, environmentId });
    });
    return this.another({ tenantId, workspaceId, environmentId, poolId });
  }

  /** One more agent of the same pool. */
  async another(place: Pick<AdmittedAgent, 'tenantId' | 'workspaceId' | 'environmentId' | 'poolId'>): Promise<AdmittedAgent> {
    const agentId = await this.database.control.forTenant(place.tenantId, (tx) => seedAgent(tx, place));
    return { ...place, agentId, serial: '01', endsAt: new Date(Date.now() + 3_600_000), state: 'active', connection: {}, signal: new AbortController().signal };
  }
}

/** How an agent that has nothing to do asks. */
export function pollOf(changes: Partial<PollRequest> = {}): PollRequest {
  return {
    protocol: 1, version: '0.3.0', received: [], free: 8, capacity: 8, under_way: [], draining: false, key_set_seq: 0, labels: { site: 'fra1' }, memory_bytes: 80_000_000,
    spool: { epoch: 'e1', seq: 0, delivered_seq: 0, bytes: 0, limit_bytes: 1_000_000, state: 'open' }, policy: [], connections: [], clock: new Date().toISOString(), ...changes,
  };
}
