import { describe, expect, test } from 'vitest';
import { isDeclared, parseAllowedHost } from './allow-list.ts';
import { createEgress } from './egress.ts';
import { EgressError } from './errors.ts';

const codeOf = (baseUrl: string, allowedHosts: string[], declaredHosts?: string[]): string => {
  try {
    createEgress({ baseUrl, allowedHosts, declaredHosts });
    return 'made';
  } catch (error) {
    if (error instanceof EgressError) return error.code;
    throw error;
  }
};

describe('entries', () => {
  test.each<[string, object]>([
    ['example.service-now.com:443', { scheme: null, hostname: 'example.service-now.com', port: 443, pathPrefix: '' }],
    ['https://api.example.com:443/v2', { scheme: 'https', hostname: 'api.example.com', port: 443, pathPrefix: '/v2' }],
    ['https://API.Example.com.:443/v2/', { scheme: 'https', hostname: 'api.example.com', port: 443, pathPrefix: '/v2' }],
    ['http://localhost:80/', { scheme: 'http', hostname: 'localhost', port: 80, pathPrefix: '' }],
    ['[::1]:8090', { scheme: null, hostname: '::1', port: 8090, pathPrefix: '' }],
    ['2130706433:80', { hostname: '127.0.0.1', port: 80 }],
    ['bücher.example:443', { hostname: 'xn--bcher-kva.example' }],
  ])('%s', (entry, host) => {
    expect(parseAllowedHost(entry)).toMatchObject({ host: { entry, ...host } });
  });

  test.each(['', 'example.com', 'example.com:', 'example.com:0', 'example.com:65536', 'https://example.com', 'https://example.com/v2', 'ftp://example.com:21', 'user@example.com:443', 'https://user:pass@example.com:443',
    'example.com:443?x=1', 'example.com:443#x', 'example.com:443/a/../b', 'example.com:443/a/%2e%2e/b', 'example.com:443/a%2fb', 'example.com:443/a//b', 'example.com:443/a b', 'example.com:443\\a', '*.example.com:443',
    'exa mple.com:443', '::1:80', '[::g]:80', 'example.com:443/..;/x'])('%j is refused, with the entry and how to write it', (entry) => {
    const read = parseAllowedHost(entry);
    expect(read).toMatchObject({ problem: expect.stringContaining(JSON.stringify(entry)) });
  });
});

describe('what a base URL must fit', () => {
  test('scheme, host, port and path all count', () => {
    const list = ['https://api.example.com:443/v2'];
    expect(codeOf('https://api.example.com/v2', list)).toBe('made');
    expect(codeOf('https://api.example.com/v2/tickets', list)).toBe('made');
    expect(codeOf('https://api.example.com', list)).toBe('made');
    for (const baseUrl of ['http://api.example.com:443/v2', 'https://api.example.com:8443/v2', 'https://www.example.com/v2', 'https://api.example.com/v20', 'https://api.example.com/v1']) {
      expect([baseUrl, codeOf(baseUrl, list)]).toEqual([baseUrl, 'host_not_allowed']);
    }
    expect(codeOf('https://api.example.com/a%2fb', [])).toBe('base_url_invalid');
  });

  test('requests stay under the path of an entry', async () => {
    const egress = createEgress({ baseUrl: 'https://api.example.com', allowedHosts: ['https://api.example.com:443/v2'], resolver: async () => ['127.0.0.1'] });
    const codeAt = (path: string): Promise<unknown> => egress.request({ method: 'GET', path }).then(() => 'sent', (error: unknown) => (error as EgressError).code);
    // The entry names the host, so it is only the closed port that ends these two.
    for (const path of ['/v2', '/v2/tickets']) expect([path, await codeAt(path)]).toEqual([path, 'connect_failed']);
    for (const path of ['/', '/v20', '/v1', '/V2', '/%76%32']) expect([path, await codeAt(path)]).toEqual([path, 'host_not_allowed']);
    await egress.close();
  });
});

describe('the bound that the package declares', () => {
  test.each<[string, string[], boolean]>([
    ['acme.service-now.com', ['{instance}'], true], ['other.example', ['{instance}'], false], ['api.github.com', ['{instance}', 'api.github.com'], true],
    ['a.openai.azure.com', ['*.openai.azure.com'], true], ['openai.azure.com', ['*.openai.azure.com'], false], ['.openai.azure.com', ['*.openai.azure.com'], false],
    ['evilopenai.azure.com', ['*.openai.azure.com'], false], ['api.github.com.evil.example', ['api.github.com'], false],
  ])('%s under %j: %s', (hostname, declared, is) => {
    expect(isDeclared(hostname, declared, 'acme.service-now.com')).toBe(is);
  });

  test('holds for the base URL and for every allowed host', () => {
    expect(codeOf('https://acme.example', ['acme.example:443'], ['{instance}'])).toBe('made');
    expect(codeOf('https://acme.example', ['acme.example:443', 'elsewhere.example:443'], ['{instance}'])).toBe('host_not_allowed');
    expect(codeOf('https://acme.example', [], ['api.github.com'])).toBe('host_not_allowed');
    expect(() => createEgress({ baseUrl: 'https://acme.example', allowedHosts: ['acme.example:443', 'elsewhere.example:443'], declaredHosts: ['{instance}'] })).toThrow(/elsewhere\.example.*acme\.example \(the base URL's\).*`hosts`/);
  });
});
