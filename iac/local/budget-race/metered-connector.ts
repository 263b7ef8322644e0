import { setTimeout as delay } from 'node:timers/promises';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { checkManifest } from '@countersign/connectors/sdk/load-manifest.ts';

export const METER = { meter: 'race.unit', unit: 'unit' } as const;
/** What one call uses up; the price is the tenant's own. */
export const UNITS_PER_CALL = 100;
const LONGEST_ANSWER_MS = 30;

/** A connector of this command: it estimates what it will use up, takes a moment, and uses up exactly that. It sends nothing. */
export const metered: Connector = {
  ...checkManifest({
    name: 'race', version: '1.0.0', title: 'Race', description: 'Metered calls for the budget race', credentials: ['none'],
    actions: {
      spend: {
        title: 'Spend', risk: 'model', reversible: true, idempotent: true, reconcile: false, timeout_ms: 10_000, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['model_output'],
        parameters: { type: 'object', additionalProperties: false }, output: { type: 'object', additionalProperties: false },
      },
    },
  }),
  actions: {
    spend: {
      estimate: () => [{ ...METER, quantity: UNITS_PER_CALL }],
      execute: async () => {
        await delay(Math.random() * LONGEST_ANSWER_MS);
        return { output: {}, usage: [{ ...METER, quantity: UNITS_PER_CALL }] };
      },
    },
  },
};
