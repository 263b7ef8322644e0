import { Resolver as DnsResolver } from 'node:dns/promises';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import type { EgressOptions } from '@countersign/platform/egress/egress.ts';
import { EgressError } from '@countersign/platform/egress/errors.ts';
import { systemResolver } from '@countersign/platform/egress/guarded-connect.ts';
import type { Resolver } from '@countersign/platform/egress/guarded-connect.ts';
import type { GuardedRequest } from '@countersign/platform/egress/request-check.ts';
import type { AttackPlan, AttackReport } from './attack-plan.ts';
import { redirectChains } from './redirect-chains.ts';
import { metadataSpellings, spellings } from './spellings.ts';

/**
 * The process under judgement: it does with the egress what a connector or a peer that turned against us could make it do. What it
 * reports is only what it tried; whether anything was reached is seen by the listeners and the kernel.
 */
process.once('disconnect', () => process.exit(1));
process.once('message', (message) => {
  const plan = message as AttackPlan;
  void attack(plan).then((report) => process.send?.(report, undefined, undefined, () => process.exit(0)));
});

/** Refusals for which no connection is needed. `connect_failed` is not among them: it means that one was tried. */
const REFUSALS: ReadonlySet<string> = new Set(['base_url_invalid', 'host_not_allowed', 'address_not_allowed', 'name_not_resolved', 'request_invalid']);
const REDIRECT_REFUSALS: ReadonlySet<string> = new Set(['redirect_not_allowed', 'address_not_allowed']);
const ENOUGH = 20;
const LIMITS = { connect_timeout_ms: 2_000, header_timeout_ms: 2_000, total_timeout_ms: 4_000 };

async function attack(plan: AttackPlan): Promise<AttackReport> {
  const unexpected: string[] = [];
  const expectRefusal = async (what: string, refusals: ReadonlySet<string>, attempt: () => Promise<string>): Promise<void> => {
    // Enough to know that the guard is broken; what is tried against a broken one takes its time.
    if (unexpected.length >= ENOUGH) return;
    const outcome = await attempt();
    if (!refusals.has(outcome)) unexpected.push(`${what}: ${outcome}`);
  };
  const controls = plan.control === null ? 0 : await reachControl(plan, plan.control);
  const attempts = await trySpellings(plan, expectRefusal);
  const { chains, controlChains } = plan.control === null ? { chains: 0, controlChains: 0 } : await tryRedirects(plan, plan.control, expectRefusal);
  const rebinds = plan.rebinds === 0 ? { names: 0, firstReached: 0 } : await tryRebinding(plan, expectRefusal);
  return { spellings: spellings().length, spelling_attempts: attempts, redirect_chains: chains, rebinds: rebinds.names, control_reached: controls + controlChains + rebinds.firstReached, unexpected };
}

type ExpectRefusal = (what: string, refusals: ReadonlySet<string>, attempt: () => Promise<string>) => Promise<void>;

/** The allowed host is reached, over IPv4 and IPv6 where both are there, by reads and writes. */
async function reachControl({ dnsPort }: AttackPlan, { port, named }: NonNullable<AttackPlan['control']>): Promise<number> {
  let reached = 0;
  for (const families of [[4], [6]] as const) {
    const resolver = resolverOf(dnsPort, families);
    if ((await resolver('peer.test').catch(() => [])).length === 0) continue;
    for (const method of ['GET', 'POST'] as const) {
      if (await outcomeOf({ baseUrl: `http://peer.test:${port}`, allowedHosts: named ? [`peer.test:${port}`] : [], resolver }, { method, path: '/reached' }) === '200') reached += 1;
    }
  }
  return reached;
}

/** Every spelling as the host of a base URL, by reads and writes, over http and https; those of metadata also where the instance names them. */
async function trySpellings({ ports, dnsPort }: AttackPlan, expectRefusal: ExpectRefusal): Promise<number> {
  const resolver = resolverOf(dnsPort, [4, 6]);
  let attempts = 0;
  const attempt = async (baseUrl: string, allowedHosts: readonly string[], method: GuardedRequest['method']): Promise<void> => {
    attempts += 1;
    await expectRefusal(`${method} ${baseUrl}${allowedHosts.length > 0 ? ' (named)' : ''}`, REFUSALS, () => outcomeOf({ baseUrl, allowedHosts, resolver }, { method, path: '/' }));
  };
  for (const port of ports) {
    for (const host of spellings()) {
      await attempt(`http://${host}:${port}`, [], 'GET');
      await attempt(`http://${host}:${port}`, [], 'POST');
      await attempt(`https://${host}:${port}`, [], 'GET');
    }
    for (const host of metadataSpellings()) await attempt(`http://${host}:${port}`, [`${host}:${port}`], 'GET');
  }
  return attempts;
}

