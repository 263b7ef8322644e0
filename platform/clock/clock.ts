/** What time it is. A port, because tests and the simulation bring their own. Leases never ask it: only the database's clock decides those. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
