import type { AgentConfig } from '../config/agent-config.ts';
import type { Environment } from '../credentials/secret-ref.ts';
import { EnrolmentError } from '../enrolment/errors.ts';
import { loadEnrolment } from '../enrolment/identity.ts';
import { isRunning, readStatus } from '../status/status-file.ts';
import { ca, clock, dns, port, proxy } from './checks/cell-stretches.ts';
import { certificate } from './checks/certificate.ts';
import { connector } from './checks/connector.ts';
import { disk } from './checks/disk.ts';
import { permission } from './checks/permission.ts';
import { policy } from './checks/policy.ts';
import { CHECKS } from './finding.ts';
import type { CheckName, Examined, Finding, Seen } from './finding.ts';
import { wayToCell } from './way-to-cell.ts';

/**
 * Looks at everything that an agent needs, from this machine and with its own identity, and changes nothing. A fault is found where it is: what could
 * not be looked at because of it is said to be so, and is no fault of its own.
 */
export async function examine(config: AgentConfig, env: Environment, now: () => Date): Promise<readonly Finding[]> {
  const enrolment = await loadEnrolment(config.state_dir).catch((error: unknown) => {
    if (error instanceof EnrolmentError) return error;
    throw error;
  });
  const status = await readStatus(config.state_dir).catch(() => null);
  const examined: Examined = {
    config, env, now, enrolment,
    running: status !== null && isRunning(status, now()) ? status : null,
    way: enrolment instanceof EnrolmentError ? null : await wayToCell(enrolment.identity, enrolment.keys, config, env),
  };
  const mayRead = await permission(examined);
  const seen: Readonly<Record<CheckName, Seen>> = {
    permission: mayRead, disk: await disk(examined), certificate: certificate(examined, mayRead), dns: dns(examined), proxy: proxy(examined), port: port(examined),
    ca: ca(examined), clock: clock(examined), policy: policy(examined), connector: await connector(examined),
  };
  return CHECKS.map((name) => ({ name, ...seen[name] }));
}

/** The findings for people, with what to do below each that is not well. */
export function findingsText(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ name, ok, found, fix }) => [
    `${ok === null ? '-' : ok ? 'ok' : 'NO'}`.padEnd(4) + `${name.padEnd(12)} ${found}`,
    ...(fix === null ? [] : [`${' '.repeat(17)}-> ${fix}`]),
  ]);
  const ill = findings.filter(({ ok }) => ok === false).map(({ name }) => name);
  return [...lines, '', ill.length === 0 ? 'Nothing is wrong.' : `Wrong: ${ill.join(', ')}.`].join('\n');
}
