import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { baseEnvironment, ROOT } from '../config.ts';
import { findNamespace } from '../network-proof/namespace.ts';

test('tickets of a ServiceNow that only an agent reaches are written back by the binary, where nothing listens and nothing but its two peers is in reach', async () => {
  const { code, stdout, stderr } = await demo('--placement', 'agent', '--tickets', '10', '--json');
  if ('unavailable' in await findNamespace()) {
    expect([code, stderr]).toEqual([8, expect.stringContaining('An agent behind a firewall cannot be shown here')]);
    return;
  }
  expect([code, stderr]).toEqual([0, expect.stringContaining('in a network of its own')]);
  expect(JSON.parse(stdout)).toMatchObject({
    placement: 'agent', tickets: 10, written_back: 10, evidence_verified: 10,
    network: { scanned_ports: 131_070, open_ports: [], scan_finds_a_listener: true, listening_sockets: [], cell_to_servicenow: expect.not.stringContaining('reached') },
  });
}, 240_000);

function demo(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(ROOT, 'iac/local/demo.ts'), ...args], { env: baseEnvironment() }, (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }));
  });
}
