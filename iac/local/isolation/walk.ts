import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { OPERATION_PERMISSION } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import { loadContract } from '@countersign/platform/http/contract.ts';
import type { ContractOperation } from '@countersign/platform/http/contract.ts';
import { normalised, parting, seen } from './compare.ts';
import type { Seen } from './compare.ts';
import { holdsIds, inField, inPath, nobodys } from './ids.ts';
import type { Whose } from './ids.ts';
import type { Caller } from './repository-callers.ts';
import { digestsOfOthers } from './repository-row-digests.ts';
import type { WalkedTenant, World } from './repository-world.ts';
import { SampleBodies } from './sample-body.ts';
import type { Schema } from './sample-body.ts';
import { KEPT_BY_THE_CELL } from './values.ts';

export interface WalkFigures {
  readonly routes: number;
  readonly callers: number;
  requests: number;
  /** Answers that hold something of another tenant's which was not sent. */
  reads: number;
  /** Tables in which rows of other tenants have changed. */
  writes: number;
  /** Answers about another tenant's things that are not the same as those about nothing. */
  differences: number;
  /** Operations that could not be called as the contract says. */
  readonly uncovered: string[];
  /** Operations whose planted thing even its owner does not see: that others do not see it says less. */
  readonly unseen: string[];
  /** Operations that failed (5xx): what fails shows nothing. */
  readonly failed: string[];
  /** The first few of what was found. */
  readonly findings: string[];
}

const CONTRACT = fileURLToPath(new URL('../../../contracts/openapi/openapi.yaml', import.meta.url));
/** Each ends the credential that calls it, never answers, or asks Slack (and takes no id): they have tests of their own. */
const APART: readonly string[] = ['signOut', 'revokeSessions', 'streamEvents', 'putSlackInstallation'];
const AT_ONCE = 4;
const MAX_FINDINGS = 20;
/** Longer than the cell's loops pause. */
const LOOPS_MS = 2_500;

interface Walked {
  readonly operation: ContractOperation;
  readonly bodySchema: Schema | null;
  readonly queryIds: readonly string[];
}

/** Every operation of the contract that a principal may call, by every caller of every tenant, with every other tenant's ids: in the path, in fields, and as the workspace to act in. */
export async function walk(world: World, { walkers = world.tenants, only }: { readonly walkers?: readonly WalkedTenant[]; readonly only?: readonly OperationId[] } = {}): Promise<WalkFigures> {
  const { operations: all, bodies } = await readOperations();
  const operations = all.filter(({ operation }) => only?.includes(operation.id as OperationId) ?? true);
  const figures: WalkFigures = { routes: operations.length, callers: walkers.flatMap(({ callers }) => callers).length, requests: 0, reads: 0, writes: 0, differences: 0, uncovered: [], unseen: [], failed: [], findings: [] };
  const walker = new Walker(world, bodies, figures);
  for (const one of operations) await walker.asOwner(one);
  for (const tenant of walkers) {
    const tables = world.tables.filter((table) => !KEPT_BY_THE_CELL.includes(table));
    const before = await quiet(() => digestsOfOthers(world.admin, tables, tenant.tenantId));
    const work = tenant.callers.flatMap((caller) => operations.map((one) => () => walker.asOther(tenant, caller, one)));
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let next = work.shift(); next !== undefined; next = work.shift()) await next();
    }));
    const after = await digestsOfOthers(world.admin, tables, tenant.tenantId);
    for (const table of tables.filter((name) => before.get(name) !== after.get(name))) {
      figures.writes += 1;
      walker.found(`${tenant.slug} changed rows of others in ${table}`);
    }
  }
  return figures;
}

