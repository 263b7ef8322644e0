import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AgentConfig } from '../config/agent-config.ts';
import { readConfig } from '../config/read-config.ts';
import { enrol } from '../enrolment/enrol.ts';
import type { Identity } from '../enrolment/identity.ts';
import { openSpool, PROMISED_BYTES_PER_ORDER } from '../spool/open-spool.ts';
import { writeStatus } from '../status/status-file.ts';
import { AgentCell } from '../testing/agent-cell.ts';
import { examine, findingsText } from './doctor.ts';
import { CHECKS } from './finding.ts';
import type { CheckName, Finding } from './finding.ts';

const ABOUT = { version: '0.1.0', platform: 'linux-x64', labels: {}, capacity: 8 };
const BUNDLE = { body: Buffer.from('a bundle'), seq: 3, digest: 'd3' };
const EXBIBYTE = 2 ** 60;
let cell: AgentCell;
/** Another cell, with another authority. */
let other: AgentCell;
let system: HttpServer;
let refusingProxy: Server;
let state_dir: string;
let config: AgentConfig;

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  [cell, other] = await Promise.all([AgentCell.start(), AgentCell.start()]);
  system = createHttpServer((_, response) => response.writeHead(401).end('sign in')).listen(0, '127.0.0.1');
  refusingProxy = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))).listen(0, '127.0.0.1');
  await Promise.all([once(system, 'listening'), once(refusingProxy, 'listening')]);
});
afterAll(async () => {
  system.close();
  refusingProxy.close();
  await Promise.all([cell.stop(), other.stop()]);
});

beforeEach(async () => {
  cell.bundle = BUNDLE;
  cell.now = () => new Date();
  state_dir = join(mkdtempSync(join(tmpdir(), 'doctor-')), 'state');
  config = readConfig('agent.yaml', `
state_dir: ${state_dir}
spool: { limit_bytes: 16777216, reserve_bytes: 1048576 }
connections:
  - { name: sn, connector: servicenow, base_url: "http://127.0.0.1:${portOf(system)}", allowed_hosts: ["127.0.0.1:${portOf(system)}"],
      credential: { kind: bearer, token: { env: SN_TOKEN } } }
`, {});
  await enrol({ state_dir, token: cell.token(), proxy: null, about: ABOUT });
});

const look = (changed: AgentConfig = config): Promise<readonly Finding[]> => examine(changed, { SN_TOKEN: 'zebra' }, () => new Date());
const ill = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ ok }) => ok === false);

function changeIdentity(change: (identity: Identity) => Partial<Identity>): void {
  const file = join(state_dir, 'identity.json');
  const identity = JSON.parse(readFileSync(file, 'utf8')) as Identity;
  writeFileSync(file, JSON.stringify({ ...identity, ...change(identity) }));
}

