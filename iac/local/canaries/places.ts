import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decodeArchive } from '@countersign/contracts/evidence/archive.ts';
import type { CanaryCell } from './canary-cell.ts';
import type { RecordedApi } from './recorded-api.ts';
import { dumpDatabase } from './repository-dump.ts';

/** Where something may have been left: what kind of place, where there, and its bytes as `latin1` text. */
export interface Place {
  readonly kind: 'logs' | 'database' | 'answers' | 'objects' | 'traces' | 'metrics' | 'arguments' | 'environ';
  readonly where: string;
  readonly text: string;
}

/** Everything that a cell leaves behind or shows, apart from what is sealed. Called while its processes run. */
export async function placesOf(cell: CanaryCell, api: RecordedApi): Promise<Place[]> {
  await readEverything(api);
  return [
    ...await processesOf(cell), ...await metricsOf(cell),
    { kind: 'traces', where: 'OTLP', text: bytes(`${cell.otlp.raw}\n${JSON.stringify(cell.otlp.headers)}`) },
    ...api.answers.map((text, i) => ({ kind: 'answers', where: `answer ${i}`, text: bytes(text) }) as const),
    ...[...await dumpDatabase(cell.scratch.url())].map(([where, text]) => ({ kind: 'database', where, text: bytes(text) }) as const),
    ...(await filesIn(cell.scratch.path('logs'))).map(({ name, content }) => ({ kind: 'logs', where: name, text: content.toString('latin1') }) as const),
    ...(await filesIn(cell.scratch.path('objects'))).flatMap(({ name, content }) => unpacked(content).map((part) => ({ kind: 'objects', where: name, text: part.toString('latin1') }) as const)),
  ];
}

const LISTS = ['/api/v1/runs?limit=200', '/api/v1/dead-letters?limit=200', '/api/v1/audit/events?limit=200', '/api/v1/credentials', '/api/v1/instances', '/api/v1/decisions?limit=200', '/api/v1/slack/app', '/api/v1/identity-providers', '/api/v1/audit/sinks', '/api/v1/queues', '/api/v1/cell'];

/** What the API says to whoever may read everything, runs with all that happened in them too. */
async function readEverything(api: RecordedApi): Promise<void> {
  for (const list of LISTS) await api.send('GET', list);
  const { items } = (await api.send('GET', '/api/v1/runs?limit=200')).body as { items: Array<{ id: string }> };
  for (const { id } of items) for (const part of ['', '/timeline']) await api.send('GET', `/api/v1/runs/${id}${part}`);
}

async function processesOf({ processes }: CanaryCell): Promise<Place[]> {
  return Promise.all(processes.flatMap(({ pid, name }) => ([['arguments', 'cmdline'], ['environ', 'environ']] as const).map(async ([kind, file]) => ({ kind, where: name, text: (await readFile(`/proc/${pid}/${file}`)).toString('latin1') }))));
}

async function metricsOf({ processes }: CanaryCell): Promise<Place[]> {
  return Promise.all(processes.map(async ({ metricsUrl, name }) => ({ kind: 'metrics', where: name, text: metricsUrl === null ? '' : bytes(await (await fetch(metricsUrl)).text()) }) as const));
}

async function filesIn(folder: string): Promise<Array<{ name: string; content: Buffer }>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return Promise.all(entries.filter((entry) => entry.isFile()).map(async ({ parentPath, name }) => ({ name: path.join(path.relative(folder, parentPath), name), content: await readFile(path.join(parentPath, name)) })));
}

/** The bytes themselves, and what is packed in them. */
function unpacked(content: Buffer): Buffer[] {
  if (content.subarray(0, 2).equals(GZIP)) return [content, gunzipSync(content)];
  if (content.subarray(0, 4).equals(ZIP)) return [content, ...[...decodeArchive(content).values()].map((part) => Buffer.from(part))];
  return [content];
}

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZIP = Buffer.from('PK\u0003\u0004');

function bytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}