async function readOperations(): Promise<{ operations: Walked[]; bodies: SampleBodies }> {
  const document = parse(await readFile(CONTRACT, 'utf8')) as { paths: Record<string, Record<string, Schema>> };
  const resolved = (value: Schema): Schema => {
    const reference = value['$ref'];
    return typeof reference === 'string' ? reference.slice(2).split('/').reduce<unknown>((at, key) => (at as Schema)[key], document) as Schema : value;
  };
  const operations = (await loadContract(CONTRACT)).filter(({ id }) => OPERATION_PERMISSION[id as OperationId] !== 'public' && !APART.includes(id)).map((operation): Walked => {
    const described = document.paths[operation.path]?.[operation.method] ?? {};
    const content = resolved((described['requestBody'] ?? {}) as Schema)['content'] as Record<string, { schema: Schema }> | undefined;
    const parameters = ((described['parameters'] ?? []) as Schema[]).map(resolved);
    return {
      operation, bodySchema: content === undefined ? null : Object.values(content)[0]?.schema ?? {},
      queryIds: parameters.filter((one) => one['in'] === 'query' && String(one['name']).endsWith('_id')).map((one) => String(one['name'])),
    };
  });
  return { operations, bodies: new SampleBodies(document as unknown as Schema) };
}

/** What a request is made of: whose ids are in its path, whose in its fields, and whose workspace it asks to act in. */
interface Made {
  readonly path: Whose;
  readonly fields: Whose;
  readonly workspaceId?: string;
}

class Walker {
  readonly #world: World;
  readonly #bodies: SampleBodies;
  readonly #figures: WalkFigures;
  readonly #nobody: Whose;

  constructor(world: World, bodies: SampleBodies, figures: WalkFigures) {
    this.#world = world;
    this.#bodies = bodies;
    this.#figures = figures;
    const [first] = world.tenants;
    if (first === undefined) throw new TypeError('A world without tenants has nobody who walks.');
    this.#nobody = nobodys(first);
  }

  /** Whether what is planted is there at all for its owner: only then does it say something that others do not see it. */
  async asOwner(walked: Walked): Promise<void> {
    const { id, method, path } = walked.operation;
    if (method !== 'get' || !holdsIds(path) || OPERATION_PERMISSION[id as OperationId] === 'cell') return;
    const [tenant] = this.#world.tenants;
    const caller = tenant?.callers.find(({ role, by }) => role === 'admin' && by === 'key');
    if (tenant === undefined || caller === undefined) return;
    const answer = await this.#ask(caller, walked, { path: tenant, fields: tenant });
    if (answer.status === 404) this.#figures.unseen.push(id);
  }

  async asOther(own: WalkedTenant, caller: Caller, walked: Walked): Promise<void> {
    const { path } = walked.operation;
    for (const other of this.#world.tenants.filter((tenant) => tenant.tenantId !== own.tenantId)) {
      if (holdsIds(path)) await this.#compare(own, caller, walked, { path: other, fields: own }, { path: this.#nobody, fields: own });
      if (this.#namesIds(walked)) await this.#compare(own, caller, walked, { path: own, fields: other }, { path: own, fields: this.#nobody });
      if (caller.role === 'admin') await this.#compare(own, caller, walked, { path: own, fields: own, workspaceId: other.workspaceId }, { path: own, fields: own, workspaceId: this.#nobody.ids.get('control.workspaces') ?? '' });
    }
    if (!holdsIds(path) && !this.#namesIds(walked)) await this.#ask(caller, walked, { path: own, fields: own }, own);
  }

  /** Whether its query or body names a thing: where neither does, there is nothing of others to ask for. */
  #namesIds({ operation, bodySchema, queryIds }: Walked): boolean {
    let names = queryIds.length > 0;
    if (bodySchema !== null && isJson(operation)) this.#bodies.next(bodySchema, (field) => {
      const id = inField(operation.id, field, this.#nobody);
      names ||= id !== undefined;
      return id;
    });
    return names;
  }

  found(text: string): void {
    if (this.#figures.findings.length < MAX_FINDINGS) this.#figures.findings.push(text);
  }

  async #compare(own: WalkedTenant, caller: Caller, walked: Walked, foreign: Made, none: Made): Promise<void> {
    // What is there is asked for last: had it been made or changed by asking for nothing, that would show.
    const ofNothing = await this.#ask(caller, walked, none, own);
    const ofOthers = await this.#ask(caller, walked, foreign, own);
    const [a, b] = [normalised(ofNothing, sentBy(none)), normalised(ofOthers, sentBy(foreign))];
    if (a === b) return;
    this.#figures.differences += 1;
    this.found(`${walked.operation.id} by ${caller.role} (${caller.by}), of nothing and of another tenant's: ${parting(a, b)}`);
  }

