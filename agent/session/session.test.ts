import { closeSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, LookupFunction, Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyHeld } from '@countersign/contracts/agent/protocol.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { unsealingKey } from '@countersign/platform/sealing/jwe.ts';
import { TrustedClock } from '../clock/trusted-clock.ts';
import { enrol } from '../enrolment/enrol.ts';
import { HeldIdentity } from '../enrolment/held-identity.ts';
import { clientIdentityOf, loadEnrolment } from '../enrolment/identity.ts';
import type { AgentKeys } from '../enrolment/identity.ts';
import { acceptOrder, RecentDigests } from '../orders/accept-order.ts';
import { HeldKeys } from '../orders/held-keys.ts';
import { CELL_KEY, id, keySet, NOTES, orderFor, SELF, signedKeySet, signingPair } from '../orders/testing/orders.ts';
import type { AgentPolicy, OrderRunner } from '../ports.ts';
import type { Spool } from '../spool/spool.ts';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import { AgentCell } from '../testing/agent-cell.ts';
import type { AgentCellOptions } from '../testing/agent-cell.ts';
import { CellConnection } from './cell-connection.ts';
import { CellLink } from './cell-link.ts';
import type { SessionProxy } from './dial.ts';
import type { SessionError } from './errors.ts';
import { keptKillSwitches } from './kept-kill-switches.ts';
import { Session } from './session.ts';

const SCOPE = SELF.environment_id;

/** An agent whose orders are taken and then left alone: what runs them is not looked at here. */
class TestAgent {
  readonly ended: SessionError[] = [];
  readonly held: PolicyHeld[] = [{ scope: SCOPE, seq: null, digest: null, state: 'missing', expires_at: null }];
  readonly folder = scratchFolder();
  capacity = 8;
  isDraining = false;
  policySeq = async (): Promise<number> => 9;
  session!: Session;
  spool!: Spool;
  link!: CellLink;
  clock!: TrustedClock;
  identity!: HeldIdentity;

  async start(cell: AgentCell, { proxy = null, machine = () => new Date(), ping_ms = 10_000, lookup, poll_answer_ms = 25_000 }: { proxy?: SessionProxy | null; machine?: () => Date; ping_ms?: number; lookup?: LookupFunction; poll_answer_ms?: number } = {}): Promise<void> {
    const state_dir = join(mkdtempSync(join(tmpdir(), 'agent-')), 'state');
    await enrol({ state_dir, token: cell.token(), proxy, about: { version: '0.1.0', platform: 'linux-x64', labels: {}, capacity: 8 } });
    const { identity, keys } = await loadEnrolment(state_dir);
    const held = this.identity = new HeldIdentity(state_dir, identity);
    const orderKeys = new HeldKeys(identity.key_set);
    const clock = this.clock = new TrustedClock(machine);
    const spool = this.spool = await openForTest(this.folder, { clock });
    this.link = new CellLink(() => CellConnection.open({ url: new URL(identity.cell_url), ca_pem: identity.ca_pem, proxy, ...(lookup === undefined ? {} : { lookup }) }, clientIdentityOf(held.now, keys), ping_ms));
    this.session = new Session({
      link: this.link, held, keys, orderKeys, clock, machine, spool, runner: await this.#runner(spool, orderKeys, keys, clock), policy: { held: () => this.held, told: () => undefined } as unknown as AgentPolicy,
      killSwitches: await keptKillSwitches(spool), about: { version: '0.1.0', capacity: 8, labels: {}, connections: [] }, log: createLogger('test', 'silent'), onEnd: (reason) => this.ended.push(reason), random: () => 0.01, poll_answer_ms,
    });
    this.session.start();
  }

  async stop(): Promise<void> {
    await this.session.stop();
    this.spool.close();
  }