describe('the doctor', () => {
  it('finds nothing where nothing is wrong', async () => {
    const findings = await look();
    expect(findings.map(({ name, ok, fix }) => [name, ok, fix])).toEqual(CHECKS.map((name) => [name, true, null]));
    expect(findingsText(findings)).toMatch(/Nothing is wrong\.$/);
    expect(JSON.stringify(findings)).not.toContain('zebra');
  });

  const unreachable = createServer();
  /** What is planted, and what the fix has to name. */
  const FAULTS: ReadonlyArray<readonly [CheckName, string, () => AgentConfig | void | Promise<AgentConfig | void>, RegExp]> = [
    ['dns', 'a name that is not resolved', () => changeIdentity(() => ({ cell_url: 'https://agents.cell.invalid:4443' })), /agents\.cell\.invalid.*resolv\.conf/],
    ['proxy', 'a proxy that wants a credential', () => ({ ...config, control_plane: { proxy: { url: `http://127.0.0.1:${portOf(refusingProxy)}` } } }), /control_plane\.proxy\.username/],
    ['proxy', 'a proxy that is not there', () => ({ ...config, control_plane: { proxy: { url: 'http://127.0.0.1:1' } } }), /control_plane\.proxy\.url/],
    ['clock', 'a clock that is 20 minutes off', () => { cell.now = () => new Date(Date.now() - 1_200_000); }, /timedatectl/],
    ['ca', 'another cell in its place', () => changeIdentity(() => ({ cell_url: other.url.origin })), /opens TLS.*enroll --again/],
    ['port', 'a port that nobody listens on', async () => {
      unreachable.listen(0, '127.0.0.1');
      await once(unreachable, 'listening');
      const port = portOf(unreachable);
      unreachable.close();
      changeIdentity(() => ({ cell_url: `https://localhost:${port}` }));
    }, /dial out to localhost port \d+.*firewall/],
    ['port', 'something else at its port', () => changeIdentity(() => ({ cell_url: `https://localhost:${portOf(system)}` })), /agent port/],
    ['permission', 'a key that others can read', () => chmodSync(join(state_dir, 'agent.key'), 0o644), /chmod 600 .*agent\.key/],
    ['permission', 'a folder that others can look into', () => chmodSync(state_dir, 0o755), /chmod 700/],
    ['disk', 'a disk that is too small for what the spool may hold', () => ({ ...config, spool: { ...config.spool, limit_bytes: EXBIBYTE } }), /Make room.*spool\.limit_bytes/],
    ['disk', 'a spool that is damaged', async () => {
      (await openSpool({ folder: state_dir, ...config.spool, promised_bytes_per_order: PROMISED_BYTES_PER_ORDER, clock: { now: () => new Date(), offset_ms: () => 0 } }, 'epoch')).close();
      writeFileSync(join(state_dir, 'spool.db'), 'not what was written here, and long enough to be taken for the header of a database by whoever does not look');
    }, /Keep .*spool\.db/],
    ['certificate', 'a certificate that has expired', async () => {
      const short = await AgentCell.start({ authority: cell.authority, certificate_ms: -60_000, certificate_age_ms: 120_000 });
      const before = state_dir;
      state_dir = join(mkdtempSync(join(tmpdir(), 'doctor-')), 'state');
      await enrol({ state_dir, token: short.token(), proxy: null, about: ABOUT });
      changeIdentity(() => ({ cell_url: cell.url.origin }));
      await short.stop();
      expect(state_dir).not.toBe(before);
      return { ...config, state_dir };
    }, /token.*enroll --again/],
    ['certificate', 'an agent that was revoked', () => { cell.agents.forEach((agent) => { agent.state = 'revoked'; }); }, /revoked.*who and why/],
    ['policy', 'an environment without a policy', () => { cell.bundle = null; }, /Release a policy in prod/],
    ['connector', 'a system that does not answer', () => ({ ...config, connections: [{ ...config.connections[0]!, base_url: 'http://127.0.0.1:1', allowed_hosts: ['127.0.0.1:1'] }] }), /connections\.sn/],
    ['connector', 'a credential that is not there', () => ({ ...config, connections: [{ ...config.connections[0]!, credential: { kind: 'bearer', token: { env: 'NOWHERE' } } }] }), /credential of connections\.sn/],
    ['connector', 'an inner address that nobody allowed', () => ({ ...config, connections: [{ ...config.connections[0]!, allowed_hosts: ['sn.corp.local:443'] }] }), /connections\.sn\.allowed_hosts/],
    ['connector', 'two connections, each in its own way', () => {
      const [sn] = config.connections;
      return { ...config, connections: [{ ...sn!, name: 'lacks', connector: 'jira' }, sn!, { ...sn!, name: 'unset', credential: { kind: 'bearer', token: { env: 'NOWHERE' } } }] };
    }, /connections\.lacks.*connections\.unset/],
    ['connector', 'a connector that this agent lacks', () => ({ ...config, connections: [{ ...config.connections[0]!, connector: 'jira' }] }), /servicenow, github, slack/],
  ];

  it.each(FAULTS)('finds at %s: %s, and nothing else', async (name, _, plant, fix) => {
    const findings = await look(await plant() ?? config);
    expect(ill(findings).map((finding) => finding.name)).toEqual([name]);
    expect(ill(findings)[0]!.fix).toMatch(fix);
  });

  it('says no secret of the settings, whatever is wrong with what it is for', async () => {
    const proxy = { url: `http://127.0.0.1:${portOf(refusingProxy)}`, username: { env: 'SN_TOKEN' }, password: { env: 'SN_TOKEN' } };
    expect(findingsText(await look({ ...config, control_plane: { proxy } }))).not.toMatch(/zebra|emVicmE/);
  });

  it('knows each of its ten checks to fail', () => {
    expect(new Set(FAULTS.map(([name]) => name))).toEqual(new Set(CHECKS));
  });

  it('says what to begin with where there is no agent yet', async () => {
    const findings = await look({ ...config, state_dir: join(state_dir, 'not-there') });
    expect(ill(findings).map(({ name, fix }) => [name, fix])).toEqual([['certificate', expect.stringMatching(/run: countersign-agent enroll$/)]]);
    expect(findings.filter(({ ok }) => ok === null).map(({ name }) => name)).toEqual(['dns', 'port', 'ca', 'clock', 'policy']);
  });

  it.each([['stale', 7, /policy\.ttl_s/], ['missing', null, /Release a policy/], ['invalid', 7, /keys of the cell/]] as const)('believes the agent that runs where its policy is %s', async (state, seq, fix) => {
    const { agent_id, cell_url } = JSON.parse(readFileSync(join(state_dir, 'identity.json'), 'utf8')) as Identity;
    await writeStatus(state_dir, {
      at: new Date().toISOString(), pid: 1, version: '0.1.0', started_at: '', state: 'running', agent_id, cell_url, pool: 'onprem', environment: 'prod', certificate_expires_at: '', memory_bytes: 1,
      session: { connected: true, last_contact: null, last_error: null, renewal_due: '', forked: false }, clock: { offset_ms: 0, trusted: true }, policy: [{ scope: 'env', seq, digest: null, state, expires_at: null }],
      orders: { under_way: [], free: 8, capacity: 8 }, spool: { state: 'open', seq: 0, delivered_seq: 0, bytes: 0, limit_bytes: 1 },
    });
    expect(ill(await look()).map(({ name, fix: told }) => [name, told])).toEqual([['policy', expect.stringMatching(fix)]]);
    // Where the cell cannot be reached, that is the fault.
    const away = await look({ ...config, control_plane: { proxy: { url: 'http://127.0.0.1:1' } } });
    expect(ill(away).map(({ name }) => name)).toEqual(state === 'invalid' ? ['proxy', 'policy'] : ['proxy']);
  });

  it('goes through a proxy that lets it, and has it find the cell', async () => {
    const open = createServer((socket) => socket.once('data', (data) => {
      const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+) /.exec(data.toString()) ?? [];
      const peer = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(peer).pipe(socket);
      }).on('error', () => socket.destroy());
      socket.on('error', () => peer.destroy());
    })).listen(0, '127.0.0.1');
    await once(open, 'listening');
    const findings = await look({ ...config, control_plane: { proxy: { url: `http://127.0.0.1:${portOf(open)}` } } });
    expect(ill(findings)).toEqual([]);
    expect(findings.find(({ name }) => name === 'proxy')?.found).toContain('opens a tunnel');
    open.close();
  });
});
