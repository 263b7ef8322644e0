import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { locateBinaries } from './binaries.ts';
import { chooseIdentity } from './identity.ts';
import { startPostgres } from './postgres.ts';
import { stopPostmaster } from './postmaster.ts';
import { findProcess, waitForProcessEnd } from './process-table.ts';
import { tether } from './tether.ts';
import { query } from './testing/queries.ts';
import { availableWays, startSupervisor, type Supervisor, type Way } from './testing/supervisor.ts';

const scratch = await mkdtemp(join(tmpdir(), 'countersign-postgres-'));
await chmod(scratch, 0o755);
const ways = await availableWays(scratch);
const running: Supervisor[] = [];

afterEach(async () => {
  for (const supervisor of running.splice(0)) {
    if (supervisor.child.exitCode === null && supervisor.child.signalCode === null) await supervisor.stop();
  }
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** A data folder that the way under test can use. */
async function newDataDir(way: Way, mode = 0o755): Promise<string> {
  const dataDir = await mkdtemp(join(scratch, 'cell-'));
  await chmod(dataDir, mode);
  if (way === 'ordinary user') {
    const identity = await chooseIdentity(await locateBinaries(), scratch);
    if (identity.owner) await chown(dataDir, identity.owner.uid, identity.owner.gid);
  }
  return dataDir;
}

async function start(way: Way, dataDir: string, options: { port?: number; loose?: boolean } = {}): Promise<Supervisor> {
  const supervisor = await startSupervisor(way, dataDir, options);
  running.push(supervisor);
  return supervisor;
}

it('has at least one way to run here', () => {
  expect(ways.length).toBeGreaterThan(0);
});

describe.each(ways)('PostgreSQL run as: %s', (way) => {
  it('keeps its data over a clean stop and start', async () => {
    const dataDir = await newDataDir(way);
    const first = await start(way, dataDir);
    const { adminUrl, identity } = await first.ready();
    expect(identity).toBe(way === 'ordinary user' ? 'self' : way);
    await query(adminUrl, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();

    const second = await start(way, dataDir);
    expect(await query((await second.ready()).adminUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('listens on this machine only, asks for the password, and keeps it to its owner', async () => {
    const dataDir = await newDataDir(way);
    const supervisor = await start(way, dataDir);
    const { adminUrl } = await supervisor.ready();
    const settings = "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories', 'fsync', 'password_encryption', 'data_checksums') ORDER BY 1";
    expect(Object.fromEntries((await query(adminUrl, settings)).map((row) => [row['name'], row['setting']]))).toEqual({
      data_checksums: 'on',
      fsync: 'on',
      listen_addresses: '127.0.0.1',
      password_encryption: 'scram-sha-256',
      unix_socket_directories: '',
    });
    expect(await query(adminUrl, "SELECT DISTINCT auth_method FROM pg_hba_file_rules")).toEqual([{ auth_method: 'scram-sha-256' }]);
    const wrong = new URL(adminUrl);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
  });

  it('recovers what was committed when PostgreSQL is killed', async () => {
    const dataDir = await newDataDir(way);
    const first = await start(way, dataDir);
    const { adminUrl, pid } = await first.ready();
    await query(adminUrl, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(pid, 'SIGKILL');
    expect(await first.serverExit()).toMatchObject({ exited: true, signal: 'SIGKILL', expected: false });
    await first.stop();

    const second = await start(way, dataDir);
    expect(await query((await second.ready()).adminUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('stops with its supervisor, also when that is killed', async () => {
    const dataDir = await newDataDir(way);
    const supervisor = await start(way, dataDir);
    const server = await findProcess((await supervisor.ready()).pid);
    await supervisor.kill();
    // Where the kernel cannot see to it, nothing does until the next start, which the test below is about.
    const tethered = (await tether()).length > 0;
    expect(server && (await waitForProcessEnd(server, tethered ? 10_000 : 1))).toBe(tethered);
    if (server && !tethered) await stopPostmaster(server);
  });

  it('shuts a server that was left behind down, and starts on the same port', async () => {
    const dataDir = await newDataDir(way);
    const first = await start(way, dataDir, { loose: true });
    const { adminUrl, pid, port } = await first.ready();
    await query(adminUrl, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.kill();
    const orphan = await findProcess(pid);
    expect(orphan).toBeDefined();

    const second = await start(way, dataDir, { port });
    const again = await second.ready();
    expect(again.port).toBe(port);
    expect(second.stderr).toContain(`process ${pid}`);
    expect(orphan && (await waitForProcessEnd(orphan, 1))).toBe(true);
    expect(await query(again.adminUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });
});

const closedWays = ways.filter((way) => way !== 'account');

describe.each(closedWays)('in a folder of mode 0700, run as: %s', (way) => {
  it('starts although nobody else may enter the folder', async () => {
    const closed = await newDataDir(way, 0o700);
    const supervisor = await start(way, closed);
    expect(await query((await supervisor.ready()).adminUrl, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });
});

describe('obstacles', () => {
  const log = (): void => undefined;

  it('finds a way by itself in a folder only its owner may enter', async () => {
    const closed = await mkdtemp(join(scratch, 'closed-'));
    const server = await startPostgres({ dataDir: join(closed, 'deep', 'cell'), log });
    await server.stop();
    expect(await server.exited).toEqual({ code: 0, signal: null, expected: true });
  });

  it('does not mind where the folder lies or what it is called', async () => {
    const dataDir = join(scratch, 'a deep "folder"', "it's ünusual $HOME `x`", 'so that a socket path would not fit '.repeat(4), 'cell');
    const server = await startPostgres({ dataDir, log });
    expect(await query(server.adminUrl, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await server.stop();
  });

  it('takes settings for this start', async () => {
    const server = await startPostgres({ dataDir: await mkdtemp(join(scratch, 'cell-')), settings: { max_connections: '33' }, log });
    expect(await query(server.adminUrl, 'SHOW max_connections')).toEqual([{ max_connections: '33' }]);
    await server.stop();
  });

  it('lets one of two starts at the same moment win', async () => {
    const dataDir = await mkdtemp(join(scratch, 'cell-'));
    const outcomes = await Promise.allSettled([startPostgres({ dataDir, log }), startPostgres({ dataDir, log })]);
    const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(winners).toHaveLength(1);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject({ code: 'postgres_already_running' });
    await winners[0]?.stop();
  });

  it('refuses a second start while the first supervisor lives, and leaves the first alone', async () => {
    const dataDir = await mkdtemp(join(scratch, 'cell-'));
    const first = await startPostgres({ dataDir, log });
    await expect(startPostgres({ dataDir, log })).rejects.toMatchObject({ code: 'postgres_already_running' });
    expect(await query(first.adminUrl, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await first.stop();
  });

  it('names a taken port and the option that changes it', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const start_ = startPostgres({ dataDir: await mkdtemp(join(scratch, 'cell-')), port, log });
    await expect(start_).rejects.toMatchObject({ code: 'postgres_port_taken', message: expect.stringMatching(new RegExp(`${port}.*"port"`)) });
    taken.close();
  });

  it('starts over a postmaster.pid whose number now belongs to another program', async () => {
    const dataDir = await mkdtemp(join(scratch, 'cell-'));
    const first = await startPostgres({ dataDir, log });
    const pidPath = join(dataDir, 'postgres', 'postmaster.pid');
    const lines = (await readFile(pidPath, 'utf8')).split('\n');
    await first.stop();
    await writeFile(pidPath, [String(process.pid), ...lines.slice(1)].join('\n'), { mode: 0o600 });
    await giveToOwnerOf(join(dataDir, 'postgres'), pidPath);

    const second = await startPostgres({ dataDir, log });
    expect(await query(second.adminUrl, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await second.stop();
  });

  it('begins again after a first start that was killed half-way', async () => {
    const dataDir = await mkdtemp(join(scratch, 'cell-'));
    await mkdir(join(dataDir, 'postgres.init-abc', 'data'), { recursive: true });
    await writeFile(join(dataDir, 'postgres.supervisor.json'), '{"pid":');
    const server = await startPostgres({ dataDir, log });
    await server.stop();
    expect((await readdir(dataDir)).toSorted()).toEqual(['postgres', 'postgres.password']);
  });

  it('sets a new password when the file is lost', async () => {
    const dataDir = await mkdtemp(join(scratch, 'cell-'));
    await startPostgres({ dataDir, log }).then((server) => server.stop());
    await rm(join(dataDir, 'postgres.password'));
    const server = await startPostgres({ dataDir, log });
    expect(await query(server.adminUrl, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await server.stop();
  });

  it.each([
    ['files that are not PostgreSQL', 'postgres_data_broken', async (data: string) => {
      await rm(join(data, 'PG_VERSION'));
    }],
    ['the data of another major version', 'postgres_data_version', async (data: string) => {
      await writeFile(join(data, 'PG_VERSION'), '16\n');
    }],
    ['a damaged control file', 'postgres_data_broken', async (data: string) => {
      await writeFile(join(data, 'global', 'pg_control'), Buffer.alloc(8192, 1));
    }],
    ['a missing write-ahead log', 'postgres_data_broken', async (data: string) => {
      await rm(join(data, 'pg_wal'), { recursive: true });
    }],
    ['a configuration it cannot read', 'postgres_data_broken', async (data: string) => {
      await writeFile(join(data, 'postgresql.conf'), 'nonsense = = 1\n');
    }],
  ])('says clearly that the folder holds %s', async (_what, code, damage) => {
    const dataDir = await mkdtemp(join(scratch, 'cell-'));
    await startPostgres({ dataDir, log }).then((server) => server.stop());
    await damage(join(dataDir, 'postgres'));
    await expect(startPostgres({ dataDir, log })).rejects.toMatchObject({ code, message: expect.stringContaining(join(dataDir, 'postgres')) });
  });

  it('says clearly that the data folder is a file', async () => {
    const dataDir = join(scratch, 'a-file');
    await writeFile(dataDir, '');
    await expect(startPostgres({ dataDir, log })).rejects.toMatchObject({ code: 'postgres_data_broken', exitCode: 65 });
  });
});

async function giveToOwnerOf(reference: string, path: string): Promise<void> {
  const { uid, gid } = await stat(reference);
  await chown(path, uid, gid);
}
