import { expect, it } from 'vitest';
import { parseStartArguments } from './arguments.ts';
import type { CellOptions } from '../config.ts';

it('has defaults for everything', () => {
  const options = parseStartArguments([]) as CellOptions;
  expect(options).toMatchObject({ port: 8080, sandboxPort: 8090, workers: 1, fresh: false, policyTtlSeconds: 900 });
});

it('takes every flag', () => {
  const options = parseStartArguments(['--fresh', '--port', '0', '--workers', '3', '--policy-renewal-seconds', '0', '--no-opa']) as CellOptions;
  expect(options).toMatchObject({ fresh: true, port: 0, workers: 3, policyRenewalSeconds: 0, installOpa: false });
});

it('names the flag and what it takes', () => {
  expect(() => parseStartArguments(['--port', 'http'])).toThrow(/--port takes a whole number from 0 to 65535, not "http"/);
  expect(() => parseStartArguments(['--workers', '0'])).toThrow(/--workers takes a whole number from 1 to 16/);
  expect(() => parseStartArguments(['--prot', '1'])).toThrow(/--prot/);
});