  async #runner(spool: Spool, keys: HeldKeys, { encryption }: AgentKeys, clock: TrustedClock): Promise<OrderRunner> {
    const encryptionKey = await unsealingKey(encryption.export({ format: 'jwk' }) as Record<string, string>);
    const verifier = { self: SELF, keys, encryptionKey, now: () => clock.now(), connectorOf: () => NOTES };
    const toldRefused = new RecentDigests();
    const underWay: string[] = [];
    return {
      take: async (envelope) => {
        const intake = await acceptOrder({ spool, verifier, signedAt: (at) => clock.notBefore(at), toldRefused, isClockTrusted: () => clock.isTrusted(), isDraining: () => this.isDraining, killSwitches: () => [], policySeq: () => this.policySeq() }, envelope);
        if (intake.kind === 'accepted') underWay.push(intake.verified.order.id);
        return intake;
      },
      free: () => this.capacity - underWay.length, underWay: () => underWay, drain: () => void (this.isDraining = true), undrain: () => void (this.isDraining = false),
      resume: async () => undefined, idle: async () => undefined, close: async () => undefined,
    };
  }
}

let cell: AgentCell;
let agent: TestAgent;
const closing: Array<() => unknown> = [];

async function started(options: AgentCellOptions = {}, settings: Parameters<TestAgent['start']>[1] = {}): Promise<void> {
  cell = await AgentCell.start(options);
  await agent.start(cell, settings);
}

beforeEach(() => {
  agent = new TestAgent();
});
afterEach(async () => {
  await agent.stop();
  await cell.stop();
  for (const close of closing.splice(0)) close();
});

const order = (name: string): ReturnType<typeof orderFor> => orderFor({
  recipient: { ...cell.agent().encryption_jwk },
  order: (whole) => ({ ...whole, id: id('ord', name), identity: { ...whole.identity, step: { ...whole.identity.step } }, issued_at: new Date(cell.now().getTime() - 1_000).toISOString(), begin_before: new Date(cell.now().getTime() + 60_000).toISOString(), approval: { ...whole.approval!, expires_at: new Date(cell.now().getTime() + 60_000).toISOString() } }),
});
const kinds = (): readonly string[] => cell.entries().map(({ kind }) => kind);

