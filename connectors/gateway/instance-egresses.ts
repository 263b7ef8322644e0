import { hash } from 'node:crypto';
import type { ConnectionOptions } from '@countersign/platform/egress/connection-settings.ts';
import type { EgressLimits } from '@countersign/platform/egress/limits.ts';
import type { EgressOptions, GuardedEgress } from '@countersign/platform/egress/egress.ts';
import type { Call } from './call.ts';
import { borrowConnection } from './connection-credentials.ts';
import type { CredentialVault } from './ports.ts';

/** Whose way out it is, for who counts and traces requests. */
export interface EgressPeer {
  readonly connector: string;
  /** The instance wants to be told of our traces (`settings.traceparent`). */
  readonly traceparent: boolean;
}

export type EgressFactory = (options: EgressOptions, peer?: EgressPeer) => GuardedEgress;

/** One guarded way out per instance, kept open between calls. */
export interface InstanceEgresses {
  /**
   * Null for an instance without a base URL, which has nowhere to send to. Ask before every request: an instance or a certificate that
   * changed gets a new way out, and the old one takes no request any more.
   * @throws EgressError base_url_invalid, host_not_allowed, connection_settings_invalid
   * @throws ConnectorError credential_unusable
   */
  of(call: Call): Promise<GuardedEgress | null>;
  close(): Promise<void>;
}

interface OpenEgress {
  readonly digest: string;
  readonly egress: GuardedEgress;
}

const MAX_OPEN = 500;

/** An exchange may take as long as its action; connecting and waiting for headers have their own, shorter limits. */
const LIMITS: Partial<EgressLimits> = { total_timeout_ms: 120_000 };
/** A model's headers come with its answer, when it has thought. */
const MODEL_LIMITS: Partial<EgressLimits> = { ...LIMITS, header_timeout_ms: 120_000 };

export function createInstanceEgresses(create: EgressFactory, vault: CredentialVault): InstanceEgresses {
  const open = new Map<string, OpenEgress>();
  return {
    async of(call) {
      const { instance } = call;
      if (instance.baseUrl === null) return null;
      const options: EgressOptions = {
        baseUrl: instance.baseUrl, allowedHosts: instance.allowedHosts, declaredHosts: call.connector.manifest.hosts ?? ['{instance}'],
        connection: await borrowConnection(vault, call), limits: call.manifest.risk === 'model' ? MODEL_LIMITS : LIMITS,
      };
      const key = `${call.request.identity.tenant.id}/${instance.id}`;
      const peer: EgressPeer = { connector: call.connector.manifest.name, traceparent: instance.settings['traceparent'] === true };
      const digest = digestOf(options, peer);
      const known = open.get(key);
      if (known?.digest === digest) return known.egress;
      const egress = create(options, peer);
      if (known === undefined && open.size >= MAX_OPEN) retireOldest(open);
      open.set(key, { digest, egress });
      // What is under way ends where it began: to cut it could make the outcome of a write unknown.
      void known?.egress.retire();
      return egress;
    },
    async close() {
      const all = [...open.values()];
      open.clear();
      await Promise.all(all.map(({ egress }) => egress.close()));
    },
  };
}

/** Everything that decides where connections go and as whom, private keys included; only the digest is kept. */
function digestOf({ baseUrl, allowedHosts, declaredHosts, connection }: EgressOptions, { traceparent }: EgressPeer): string {
  const { caPem, clientCertificate, proxy }: ConnectionOptions = connection ?? {};
  return hash('sha256', JSON.stringify([
    baseUrl, allowedHosts, declaredHosts, traceparent, caPem, clientCertificate?.certificatePem, clientCertificate?.privateKeyPem,
    proxy?.url, proxy?.resolvesNames, proxy?.credential?.username, proxy?.credential?.password,
  ]));
}

function retireOldest(open: Map<string, OpenEgress>): void {
  const [oldest] = open;
  if (oldest === undefined) return;
  open.delete(oldest[0]);
  void oldest[1].egress.retire();
}
