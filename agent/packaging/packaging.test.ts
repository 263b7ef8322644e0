import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readConfig } from '../config/read-config.ts';

const UNIT = fileURLToPath(new URL('countersign-agent.service', import.meta.url));
const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8');

/** systemd's own judgement, from 0 (nothing exposed) to 10; undefined where there is no systemd. */
function exposure(): Promise<number | undefined> {
  return new Promise((resolve) => execFile('systemd-analyze', ['security', '--offline=true', '--no-pager', UNIT], { maxBuffer: 1_000_000 }, (_error, stdout) => {
    resolve(/Overall exposure level[^:]*: ([\d.]+)/.exec(stdout)?.slice(1).map(Number)[0]);
  }));
}

it('the example settings are settings that an agent takes', async () => {
  const config = readConfig('agent.example.yaml', await read('agent.example.yaml'), {});
  expect(config).toMatchObject({ state_dir: '/var/lib/countersign-agent', connections: [{ name: 'servicenow', credential: { kind: 'basic' } }] });
});

it('the unit gives the agent nothing but its state folder and the network', async () => {
  const unit = await read('countersign-agent.service');
  const settings = unit.split('\n').filter((line) => /^[A-Z]\w+=/.test(line));
  for (const needed of [
    'User=countersign-agent', 'NoNewPrivileges=yes', 'CapabilityBoundingSet=', 'ProtectSystem=strict', 'ProtectHome=yes', 'PrivateTmp=yes', 'PrivateDevices=yes', 'RestrictAddressFamilies=AF_INET AF_INET6',
    'SocketBindDeny=any', 'SystemCallFilter=@system-service', 'StateDirectoryMode=0700', 'RestartPreventExitStatus=78',
  ]) expect(settings).toContain(needed);
  // 1.3 when it was written; systemd calls everything below 2 well contained.
  expect(await exposure() ?? 0).toBeLessThan(2);
}, 30_000);

it('the container runs as an ordinary user and listens on nothing', async () => {
  const lines = (await read('Containerfile')).split('\n');
  expect(lines.filter((line) => /^(?:USER|EXPOSE) /.test(line))).toEqual(['USER 65532:65532']);
  expect(lines).toContain('ENTRYPOINT ["/usr/local/bin/countersign-agent"]');
});