describe('a session', () => {
  it('takes what the cell gives, tells that it has it, and delivers what came of it, over one connection', async () => {
    await started();
    const enrolled = cell.sockets.length;
    await cell.until(() => cell.agent().polls.length > 0);
    cell.orders.push(await order('a'), await order('b'));
    cell.say();
    await cell.until(() => cell.orders.length === 0 && kinds().length === 2);
    expect(kinds()).toEqual(['order.accepted', 'order.accepted']);
    expect(cell.agent().polls.at(-1)).toMatchObject({ free: 6, under_way: expect.toSatisfy((ids: string[]) => ids.toSorted().join() === [id('ord', 'a'), id('ord', 'b')].join()), draining: false });
    expect(cell.sockets).toHaveLength(enrolled + 1);
    expect(cell.openSockets).toHaveLength(1);
  });

  it('takes orders side by side: what one waits for, the next one does not wait for after it', async () => {
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    agent.policySeq = async () => {
      waiting += 1;
      if (waiting === 2) both.resolve();
      await both.promise;
      return 9;
    };
    await started();
    await cell.until(() => cell.agent().polls.length > 0);
    cell.orders.push(await order('a'), await order('b'));
    cell.say();
    await cell.until(() => cell.orders.length === 0 && kinds().length === 2);
    expect(kinds()).toEqual(['order.accepted', 'order.accepted']);
  });

  it('tells a refusal once, and is not given the order again', async () => {
    await started();
    agent.isDraining = true;
    cell.agent().state = 'draining';
    cell.orders.push(await order('a'));
    cell.say();
    await cell.until(() => cell.orders.length === 0 && kinds().length > 0);
    expect(cell.entries().map(({ kind, body }) => [kind, (body as { refusal?: string }).refusal])).toEqual([['order.refused', 'draining']]);
  });

  it('tells at once that it has room again, or another policy, and not when the cell ends the poll that it holds', async () => {
    agent.capacity = 0;
    await started();
    await cell.until(() => cell.agent().polls.length === 1);
    expect(cell.agent().polls[0]).toMatchObject({ free: 0 });
    agent.session.changed();
    agent.capacity = 3;
    agent.session.changed();
    await cell.until(() => cell.agent().polls.length === 2);
    agent.held[0] = { ...agent.held[0]!, seq: 5, state: 'fresh' };
    agent.session.changed();
    await cell.until(() => cell.agent().polls.length === 3);
    expect(cell.agent().polls.map(({ free, policy }) => [free, policy[0]!.state])).toEqual([[0, 'missing'], [3, 'missing'], [3, 'fresh']]);
  });

  it('believes no keys that a stranger signed, and tells of them once', async () => {
    await started();
    await cell.until(() => cell.agent().polls.length === 1);
    cell.say(() => { cell.keySet = { seq: 2, envelope: signedKeySet(keySet(2, [CELL_KEY]), signingPair('stranger')) }; });
    await cell.until(() => cell.agent().polls.length > 3 && kinds().length > 0);
    expect(cell.entries().map(({ kind, body }) => [kind, (body as { code?: string }).code])).toEqual([['policy.refused', 'key_set_refused']]);
    expect(agent.identity.now.key_set.seq).toBe(1);
  });

  it('drains when the cell says so, and goes on when it says that', async () => {
    await started();
    for (const [n, state] of (['draining', 'active'] as const).entries()) {
      await cell.until(() => cell.agent().polls.length === n + 1);
      cell.say(() => { cell.agent().state = state; });
      await cell.until(() => cell.agent().polls.length === n + 2);
      expect(agent.isDraining).toBe(state === 'draining');
    }
  });

  it('keeps what people have stopped until it hears that it goes on, over a restart, too', async () => {
    await started();
    await cell.until(() => cell.agent().polls.length === 1);
    const stopped = [{ id: id('ksw', 'k'), scope: 'tenant', reason: 'a test' }] as const;
    for (const [n, switches] of [stopped, []].entries()) {
      cell.say(() => { cell.killSwitches = switches; });
      await cell.until(() => cell.agent().polls.length === n + 2);
      expect(agent.session.killSwitches).toEqual(switches);
      expect(await keptKillSwitches(agent.spool)).toEqual(switches);
    }
  });

  it('is over when the agent was revoked, and tried again for everything else', async () => {
    await started();
    await cell.until(() => cell.agent().polls.length === 1);
    cell.say(() => { cell.agent().state = 'revoked'; });
    await cell.until(() => cell.answered.at(-1)?.code === 'agent_revoked');
    await expect.poll(() => agent.ended.map(({ problem }) => problem?.code)).toContain('agent_revoked');
  });

  it('takes no more work when the cell holds another history than the spool', async () => {
    await started();
    await agent.spool.append('agent.started', { version: '1' });
    await cell.until(() => kinds().length === 1);
    cell.agent().inboxes.clear();
    await agent.spool.append('agent.stopped', { reason: 'test' });
    await cell.until(() => cell.answered.some(({ code }) => code === 'spool_gap'));
    await cell.until(() => cell.agent().polls.at(-1)?.free === 0);
    expect(agent.session.view.forked).toBe(true);
    expect(cell.answered.filter(({ code }) => code === 'spool_gap')).toHaveLength(1);
  });
});

it('a spool that is damaged is told to the cell, which gives no more work to it', async () => {
  await started();
  cell.deliveries = Array.from({ length: 1_000 }, () => 'refused');
  for (let n = 0; n < 40; n += 1) await agent.spool.append('agent.stopped', { reason: 'x'.repeat(100_000) });
  const file = openSync(join(agent.folder, 'spool.db'), 'r+');
  for (let at = 64 * 1024; at < 4 * 1024 * 1024; at += 8192) writeSync(file, Buffer.alloc(4096, 7), 0, 4096, at);
  closeSync(file);
  await cell.until(() => cell.agent().polls.at(-1)?.spool.state === 'damaged');
  expect(cell.agent().polls.at(-1)).toMatchObject({ free: 0, received: [] });
  expect(agent.session.view).toMatchObject({ connected: true, forked: true });
});

