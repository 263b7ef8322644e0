import { TelemetryError } from './errors.ts';
import { refuseUnprotected } from './http/metrics-server.ts';

/** How a process is looked at. */
export interface TelemetrySettings {
  /** Where `/metrics` is served; null: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number; readonly token: string | null } | null;
  readonly traces: { readonly endpoint: string | null; readonly headers: Readonly<Record<string, string>>; readonly ratio: number };
}

/** Nothing is served and nothing is sent. */
export const UNOBSERVED: TelemetrySettings = { metrics: null, traces: { endpoint: null, headers: {}, ratio: 1 } };

/** The settings that both planes have. `env` is given by their `config.ts`. @throws TelemetryError naming the variable and what it takes */
export function readTelemetrySettings(env: Readonly<Record<string, string | undefined>>): TelemetrySettings {
  const port = env['COUNTERSIGN_METRICS_PORT'] ?? '';
  const metrics = port === '' ? null : { host: env['COUNTERSIGN_METRICS_HOST'] || '127.0.0.1', port: portOf(port), token: env['COUNTERSIGN_METRICS_TOKEN'] || null };
  if (metrics !== null) refuseUnprotected(metrics);
  return { metrics, traces: { endpoint: env['COUNTERSIGN_OTLP_ENDPOINT'] || null, headers: headersOf(env['COUNTERSIGN_OTLP_HEADERS'] ?? ''), ratio: ratioOf(env['COUNTERSIGN_TRACES_RATIO'] || '1') } };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new TelemetryError('setting_invalid', `COUNTERSIGN_METRICS_PORT is ${JSON.stringify(text)}. Set it to a port from 0 (a free one) to 65535, or leave it out.`);
  return port;
}

function ratioOf(text: string): number {
  const ratio = /^[01](\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(ratio <= 1)) throw new TelemetryError('setting_invalid', `COUNTERSIGN_TRACES_RATIO is ${JSON.stringify(text)}. Set it to a part from 0 to 1, such as 0.05.`);
  return ratio;
}

/** `name=value,name=value`, values percent-encoded, as OpenTelemetry writes them. The message never holds a value: it may be a key. */
function headersOf(text: string): Record<string, string> {
  return Object.fromEntries(text.split(',').filter((pair) => pair.trim() !== '').map((pair) => {
    const [, name, value] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(\S.*?)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined || /%(?![0-9a-f]{2})/i.test(value)) throw new TelemetryError('setting_invalid', 'COUNTERSIGN_OTLP_HEADERS cannot be read. Set it to name=value pairs with commas between, values percent-encoded.');
    return [name.toLowerCase(), decodeURIComponent(value)];
  }));
}
