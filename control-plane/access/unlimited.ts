import type { RequestLimits, TenantStates } from './ports.ts';

/** Where requests are not counted. */
export const unlimited: RequestLimits = { take: () => Promise.resolve({}) };

/** Where every tenant of the database is served. */
export const everyTenant: TenantStates = { refuseUnlessServed: () => Promise.resolve() };
