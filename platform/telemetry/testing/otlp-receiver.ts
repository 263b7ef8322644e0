import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A span as it came over the wire, read from the JSON encoding of OTLP. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startedAt_ns: bigint;
  readonly endedAt_ns: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Everything that was received, as text: for looking for what must not be in it. */
  readonly raw: string;
  readonly headers: ReadonlyArray<IncomingMessage['headers']>;
  /** Resolves when `enough` says so of the spans received so far. */
  until(enough: (spans: readonly ReceivedSpan[]) => boolean): Promise<readonly ReceivedSpan[]>;
  stop(): Promise<void>;
}

/**
 * A stand-in for a collector: takes `POST /v1/traces` in OTLP's JSON encoding, and refuses what the specification does not allow.
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp, opentelemetry-proto trace/v1/trace.proto.
 */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const raw: string[] = [];
  const headers: Array<IncomingMessage['headers']> = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      try {
        headers.push(request.headers);
        const text = bodyOf(request, Buffer.concat(chunks));
        raw.push(text);
        spans.push(...spansOf(JSON.parse(text)));
        response.setHeader('content-type', 'application/json').end('{"partialSuccess":{}}');
      } catch (error) {
        // As a collector answers what it cannot read: 400, which is not tried again.
        response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ code: 3, message: String(error) }));
        raw.push(`refused: ${String(error)}`);
      }
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans, headers,
    get raw() { return raw.join('\n'); },
    until: (enough) => new Promise((resolve) => {
      const look = (): void => {
        if (!enough(spans)) return;
        waiting.delete(look);
        resolve(spans);
      };
      waiting.add(look);
      look();
    }),
    stop: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}

function bodyOf(request: IncomingMessage, bytes: Buffer): string {
  if (request.method !== 'POST' || request.url !== '/v1/traces') throw new TypeError(`${request.method ?? ''} ${request.url ?? ''} is not POST /v1/traces`);
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) throw new TypeError('The body is not in the JSON encoding');
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
}

type Json = Readonly<Record<string, unknown>>;

function spansOf(message: unknown): ReceivedSpan[] {
  return listOf((message as Json)['resourceSpans']).flatMap((resourceSpans) => {
    const resource = attributesOf((resourceSpans['resource'] as Json | undefined)?.['attributes']);
    return listOf(resourceSpans['scopeSpans']).flatMap((scopeSpans) => listOf(scopeSpans['spans']).map((span) => spanOf(span, String(resource['service.name']))));
  });
}

function spanOf(span: Json, service: string): ReceivedSpan {
  const parent = span['parentSpanId'];
  const [startedAt_ns, endedAt_ns] = [timeOf(span['startTimeUnixNano']), timeOf(span['endTimeUnixNano'])];
  if (endedAt_ns < startedAt_ns) throw new RangeError('A span ends before it begins');
  if (listOf(span['events']).length > 0) throw new TypeError('We send no events');
  return {
    service, name: textOf(span['name']), traceId: idOf(span['traceId'], 32), spanId: idOf(span['spanId'], 16),
    parentSpanId: parent === undefined || parent === '' ? null : idOf(parent, 16), kind: Number(span['kind']), startedAt_ns, endedAt_ns,
    attributes: attributesOf(span['attributes']), failed: (span['status'] as Json | undefined)?.['code'] === 2,
  };
}

function listOf(value: unknown): Json[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError('A repeated field is no array');
  return value as Json[];
}

function textOf(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new TypeError('A name is missing');
  return value;
}

/** JSON writes ids of traces in hexadecimal digits, unlike other bytes. */
function idOf(value: unknown, digits: number): string {
  if (typeof value !== 'string' || !new RegExp(`^[0-9a-f]{${digits}}$`).test(value) || /^0+$/.test(value)) throw new TypeError(`Not an id: ${String(value)}`);
  return value;
}

/** A fixed64: a decimal text, as numbers would lose digits. */
function timeOf(value: unknown): bigint {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) throw new TypeError(`Not a time in nanoseconds: ${String(value)}`);
  return BigInt(value);
}

function attributesOf(value: unknown): Record<string, unknown> {
  return Object.fromEntries(listOf(value).map((attribute) => [textOf(attribute['key']), anyValueOf(attribute['value'] as Json)]));
}

function anyValueOf(value: Json): unknown {
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) throw new TypeError('An AnyValue holds exactly one value');
  const [kind, held] = entry;
  if (kind === 'arrayValue') return listOf((held as Json)['values']).map(anyValueOf);
  if (kind === 'intValue') return Number(held);
  if (['stringValue', 'boolValue', 'doubleValue'].includes(kind)) return held;
  throw new TypeError(`An AnyValue of kind ${kind}`);
}
