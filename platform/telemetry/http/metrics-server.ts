import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startHttpServer } from '../../http/http-server.ts';
import type { RunningServer } from '../../http/http-server.ts';
import { TelemetryError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';

export interface MetricsServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What a scraper sends as `Authorization: Bearer`; null where only this machine can ask. */
  readonly token: string | null;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
const MIN_TOKEN_LENGTH = 16;

/** The check behind the settings of both planes: who could ask from elsewhere must say who they are. @throws TelemetryError `metrics_unprotected` */
export function refuseUnprotected({ host, token }: MetricsServerOptions): void {
  if (token !== null && token.length < MIN_TOKEN_LENGTH) throw new TelemetryError('metrics_unprotected', `COUNTERSIGN_METRICS_TOKEN is shorter than ${MIN_TOKEN_LENGTH} characters. Set a longer one.`);
  if (token === null && !LOOPBACK.test(host)) throw new TelemetryError('metrics_unprotected', `COUNTERSIGN_METRICS_HOST is ${host}, which other machines reach. Set COUNTERSIGN_METRICS_TOKEN too, or listen on 127.0.0.1.`);
}

/** Serves `/metrics` and nothing else, on a port of its own: what scrapes need not reach the API, and what reaches the API does not read this. */
export async function startMetricsServer(metrics: Metrics, options: MetricsServerOptions): Promise<RunningServer> {
  refuseUnprotected(options);
  return startHttpServer((request, response) => {
    response.setHeader('cache-control', 'no-store');
    if (request.url !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) return end(response, 404, 'There is only GET /metrics here.\n');
    // A page of a browser on this machine may send requests to loopback, by a name that it made resolve there, and must not read the answer.
    if (options.token === null && !isLoopbackName(request)) return end(response, 403, 'Ask for /metrics by a loopback address, or set COUNTERSIGN_METRICS_TOKEN.\n');
    if (options.token !== null && !holdsToken(request, options.token)) return end(response.setHeader('www-authenticate', 'Bearer'), 401, 'Send the token of COUNTERSIGN_METRICS_TOKEN as Authorization: Bearer.\n');
    metrics.text().then(
      (text) => end(response.setHeader('content-type', metrics.contentType), 200, text),
      () => end(response, 500, 'The metrics could not be read. The log says why.\n'),
    );
  }, options);
}

function end(response: ServerResponse, status: number, text: string): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.writeHead(status).end(text);
}

function isLoopbackName({ headers }: IncomingMessage): boolean {
  const host = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return LOOPBACK.test(host);
}

function holdsToken({ headers }: IncomingMessage, token: string): boolean {
  const [, sent = ''] = /^bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(sent), digest(token));
}
