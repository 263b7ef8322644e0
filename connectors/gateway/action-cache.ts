import { hash } from 'node:crypto';
import type { ActionCache, JsonObject } from '../sdk/connector.ts';
import type { Call } from './call.ts';

/** What connectors remember between calls, in this process only: losing it costs a read. */
export interface ActionCaches {
  /** The part of one tenant's instance, with the settings and credential that it has now. Nothing else can be reached through it. */
  of(call: Call): ActionCache;
}

interface Entry {
  readonly text: string;
  readonly endsAt: number;
}

const MAX_ENTRY_CHARS = 2_000_000;
const MAX_CHARS = 32_000_000;
const MAX_ENTRIES = 5_000;

/** Values are kept as text, so that what one call does to a value is not seen by the next. The oldest go first. */
export function createActionCaches(now: () => number): ActionCaches {
  const entries = new Map<string, Entry>();
  let chars = 0;

  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    chars -= entry.text.length;
  };
  const add = (key: string, entry: Entry): void => {
    remove(key);
    entries.set(key, entry);
    chars += entry.text.length;
    for (const oldest of entries.keys()) {
      if (chars <= MAX_CHARS && entries.size <= MAX_ENTRIES) break;
      remove(oldest);
    }
  };

  return {
    of(call) {
      const scope = `${scopeOf(call)}/`;
      return {
        get(key) {
          const entry = entries.get(scope + key);
          if (entry === undefined) return null;
          if (entry.endsAt > now()) return JSON.parse(entry.text) as JsonObject;
          remove(scope + key);
          return null;
        },
        put(key, value, keptMs) {
          const text = JSON.stringify(value);
          if (text.length <= MAX_ENTRY_CHARS) add(scope + key, { text, endsAt: now() + keptMs });
        },
        clear() {
          for (const key of [...entries.keys()].filter((known) => known.startsWith(scope))) remove(key);
        },
      };
    },
  };
}

/** Everything that what is read may depend on: who asks, as whom, where, and with which code. */
function scopeOf({ request, instance, connector }: Call): string {
  const { id, baseUrl, allowedHosts, settings, credentialId, connection } = instance;
  return hash('sha256', JSON.stringify([request.identity.tenant.id, id, baseUrl, allowedHosts, settings, credentialId, connection, connector.manifestDigest]));
}
