import { expect, it } from 'vitest';
import { isPostmasterOf, parsePostmasterFile } from './postmaster.ts';

it('reads pid and status, also of a file that is still being written', () => {
  expect(parsePostmasterFile('812\n/data\n1700000000\n5432\n\n127.0.0.1\n  1 2\nready   \n')).toEqual({ pid: 812, status: 'ready' });
  expect(parsePostmasterFile('812\n/data\n')).toEqual({ pid: 812, status: '' });
  expect(parsePostmasterFile('')).toBeUndefined();
  expect(parsePostmasterFile('-812\n')).toBeUndefined();
});

it.each([
  ['this folder', ['/x/bin/postgres', '-D', '/cell/postgres', '-c', 'port=1'], true],
  ['another folder', ['/usr/lib/postgresql/16/bin/postgres', '-D', '/var/lib/postgresql/16/main'], false],
  ['a folder that only begins alike', ['postgres', '-D', '/cell/postgres2'], false],
  ['no folder', ['postgres'], false],
  ['this folder, but by another program', ['/bin/ls', '-D', '/cell/postgres'], false],
])('knows the server of %s', (_what, argv, expected) => {
  expect(isPostmasterOf({ pid: 1, startedAt: 'x', argv }, '/cell/postgres')).toBe(expected);
});
