import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { readConnectionSettings } from '@countersign/platform/egress/connection-settings.ts';
import { leadsInside, readDestination } from '@countersign/platform/egress/destination.ts';
import type { Destination } from '@countersign/platform/egress/destination.ts';
import { EgressError } from '@countersign/platform/egress/errors.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';

type NewInstance = components['schemas']['NewInstance'];

/**
 * Reads where an instance leads and how it connects as the egress will, so that a mistake is answered now and not by the first call.
 * Credentials are not looked at: only a worker opens them.
 * @throws ApiError request_invalid, naming the field
 */
export function assertReadable({ base_url, connection }: NewInstance, allowedHosts: readonly string[], manifest: ConnectorManifest): void {
  if (typeof base_url === 'string') {
    asField('/allowed_hosts', () => assertOutside(readDestination({ baseUrl: base_url, allowedHosts, declaredHosts: manifest.hosts ?? ['{instance}'] })));
  }
  const { ca_pem, proxy_url } = connection ?? {};
  if (typeof ca_pem === 'string') asField('/connection/ca_pem', () => readConnectionSettings({ caPem: ca_pem }, () => new Date(0)));
  if (typeof proxy_url === 'string') asField('/connection/proxy_url', () => readConnectionSettings({ proxy: { url: proxy_url } }, () => new Date(0)));
}

/** An address inside that nobody named would be refused by each call; it is said now, with what to write. */
function assertOutside(destination: Destination): void {
  const { hostname, port, named } = destination;
  if (named || !leadsInside(destination)) return;
  throw new EgressError('address_not_allowed', `${hostname} is not a public address. Name ${hostname.includes(':') ? `[${hostname}]` : hostname}:${port} in allowed_hosts if that is meant.`, { sent: false });
}

function asField(field: string, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    const at = error.code === 'base_url_invalid' ? '/base_url' : field;
    throw new ApiError('request_invalid', 'The body does not fit.', { errors: [{ field: at, code: error.code, message: error.message }], cause: error });
  }
}