async function tryRedirects({ dnsPort }: AttackPlan, { port }: NonNullable<AttackPlan['control']>, expectRefusal: ExpectRefusal): Promise<{ chains: number; controlChains: number }> {
  const resolver = resolverOf(dnsPort, [4, 6]);
  const allowedHosts = ['peer.test', 'second.test', 'metadata.test', 'metadata6.test'].map((host) => `http://${host}:${port}`);
  let [chains, controlChains] = [0, 0];
  for (const [index, { name, method, control }] of redirectChains({ port }).entries()) {
    const follow = (): Promise<string> => outcomeOf({ baseUrl: `http://peer.test:${port}`, allowedHosts, resolver }, { method, path: `/chain/${index}/0`, credentialHeaders: { authorization: 'Bearer secret' } });
    if (control) controlChains += (await follow()) === '200' ? 1 : 0;
    else {
      chains += 1;
      await expectRefusal(`redirect ${name}`, REDIRECT_REFUSALS, follow);
    }
  }
  return { chains, controlChains };
}

const KINDS = ['flip', 'swing', 'mixed', 'cross', 'alias'] as const;

/** One name each: where its first answer is public it is reached once, and never again once the answer has changed. */
async function tryRebinding({ control, dnsPort, rebinds, systemDns }: AttackPlan, expectRefusal: ExpectRefusal): Promise<{ names: number; firstReached: number }> {
  const ours = resolverOf(dnsPort, [4, 6]);
  let firstReached = 0;
  for (let number = 0; number < rebinds; number += 1) {
    const kind = KINDS[number % KINDS.length]!;
    const name = `${kind}${Math.floor(number / KINDS.length) % 2 === 0 ? '' : '6'}-${number}.rebind.test`;
    const options = { baseUrl: `http://${name}:${control?.port ?? 80}`, allowedHosts: [], resolver: systemDns && number % 4 === 3 ? systemResolver : ours };
    const egress = createEgress({ ...options, limits: LIMITS });
    // A write has a connection of its own each time, so every request asks the name server anew.
    if (kind === 'flip' || kind === 'swing') firstReached += (await sent(egress, { method: 'POST', path: '/reached' })) === '200' ? 1 : 0;
    await expectRefusal(`${name}, rebound`, REFUSALS, () => sent(egress, { method: 'POST', path: '/' }));
    await egress.close();
    if (kind !== 'swing') await expectRefusal(`${name}, anew`, REFUSALS, () => outcomeOf(options, { method: 'GET', path: '/' }));
  }
  return { names: rebinds, firstReached };
}

/** Node's own resolver (c-ares) pointed at the proof's DNS server for its names; the system's for all others. */
function resolverOf(dnsPort: number | null, families: readonly (4 | 6)[]): Resolver {
  const dns = new DnsResolver({ timeout: 2_000, tries: 2 });
  if (dnsPort !== null) dns.setServers([`127.0.0.1:${dnsPort}`]);
  return async (hostname) => {
    if (dnsPort === null || !hostname.endsWith('.test')) return systemResolver(hostname);
    const answers = await Promise.all([families.includes(4) ? dns.resolve4(hostname) : [], families.includes(6) ? dns.resolve6(hostname) : []].map(async (asking) => Promise.resolve(asking).catch(() => [])));
    return answers.flat();
  };
}

async function outcomeOf(options: EgressOptions, request: GuardedRequest): Promise<string> {
  try {
    const egress = createEgress({ ...options, limits: LIMITS });
    try {
      return await sent(egress, request);
    } finally {
      await egress.close();
    }
  } catch (error) {
    return codeOf(error);
  }
}

function sent(egress: ReturnType<typeof createEgress>, request: GuardedRequest): Promise<string> {
  return egress.request(request).then(({ status }) => String(status), codeOf);
}

function codeOf(error: unknown): string {
  return error instanceof EgressError ? error.code : String(error);
}
