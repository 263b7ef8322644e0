import { describe, expect, test } from 'vitest';
import { BUCKET_COUNT, LATENCY_BOUNDS_MS, bucketOf, quantile_ms } from './buckets.ts';
import { startMetricsServer } from './http/metrics-server.ts';
import { Metrics } from './metrics.ts';
import { readExposition } from './testing/exposition.ts';

describe('what is scraped', () => {
  test('is what an independent reader of the format takes, with values in base units', async () => {
    const metrics = new Metrics({ process: true });
    metrics.counter({ name: 'countersign_things_total', help: 'Things.', labels: ['kind'] }).add(3, 'a "quoted"\nline\\');
    metrics.gauge({ name: 'countersign_queue_steps', help: 'Steps.' }).set(7);
    const latency = metrics.latency({ name: 'countersign_wait_seconds', help: 'A wait.', labels: ['kind'] });
    for (const ms of [0.5, 1, 3, 20_000_000]) latency.observe(ms, 'x');
    const read = readExposition(await metrics.text());
    expect(read.get('countersign_things_total')?.samples).toEqual([{ name: 'countersign_things_total', labels: { kind: 'a "quoted"\nline\\' }, value: 3 }]);
    expect(read.get('countersign_queue_steps')?.samples[0]?.value).toBe(7);
    const wait = read.get('countersign_wait_seconds')!;
    expect(wait.type).toBe('histogram');
    expect(wait.samples.find(({ labels }) => labels['le'] === '0.001')?.value).toBe(2);
    expect(wait.samples.find(({ name }) => name.endsWith('_sum'))?.value).toBeCloseTo(20_000.0045, 6);
    expect(read.get('nodejs_eventloop_lag_seconds')?.type).toBe('gauge');
  });

  test('a label that tenants choose takes a hundred values; the rest are one', async () => {
    const metrics = new Metrics({ process: false });
    const counter = metrics.counter({ name: 'countersign_things_total', help: 'Things.', labels: ['workflow'] });
    for (let i = 0; i < 5_000; i++) counter.add(1, `workflow-${i}`);
    const { samples } = readExposition(await metrics.text()).get('countersign_things_total')!;
    expect(samples).toHaveLength(101);
    expect(samples.find(({ labels }) => labels['workflow'] === 'other')?.value).toBe(4_900);
  });

  test.each(['things_total', 'countersign_Things_total', 'countersign_wait_ms', 'countersign_wait_milliseconds'])('%s is no name', (name) => {
    expect(() => new Metrics({ process: false }).gauge({ name, help: 'x' })).toThrow(expect.objectContaining({ code: 'metric_invalid' }));
  });
});

describe('the endpoint', () => {
  const metrics = new Metrics({ process: false });
  const get = async (url: string, headers: Record<string, string> = {}): Promise<number> => (await fetch(url, { headers })).status;

  test('answers this machine on loopback, by that name only, and serves nothing else', async () => {
    const server = await startMetricsServer(metrics, { host: '127.0.0.1', port: 0, token: null });
    expect(await get(`${server.url}/metrics`)).toBe(200);
    expect(await get(`${server.url}/`)).toBe(404);
    expect((await fetch(`${server.url}/metrics`, { method: 'POST' })).status).toBe(404);
    // What a page of a browser reaches by a name of its own (DNS rebinding).
    const { request } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      request(`${server.url}/metrics`, { headers: { host: 'rebound.example' } }, (answer) => { resolve(answer.statusCode); answer.resume(); }).on('error', reject).end();
    });
    expect(status).toBe(403);
    await server.stop(0);
  });

  test('wants its token where one is set', async () => {
    const token = 'a-token-of-a-scraper';
    const server = await startMetricsServer(metrics, { host: '127.0.0.1', port: 0, token });
    expect(await get(`${server.url}/metrics`)).toBe(401);
    expect(await get(`${server.url}/metrics`, { authorization: `Bearer ${token}x` })).toBe(401);
    expect(await get(`${server.url}/metrics`, { authorization: `Bearer ${token}` })).toBe(200);
    await server.stop(0);
  });

  test.each([{ host: '0.0.0.0', token: null }, { host: '::', token: null }, { host: '10.0.0.1', token: null }, { host: '127.0.0.1', token: 'short' }])('is not opened to others without a token: $host', async ({ host, token }) => {
    await expect(startMetricsServer(metrics, { host, port: 0, token })).rejects.toMatchObject({ code: 'metrics_unprotected' });
  });
});

describe('latency', () => {
  test('falls into the bucket whose bound it does not exceed', () => {
    expect([0, 1, 1.5, 3_600_000, 3_600_001].map(bucketOf)).toEqual([0, 0, 1, BUCKET_COUNT - 2, BUCKET_COUNT - 1]);
    for (const [i, bound] of LATENCY_BOUNDS_MS.entries()) expect([bucketOf(bound), bucketOf(bound + 0.01)]).toEqual([i, i + 1]);
  });

  test('has quantiles as Prometheus works them out', () => {
    expect(quantile_ms([], 0.5)).toBeNull();
    // Four within (7, 10]: the median is in the middle of the bucket.
    expect(quantile_ms([0, 0, 0, 0, 4], 0.5)).toBe(8.5);
    expect(quantile_ms([...Array.from({ length: BUCKET_COUNT - 1 }, () => 0), 3], 0.99)).toBe(3_600_000);
    expect(quantile_ms([10, 90], 0.1)).toBe(1);
  });
});
