import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { keptAgentPort } from './agent-port.ts';
import { anyFreePort } from './ports.ts';

/** What a data folder keeps, in memory. */
function folder(): Parameters<typeof keptAgentPort>[0] {
  const kept = new Map<string, unknown>();
  return { readKept: async <T>(name: string) => kept.get(name) as T | undefined, keep: async (name, value) => void kept.set(name, value) };
}

it('is the one that is asked for, or any that is free, and stays that', async () => {
  const [asked, data] = [await anyFreePort(), folder()];
  expect(await keptAgentPort(data, asked)).toBe(asked);
  expect(await keptAgentPort(data, undefined)).toBe(asked);
  expect(await keptAgentPort(data, 0)).toBe(asked);
  await expect(keptAgentPort(data, asked + 1)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(`--agent-port ${asked}`) as string });
  expect(await keptAgentPort(folder(), 0)).toBeGreaterThan(0);
});

it('is not one that somebody else has', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => { other.listen(0, '127.0.0.1', resolve); });
  const { port } = other.address() as AddressInfo;
  await expect(keptAgentPort(folder(), port)).rejects.toMatchObject({ code: 'port_taken' });
  await new Promise((resolve) => { other.close(resolve); });
});
