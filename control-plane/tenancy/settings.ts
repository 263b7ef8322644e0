import { isNetwork } from '@countersign/platform/http/client-address.ts';

/** How often the API may be asked where the operator has set nothing else for a tenant, and whom requests without credentials are counted against. */
export interface RequestSettings {
  readonly requestRates: {
    readonly tenant_per_minute: number;
    /** By one key, token or session. */
    readonly key_per_minute: number;
    /** Without credentials that are known. */
    readonly address_per_minute: number;
  };
  /** Addresses and networks of the proxies before us, whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
}

/** @throws what `wrong` makes of the name of a variable and what it takes */
export function readRequestSettings(env: Readonly<Record<string, string | undefined>>, whole: (variable: string, otherwise: number) => number, wrong: (variable: string, takes: string) => Error): RequestSettings {
  return {
    requestRates: {
      tenant_per_minute: whole('COUNTERSIGN_REQUESTS_PER_MINUTE', 12_000),
      key_per_minute: whole('COUNTERSIGN_REQUESTS_PER_MINUTE_PER_KEY', 3_000),
      address_per_minute: whole('COUNTERSIGN_REQUESTS_PER_MINUTE_PER_ADDRESS', 1_200),
    },
    trustedProxies: (env['COUNTERSIGN_TRUSTED_PROXIES'] ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '').map((entry) => {
      if (!isNetwork(entry)) throw wrong('COUNTERSIGN_TRUSTED_PROXIES', `${JSON.stringify(entry)} is no address and no network. Set it to some with commas between them, such as 10.0.0.0/8.`);
      return entry;
    }),
  };
}
