import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { aroundAddress, clientAddress, isNetwork } from './client-address.ts';

const request = (remoteAddress: string | undefined, forwarded?: string | string[]): Pick<IncomingMessage, 'headers' | 'socket'> =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } } as unknown as Pick<IncomingMessage, 'headers' | 'socket'>);

describe('whom a request is counted against', () => {
  const proxies = ['10.0.0.0/8', '2001:db8:1::/48', '192.0.2.7'];

  test.each([
    ['nobody before us: the connection', [], request('203.0.113.9'), '203.0.113.9'],
    ['a header that nobody of ours wrote', [], request('203.0.113.9', '198.51.100.1'), '203.0.113.9'],
    ['a header of somebody who is no proxy of ours', proxies, request('203.0.113.9', '198.51.100.1'), '203.0.113.9'],
    ['behind a proxy of ours', proxies, request('10.1.2.3', '198.51.100.1'), '198.51.100.1'],
    ['behind two of ours', proxies, request('10.1.2.3', '198.51.100.1, 10.9.9.9, 192.0.2.7'), '198.51.100.1'],
    ['what the client wrote itself is further left', proxies, request('10.1.2.3', '127.0.0.1, 198.51.100.1'), '198.51.100.1'],
    ['the same header twice', proxies, request('10.1.2.3', ['127.0.0.1', '198.51.100.1']), '198.51.100.1'],
    ['no address at all: the proxy counts', proxies, request('10.1.2.3', '198.51.100.1, unknown'), '10.1.2.3'],
    ['no header: the proxy counts', proxies, request('10.1.2.3'), '10.1.2.3'],
    ['IPv4 within IPv6', proxies, request('::ffff:10.1.2.3', '::ffff:198.51.100.1'), '198.51.100.1'],
    ['the network of an IPv6 address', proxies, request('2001:db8:2:3:4:5:6:7'), '2001:db8:2:3::/64'],
    ['behind a proxy over IPv6', proxies, request('2001:db8:1::5', '2001:db8:2:3:ffff::1'), '2001:db8:2:3::/64'],
    ['an address spelt as a number is none', proxies, request('10.1.2.3', '2130706433'), '10.1.2.3'],
    ['a connection that is gone', proxies, request(undefined), 'unknown'],
  ])('%s', (_name, trusted, one, address) => {
    expect(clientAddress(trusted)(one)).toBe(address);
  });

  test.each([['203.0.113.77', '203.0.113.0/24'], ['2001:db8:2:3::/64', '2001:db8:2::/48'], ['unknown', null]])('of %s no more than %s is kept', (address, kept) => {
    expect(aroundAddress(address)).toBe(kept);
  });

  test.each([['10.0.0.0/8', true], ['::1', true], ['2001:db8::/32', true], ['10.0.0.0/33', false], ['10.0.0.0/', false], ['10.0.0.0/8/8', false], ['localhost', false], ['', false], ['127.1', false]])('%s is a network: %s', (text, expected) => {
    expect(isNetwork(text)).toBe(expected);
  });
});
