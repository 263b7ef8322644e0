import { readFile } from 'node:fs/promises';
import type { OrderInstance } from '@countersign/contracts/agent/work-order.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { endedBy } from '@countersign/connectors/gateway/call.ts';
import type { ConnectionSettings, Instances, InstanceView } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { ConnectionConfig } from '../config/agent-config.ts';
import { hostOf } from '../config/host-of.ts';
import { credentialIds } from '../credentials/local-vault.ts';
import type { RunningOrders } from './running-order.ts';

/**
 * The one instance that an order is for: pinned to the package that the cell names, and reached where and as whom this machine's configuration says. Nothing
 * of an order says where to.
 */
export function orderInstances(orders: RunningOrders, connections: readonly ConnectionConfig[]): Instances {
  const find = async (call: CallIdentity, wanted: (instance: OrderInstance) => boolean): Promise<InstanceView | null> => {
    const { instance } = orders.of(call).order;
    const connection = connections.find(({ name, connector }) => name === instance.name && connector === instance.connector);
    return connection !== undefined && wanted(instance) ? viewOf(instance, connection) : null;
  };
  return {
    find: (call, connector, name) => find(call, (instance) => instance.connector === connector && (name === null || instance.name === name)),
    byId: (call, connector, id) => find(call, (instance) => instance.connector === connector && instance.id === id),
  };
}

async function viewOf(instance: OrderInstance, connection: ConnectionConfig): Promise<InstanceView> {
  return {
    id: instance.id, name: instance.name, connector: instance.connector, settings: instance.settings as JsonObject,
    connectorVersion: instance.connector_version, manifestDigest: instance.manifest_digest, packageDigest: instance.package_digest,
    baseUrl: connection.base_url,
    allowedHosts: connection.allowed_hosts ?? [hostOf(connection.base_url)],
    credentialId: connection.credential.kind === 'none' ? null : credentialIds.own(connection.name),
    connection: await settingsOf(connection),
  };
}

async function settingsOf({ name, ca_file, client_certificate, proxy }: ConnectionConfig): Promise<ConnectionSettings> {
  return {
    caPem: ca_file === undefined ? null : await caOf(name, ca_file),
    clientCertificateId: client_certificate === undefined ? null : credentialIds.certificate(name),
    proxyUrl: proxy?.url ?? null,
    proxyCredentialId: proxy?.username === undefined ? null : credentialIds.proxy(name),
    proxyResolvesNames: proxy?.resolves_names ?? false,
  };
}

async function caOf(connection: string, ca_file: string): Promise<string> {
  return readFile(ca_file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const message = `The file ${ca_file} of the connection ${connection} cannot be read (${error.code ?? 'unknown'}). Put the certificates there that the agent is to trust.`;
    throw endedBy({ code: 'credential_unusable', retryable: true, message });
  });
}
