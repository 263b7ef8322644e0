import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CellConnection } from './cell-connection.ts';
import { sessionProxy } from './session-proxy.ts';
import { TlsCell } from './testing/tls-cell.ts';

const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
const password = join(folder, 'password');

describe('the proxy of the settings', () => {
  it('is none where none is set', async () => {
    expect(await sessionProxy({ proxy: null }, {})).toBeNull();
  });

  it('is asked with its credential as it is now, so that a password may change', async () => {
    const settings = { proxy: { url: 'http://proxy.corp:3128', username: { env: 'PROXY_USER' }, password: { file: password } } };
    for (const word of ['first', 'second']) {
      writeFileSync(password, `${word}\n`, { mode: 0o600 });
      expect(await sessionProxy(settings, { PROXY_USER: 'u' })).toEqual({ hostname: 'proxy.corp', port: 3128, tls: null, resolvesNames: true, authorization: `Basic ${Buffer.from(`u:${word}`).toString('base64')}` });
    }
    await expect(sessionProxy(settings, {})).rejects.toMatchObject({ code: 'secret_missing' });
    await expect(sessionProxy({ proxy: { url: 'https://proxy.corp', ca_file: join(folder, 'none.pem') } }, {})).rejects.toMatchObject({ code: 'proxy_refused', message: expect.stringContaining('none.pem') as string });
  });
});

describe('a proxy that is spoken to in TLS', () => {
  let cell: TlsCell;
  let tunnel: ReturnType<typeof createServer>;
  const heads: string[] = [];

  beforeAll(async () => {
    cell = await TlsCell.start((_, response) => response.end('here'));
    const { certificate_pem, private_key_pem } = await cell.serverIdentity('localhost');
    tunnel = createServer({ cert: certificate_pem, key: private_key_pem }, (socket) => {
      socket.on('error', () => socket.destroy()).once('data', (data) => {
        heads.push(data.toString());
        const peer = connect(Number(cell.url.port), 'localhost', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.pipe(peer).pipe(socket);
        }).on('error', () => socket.destroy());
      });
    }).listen(0, 'localhost');
    await once(tunnel, 'listening');
  });
  afterAll(async () => {
    tunnel.close();
    await cell.stop();
  });

  const url = (): string => `https://localhost:${(tunnel.address() as AddressInfo).port}`;
  const open = async (ca_file?: string): Promise<CellConnection> => CellConnection.open({
    url: cell.url, ca_pem: cell.authority.certificate_pem, proxy: await sessionProxy({ proxy: { url: url(), username: { env: 'U' }, password: { env: 'P' }, ...(ca_file === undefined ? {} : { ca_file }) } }, { U: 'u', P: 'p' }),
  }, null);

  it('is believed by the authority that the settings name, and by that alone', async () => {
    const ca_file = join(folder, 'ca.pem');
    writeFileSync(ca_file, cell.authority.certificate_pem);
    const connection = await open(ca_file);
    expect((await connection.ask({ method: 'GET', path: '/', timeout_ms: 5_000 })).body.toString()).toBe('here');
    connection.close();
    expect(heads).toHaveLength(1);
    expect(heads[0]).toContain(`Proxy-Authorization: Basic ${Buffer.from('u:p').toString('base64')}\r\n`);
    await expect(open()).rejects.toMatchObject({ code: 'proxy_unreachable' });
    expect(heads).toHaveLength(1);
  });
});