describe('what a session survives', () => {
  it('connections that break: nothing is lost, nothing comes twice', async () => {
    await started();
    cell.deliveries = ['lost after', 'lost before', 'lost after'];
    for (let n = 0; n < 5; n += 1) {
      await agent.spool.append('agent.stopped', { reason: String(n) });
      cell.cut();
    }
    await cell.until(() => kinds().length === 5 && cell.deliveries.length === 0);
    await agent.session.caughtUp();
    expect(cell.entries().map(({ body }) => (body as { reason: string }).reason)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('a network that swallows everything without a word', async () => {
    cell = await AgentCell.start();
    const pairs: Socket[][] = [];
    const hole = createServer((socket) => {
      const peer = connect(Number(cell.url.port), 'localhost');
      pairs.push([socket, peer]);
      for (const end of [socket, peer]) end.on('error', () => end.destroy());
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(peer).pipe(socket);
      });
    }).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    closing.push(() => hole.close(), () => pairs.flat().forEach((end) => end.destroy()));
    const proxy: SessionProxy = { hostname: '127.0.0.1', port: (hole.address() as AddressInfo).port, authorization: null, resolvesNames: true, tls: null };
    await agent.start(cell, { proxy, ping_ms: 50 });
    await cell.until(() => cell.agent().polls.length === 1);
    const before = pairs.length;
    for (const [socket, peer] of pairs) {
      socket!.unpipe().pause();
      peer!.unpipe().pause();
    }
    await cell.until(() => cell.agent().polls.length === 2);
    expect(pairs).toHaveLength(before + 1);
  });

  it('a cell that is there and never answers: the next poll goes over another connection', async () => {
    await started({ poll_held_ms: 600_000 }, { poll_answer_ms: 50 });
    const before = cell.sockets.length;
    await cell.until(() => cell.agent().polls.length === 3);
    expect(cell.sockets.length).toBeGreaterThan(before);
    await expect.poll(() => cell.openSockets.length).toBe(1);
  });

  it('a cell that is at another address of its name', async () => {
    let address = '127.0.0.1';
    await started({ host: address }, { lookup: (_name, _options, found) => found(null, [{ address, family: 4 }]) });
    const { authority, url } = cell;
    const before = cell.agent();
    await cell.until(() => before.polls.length === 1);
    await cell.stop();
    address = '127.0.0.2';
    cell = await AgentCell.start({ authority, host: address, port: Number(url.port) });
    cell.agents.set(before.agent_id, before);
    await cell.until(() => before.polls.length === 2);
    expect(cell.sockets.at(-1)?.localAddress).toBe(address);
  });

  it.each([-600_000, 600_000])('a clock that is %i ms off: orders are judged, and entries dated, by the cell\'s', async (off_ms) => {
    await started({}, { machine: () => new Date(Date.now() + off_ms) });
    cell.orders.push(await order('a'));
    cell.say();
    await cell.until(() => kinds().includes('order.accepted'));
    const entry = cell.entries().find(({ kind }) => kind === 'order.accepted')!;
    expect(Math.abs(Date.parse(entry.occurred_at) - Date.now())).toBeLessThan(60_000);
    expect(Math.abs(entry.clock_offset_ms + off_ms)).toBeLessThan(60_000);
    expect(kinds()).toContain('clock.changed');
  });

  it('a clock that nobody believes: nothing is taken, and it is told', async () => {
    await started({ now: () => new Date(Date.now() + 3_600_000), certificate_ms: 10_800_000 });
    cell.orders.push(await order('a'));
    cell.say();
    await cell.until(() => kinds().includes('order.refused') && kinds().includes('clock.changed'));
    expect(agent.clock.isTrusted()).toBe(false);
    expect(kinds()).not.toContain('order.accepted');
  });

  it('the end of its certificates: each is renewed before, the next connection is there before the last is let go, and no call fails', async () => {
    await started({ certificate_ms: 60_000, certificate_age_ms: 38_500 });
    const first = agent.identity.now.certificate_pem;
    await cell.until(() => cell.agent().renewals === 3 && cell.agent().polls.length > 3);
    await agent.spool.append('agent.stopped', { reason: 'test' });
    await agent.session.caughtUp();
    expect(agent.identity.now.certificate_pem).not.toBe(first);
    expect(cell.answered.filter(({ status }) => status >= 400)).toEqual([]);
    await expect.poll(() => cell.openSockets.length).toBe(1);
  });
});
