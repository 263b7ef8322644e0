import { X509Certificate, hash } from 'node:crypto';
import { createServer } from 'node:net';
import { connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CellConnection } from './cell-connection.ts';
import type { SessionProxy } from './dial.ts';
import { pinnedAuthority } from './secure.ts';
import { TlsCell } from './testing/tls-cell.ts';

let cell: TlsCell;
let other: TlsCell;
const silent: string[] = [];

beforeAll(async () => {
  cell = await TlsCell.start((request, response) => {
    if (request.url === '/silent') return void silent.push(request.url);
    if (request.url === '/reset') return void response.stream.close(2);
    if (request.url === '/long') return void response.end('x'.repeat(3_000_000));
    const certificate = (request.socket as unknown as { getPeerX509Certificate?: () => X509Certificate | undefined; authorized: boolean });
    response.setHeader('content-type', 'application/json');
    request.resume().once('end', () => response.end(JSON.stringify({ path: request.url, protocol: request.headers['countersign-protocol'], authorized: certificate.authorized })));
  });
  other = await TlsCell.start((_, response) => response.end());
});
afterAll(() => Promise.all([cell.stop(), other.stop()]));

const address = (proxy: SessionProxy | null = null): Parameters<typeof CellConnection.open>[0] => ({ url: cell.url, ca_pem: cell.authority.certificate_pem, proxy });
const digestOf = (pem: string): string => hash('sha256', new X509Certificate(pem).raw, 'hex');

async function proxy(behave: (head: string, socket: Socket) => void): Promise<{ readonly proxy: SessionProxy; readonly server: Server; readonly heads: string[] }> {
  const heads: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (data) => {
      heads.push(data.toString());
      behave(data.toString(), socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, heads, proxy: { hostname: '127.0.0.1', port: (server.address() as AddressInfo).port, authorization: null, resolvesNames: true, tls: null } };
}

function tunnel(head: string, socket: Socket): void {
  const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+) /.exec(head) ?? [];
  const peer = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(peer).pipe(socket);
  }).on('error', () => socket.destroy());
}

describe('the connection to a cell', () => {
  it('shows the agent\'s certificate, asks many things at once, and is one', async () => {
    const connection = await CellConnection.open(address(), await cell.identity());
    await connection.ask({ method: 'GET', path: '/a', timeout_ms: 5_000 });
    const before = cell.sockets.length;
    const answers = await Promise.all(['/a', '/b', '/c'].map((path) => connection.ask({ method: 'POST', path, json: { n: 1 }, timeout_ms: 5_000 })));
    expect(answers.map(({ body }) => JSON.parse(body.toString()))).toEqual(['/a', '/b', '/c'].map((path) => ({ path, protocol: '1', authorized: true })));
    expect(cell.sockets).toHaveLength(before);
    connection.close();
    await connection.closed;
    await expect(connection.ask({ method: 'GET', path: '/a', timeout_ms: 100 })).rejects.toMatchObject({ code: 'cell_silent' });
  });

  it('is not made with another cell, whatever name it has', async () => {
    await expect(CellConnection.open({ ...address(), url: other.url }, null)).rejects.toMatchObject({ code: 'cell_untrusted' });
    await expect(CellConnection.open({ ...address(), url: new URL(cell.url.href.replace('localhost', '127.0.0.1')) }, null)).rejects.toMatchObject({ code: 'cell_untrusted' });
  });

  it('says who is not there, and what does not speak the protocol', async () => {
    await expect(CellConnection.open({ ...address(), url: new URL('https://localhost:1') }, null)).rejects.toMatchObject({ code: 'cell_unreachable' });
    const plain = createServer((socket) => socket.end('HTTP/1.1 400 no\r\n\r\n')).listen(0, 'localhost');
    await once(plain, 'listening');
    await expect(CellConnection.open({ ...address(), url: new URL(`https://localhost:${(plain.address() as AddressInfo).port}`) }, null)).rejects.toMatchObject({ code: 'cell_untrusted' });
    plain.close();
  });

  it('gives up what is not answered in time, broken off, or too long, and goes on', async () => {
    const connection = await CellConnection.open(address(), null);
    await expect(connection.ask({ method: 'GET', path: '/silent', timeout_ms: 100 })).rejects.toMatchObject({ code: 'cell_silent' });
    await expect(connection.ask({ method: 'GET', path: '/reset', timeout_ms: 5_000 })).rejects.toMatchObject({ code: 'cell_silent' });
    await expect(connection.ask({ method: 'GET', path: '/long', timeout_ms: 5_000 })).rejects.toMatchObject({ code: 'answer_invalid' });
    expect((await connection.ask({ method: 'GET', path: '/a', timeout_ms: 5_000 })).status).toBe(200);
    connection.close();
  });

  it('ends where the network swallows everything, and by that alone', async () => {
    const held: Socket[] = [];
    const hole = await proxy((head, socket) => {
      held.push(socket);
      tunnel(head, socket);
    });
    const connection = await CellConnection.open(address(hole.proxy), null, 50);
    expect((await connection.ask({ method: 'GET', path: '/a', timeout_ms: 5_000 })).status).toBe(200);
    expect(connection.isOpen).toBe(true);
    for (const socket of held) socket.unpipe().pause();
    await connection.closed;
    expect(connection.isOpen).toBe(false);
    for (const socket of held) socket.destroy();
    hole.server.close();
  });
});

