import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { CHANGES_CHANNEL, changeOf } from '@countersign/contracts/events/change.ts';
import { PostgresSituation } from '@countersign/execution-plane/policy/situation.ts';
import { leasedCall } from '@countersign/execution-plane/testing/leased-call.ts';
import { Plant } from '@countersign/execution-plane/testing/plant.ts';
import { releaseKillSwitches, setKillSwitch } from '@countersign/execution-plane/testing/queries.ts';
import { RedisCache } from '@countersign/platform/cache/redis-cache.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Listener, notify } from '@countersign/platform/postgres/listener.ts';
import { testRedis } from './testing.ts';
import type { RedisServer } from './redis-server.ts';

/** How one process tells another. */
interface FanOut {
  tell(payload: string): Promise<void>;
  listen(onTold: (payload: string) => void, onGap: () => void): Promise<void>;
  close(): Promise<void>;
}

let plant: Plant;
let redis: RedisServer;
let call: CallIdentity;
let situation: PostgresSituation;
let now: number;
beforeAll(async () => {
  [plant, redis] = await Promise.all([Plant.open(), testRedis()]);
  call = await leasedCall(plant);
}, 120_000);
beforeEach(() => {
  now = 0;
  // Its clock stands still: what it knows stays fresh until it is told.
  situation = new PostgresSituation(plant.database.execution, () => now);
});
afterEach(() => plant.database.control.forTenant(plant.ids.tenantId, (tx) => releaseKillSwitches(tx, plant.ids.tenantId)));
afterAll(async () => {
  await plant.close();
  await redis.stop();
});

async function stopEverything(): Promise<string> {
  const id = newId('kill_switch');
  await plant.database.control.forTenant(plant.ids.tenantId, (tx) => setKillSwitch(tx, plant.ids.tenantId, { id, scope: 'tenant', targetId: plant.ids.tenantId }));
  return JSON.stringify({ tenant_id: plant.ids.tenantId, kind: 'kill_switch', id, state: 'active' });
}

function openCache(url: string): RedisCache {
  return new RedisCache({ url, onError: () => undefined });
}

async function overPostgres(): Promise<FanOut> {
  let listener: Listener | undefined;
  return {
    tell: (payload) => notify(plant.database.control.pool, CHANGES_CHANNEL, payload),
    async listen(onTold) {
      listener = new Listener(plant.database.executionUrl, { [CHANGES_CHANNEL]: onTold }, () => undefined);
      await listener.start();
    },
    close: async () => listener?.stop(),
  };
}

async function overRedis(): Promise<FanOut> {
  const [teller, hearer] = [openCache(redis.url), openCache(redis.url)];
  await Promise.all([teller.connect(), hearer.connect()]);
  return {
    tell: (payload) => teller.publish(CHANGES_CHANNEL, payload),
    listen: (onTold, onGap) => hearer.subscribe(CHANGES_CHANNEL, onTold, onGap),
    close: async () => { teller.close(); hearer.close(); },
  };
}

describe.each([['PostgreSQL', overPostgres], ['Redis', overRedis]] as const)('kill switches that are told of by %s', (_name, open) => {
  it('bind without waiting for what was read to grow old, and only where they concern', async () => {
    const fanOut = await open();
    const told = Promise.withResolvers<void>();
    await fanOut.listen((payload) => {
      const change = changeOf(payload);
      if (change?.kind !== 'kill_switch') return;
      situation.forget(change.tenant_id);
      told.resolve();
    }, () => situation.forgetAll());
    expect((await situation.of(call)).kill_switches).toEqual([]);
    const payload = await stopEverything();
    expect((await situation.of(call)).kill_switches, 'nobody has told it').toEqual([]);
    await fanOut.tell(payload);
    await told.promise;
    expect((await situation.of(call)).kill_switches).toHaveLength(1);
    await fanOut.close();
  });
});

it('an answer that was asked for before the switch was set is not believed after it', async () => {
  await situation.of(call);
  now = 500;
  const reading = situation.of(call);
  await stopEverything();
  situation.forget(plant.ids.tenantId);
  await reading;
  expect((await situation.of(call)).kill_switches).toHaveLength(1);
});

describe('without Redis', () => {
  it('a switch binds half a second after it was set at the latest, and a Redis that comes later is heard', async () => {
    const door = await Door.open();
    const hearer = openCache(door.url);
    let heard: () => void = () => undefined;
    let gaps: () => void = () => undefined;
    await hearer.subscribe(CHANGES_CHANNEL, () => { situation.forgetAll(); heard(); }, () => { situation.forgetAll(); gaps(); });
    expect((await situation.of(call)).kill_switches).toEqual([]);
    const payload = await stopEverything();
    now = 500;
    expect((await situation.of(call)).kill_switches).toHaveLength(1);

    const back = new Promise<void>((resolve) => { gaps = resolve; });
    door.leadTo(Number(new URL(redis.url).port));
    await back;
    const told = new Promise<void>((resolve) => { heard = resolve; });
    const teller = openCache(redis.url);
    await teller.connect();
    await teller.publish(CHANGES_CHANNEL, payload);
    await told;
    for (const one of [teller, hearer]) one.close();
    await door.close();
  }, 60_000);

  it('who tells is not held up', async () => {
    const teller = openCache('redis://127.0.0.1:1');
    await teller.connect();
    await expect(teller.publish(CHANGES_CHANNEL, '{}')).rejects.toMatchObject({ code: 'cache_unreachable' });
    teller.close();
  });
});

/** An address at which nobody answers at first, and later Redis does: nobody else can take the port meanwhile. */
class Door {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port: number | null = null;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#answer(socket));
  }

  static async open(): Promise<Door> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Door(server);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  leadTo(port: number): void {
    this.#port = port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    if (this.#port === null) {
      socket.destroy();
      return;
    }
    const inside = connect(this.#port, '127.0.0.1');
    this.#sockets.add(inside);
    inside.on('error', () => undefined);
    socket.pipe(inside).pipe(socket);
  }
}