  async #ask(caller: Caller, walked: Walked, made: Made, own?: WalkedTenant): Promise<Seen> {
    const { operation, bodySchema, queryIds } = walked;
    const url = new URL(this.#world.url);
    url.pathname = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(inPath(operation.id, name, made.path)));
    for (const name of queryIds) url.searchParams.set(name, inField(operation.id, name, made.fields) ?? '');
    const body = bodySchema === null ? null : this.#body(operation, bodySchema, made.fields);
    this.#figures.requests += 1;
    const request = (): Promise<Seen> => fetch(url, {
      method: operation.method.toUpperCase(), redirect: 'manual',
      headers: { ...caller.headers, ...(body === null ? {} : { 'content-type': operation.requestMediaType ?? '' }), ...(made.workspaceId === undefined ? {} : { 'countersign-workspace': made.workspaceId }) },
      ...(body === null ? {} : { body }),
    }).then(seen);
    // A connection that was kept may end just as it is used again: then nothing was asked, and is asked anew.
    const answer = await request().catch(request).catch(cutOff);
    if (answer.status >= 500 && !this.#figures.failed.includes(operation.id)) {
      this.#figures.failed.push(operation.id);
      this.found(`${operation.id} by ${caller.role}: ${answer.status} ${answer.body}`);
    }
    if (own !== undefined) this.#lookForOthers(own, caller, operation, made, answer);
    return answer;
  }

  #body(operation: ContractOperation, schema: Schema, fields: Whose): string {
    if (!isJson(operation)) return 'planted';
    const body = this.#bodies.next(schema, (field) => inField(operation.id, field, fields));
    const problems = operation.checkBody(structuredClone(body));
    if (problems.length > 0 && !this.#figures.uncovered.includes(operation.id)) {
      this.#figures.uncovered.push(operation.id);
      this.found(`${operation.id}: no body that fits: ${JSON.stringify(problems.slice(0, 3))} ${JSON.stringify(body)}`);
    }
    return JSON.stringify(body);
  }

  /** Whatever is another tenant's and stands in an answer without having been sent was read. */
  #lookForOthers(own: WalkedTenant, caller: Caller, operation: ContractOperation, made: Made, { body, status }: Seen): void {
    const sent = sentBy(made);
    for (const other of this.#world.tenants.filter((tenant) => tenant.tenantId !== own.tenantId)) {
      const leaked = [...other.ids.values(), other.tenantId, other.marker, `name-of-${other.slug}`, `person-of-${other.slug}`].filter((text) => text !== '' && body.includes(text) && !sent.includes(text));
      if (leaked.length === 0) continue;
      this.#figures.reads += 1;
      this.found(`${operation.id} by ${caller.role} (${caller.by}) of ${own.slug} read of ${other.slug} (${status}): ${leaked.slice(0, 3).join(', ')}`);
    }
  }
}

/** An answer that broke off in the middle: as good as one that failed. */
function cutOff(error: unknown): Seen {
  return { status: 599, headers: [], body: error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error) };
}

function isJson({ requestMediaType }: ContractOperation): boolean {
  return /[/+]json$/.test(requestMediaType ?? '');
}

function sentBy({ path, fields, workspaceId }: Made): string[] {
  return [...path.ids.values(), ...fields.ids.values(), path.marker, fields.marker, ...(workspaceId === undefined ? [] : [workspaceId])].filter((value) => value !== '');
}

/** Reads until it is the same twice: what the cell has to do by itself, after its start and after the walk of another tenant, is over. */
async function quiet(read: () => Promise<Map<string, string>>): Promise<Map<string, string>> {
  let last = await read();
  for (let turn = 0; turn < 50; turn += 1) {
    await setTimeout(LOOPS_MS);
    const next = await read();
    if ([...next].every(([table, digest]) => last.get(table) === digest)) return next;
    last = next;
  }
  throw new TypeError('Rows of tenants go on changing while nobody asks for anything.');
}
