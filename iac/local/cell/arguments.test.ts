import { afterEach, expect, it, vi } from 'vitest';
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

it('leaves the port of agents to the cell unless it is named', () => {
  expect(parseStartArguments([])).toMatchObject({ agentPort: undefined });
  expect(parseStartArguments(['--agent-port', '0'])).toMatchObject({ agentPort: 0 });
  vi.stubEnv('COUNTERSIGN_AGENT_PORT', '8443');
  expect(parseStartArguments([])).toMatchObject({ agentPort: 8443 });
  expect(() => parseStartArguments(['--agent-port', 'tls'])).toThrow('--agent-port takes a whole number from 0 to 65535, not "tls".');
});

it('runs on PostgreSQL alone unless it is asked for more', () => {
  expect(parseStartArguments([])).toMatchObject({ queue: 'postgres', redis: false });
  expect(parseStartArguments(['--queue', 'sqs', '--redis'])).toMatchObject({ queue: 'sqs', redis: true });
  expect(() => parseStartArguments(['--queue', 'kafka'])).toThrow('--queue takes postgres or sqs, not "kafka".');
});

it('takes the parts of the AWS side one by one or all together, and says where they contradict', () => {
  expect(parseStartArguments(['--keys', 'kms', '--objects', 's3'])).toMatchObject({ keys: 'kms', objects: 's3', secrets: undefined, queue: 'postgres', redis: false });
  expect(parseStartArguments(['--aws', '--objects', 's3', '--witness', '--oidc'])).toMatchObject({ keys: 'kms', objects: 's3', secrets: 'aws', queue: 'sqs', redis: true, witness: true, oidc: true });
  expect(() => parseStartArguments(['--aws', '--keys', 'file'])).toThrow('--aws means --keys kms, not file.');
  expect(() => parseStartArguments(['--objects', 'gcs'])).toThrow('--objects takes folder or s3, not "gcs".');
});

it('names the flag and what it takes', () => {
  expect(() => parseStartArguments(['--port', 'http'])).toThrow(/--port takes a whole number from 0 to 65535, not "http"/);
  expect(() => parseStartArguments(['--workers', '0'])).toThrow(/--workers takes a whole number from 1 to 16/);
  expect(() => parseStartArguments(['--prot', '1'])).toThrow(/--prot/);
});

afterEach(() => vi.unstubAllEnvs());

it('names the variable where the environment is wrong, and takes no empty number', () => {
  vi.stubEnv('COUNTERSIGN_PORT', 'http');
  expect(() => parseStartArguments([])).toThrow(/COUNTERSIGN_PORT takes a whole number from 0 to 65535, not "http"/);
  expect(parseStartArguments(['--port', '1'])).toMatchObject({ port: 1 });
  expect(() => parseStartArguments(['--port', '1', '--workers', ''])).toThrow(/--workers takes/);
});

it('takes where the cell stands and what its first tenant is called', () => {
  expect(parseStartArguments(['--region', 'eu', '--cell', 'eu-1', '--slug', 'acme'])).toMatchObject({ region: 'eu', cell: 'eu-1', slug: 'acme' });
  expect(() => parseStartArguments(['--region', 'mars'])).toThrow('--region takes us or eu, not "mars".');
  expect(() => parseStartArguments(['--slug', 'Acme Corp'])).toThrow(/--slug takes lower-case letters/);
});