describe('through a proxy', () => {
  it('the cell is reached by its name, with the proxy\'s credential where there is one', async () => {
    const { proxy: plain, server, heads } = await proxy(tunnel);
    const connection = await CellConnection.open(address({ ...plain, authorization: 'Basic dTpw' }), await cell.identity());
    expect((await connection.ask({ method: 'GET', path: '/a', timeout_ms: 5_000 })).status).toBe(200);
    expect(heads[0]).toMatch(new RegExp(`^CONNECT localhost:${cell.url.port} HTTP/1.1\r\n`));
    expect(heads[0]).toContain('Proxy-Authorization: Basic dTpw\r\n');
    connection.close();
    server.close();
  });

  it.each([['407 Proxy Authentication Required', 'proxy_refused'], ['403 Forbidden', 'proxy_refused'], ['502 Bad Gateway', 'cell_unreachable']])('that answers %s, the reason is said', async (status, code) => {
    const { proxy: refusing, server } = await proxy((_, socket) => socket.end(`HTTP/1.1 ${status}\r\n\r\n`));
    await expect(CellConnection.open(address(refusing), null)).rejects.toMatchObject({ code });
    server.close();
  });

  it('that opens TLS itself, nothing is sent', async () => {
    const identity = await other.identity('localhost');
    const received: string[] = [];
    const interceptor = createTlsServer({ cert: identity.certificate_pem, key: identity.private_key_pem, ALPNProtocols: ['h2'] }, (socket) => socket.on('data', (data) => received.push(data.toString('latin1'))).on('error', () => socket.destroy()));
    const { proxy: opening, server } = await proxy((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      interceptor.emit('connection', socket);
    });
    await expect(CellConnection.open(address(opening), await cell.identity())).rejects.toMatchObject({ code: 'cell_untrusted' });
    await expect(pinnedAuthority(cell.url, digestOf(cell.authority.certificate_pem), opening)).rejects.toMatchObject({ code: 'cell_untrusted' });
    expect(received).toEqual([]);
    server.close();
  });
});

describe('the authority that a token pins', () => {
  it('is taken from the cell that it is of, and from no other', async () => {
    const digest = digestOf(cell.authority.certificate_pem);
    const pem = await pinnedAuthority(cell.url, digest, null);
    expect(digestOf(pem)).toBe(digest);
    await expect(pinnedAuthority(other.url, digest, null)).rejects.toMatchObject({ code: 'cell_untrusted' });
  });
});
