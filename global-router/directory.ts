import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { RouterError } from './config.ts';

export interface Cell {
  readonly region: 'us' | 'eu';
  readonly url: string;
}

export interface TenantEntry {
  readonly tenant_id: string;
  readonly slug: string;
  readonly cell: string;
}

/** Where a tenant is served. */
export interface Place extends TenantEntry {
  readonly region: 'us' | 'eu';
  readonly cell_url: string;
}

interface DirectoryFile {
  readonly cells: Readonly<Record<string, Cell>>;
  readonly tenants: readonly TenantEntry[];
}

/**
 * All that the router knows: which cell is where, and which tenant is in which. Ids and names of cells, no data of a tenant. It is one file of JSON;
 * whoever edits it by hand is noticed by its time of change, and a file that makes no sense leaves what is known as it is.
 */
export class Directory {
  readonly #file: string;
  readonly #onProblem: (error: unknown) => void;
  #cells: Readonly<Record<string, Cell>> = {};
  #byId = new Map<string, TenantEntry>();
  #bySlug = new Map<string, TenantEntry>();
  #readAt = '';
  /** Changes one after the other: each is of what the one before has left. */
  #changes: Promise<void> = Promise.resolve();

  private constructor(file: string, onProblem: (error: unknown) => void) {
    this.#file = file;
    this.#onProblem = onProblem;
  }

  /** @throws RouterError `directory_invalid` */
  static async open(file: string, onProblem: (error: unknown) => void): Promise<Directory> {
    const directory = new Directory(file, onProblem);
    await directory.#read();
    return directory;
  }

  /** Reads the file again where somebody has changed it. */
  async refresh(): Promise<void> {
    try {
      if (await timeOf(this.#file) !== this.#readAt) await this.#read();
    } catch (error) {
      this.#onProblem(error);
    }
  }

  bySlug(slug: string): Place | undefined {
    return this.#placeOf(this.#bySlug.get(slug));
  }

  byTenant(tenantId: string): Place | undefined {
    return this.#placeOf(this.#byId.get(tenantId));
  }

  /**
   * Adds a tenant, or says that it is in another cell now. It never leaves its region.
   * @throws RouterError `cell_unknown`, `slug_taken`, `region_fixed`
   */
  async put(entry: TenantEntry): Promise<Place> {
    await this.#change(() => {
      const cell = this.#cells[entry.cell];
      if (cell === undefined) throw new RouterError('cell_unknown', `There is no cell ${JSON.stringify(entry.cell)}. The cells are ${Object.keys(this.#cells).join(', ')}.`);
      const namesake = this.#bySlug.get(entry.slug);
      if (namesake !== undefined && namesake.tenant_id !== entry.tenant_id) throw new RouterError('slug_taken', `Another tenant is called ${entry.slug}.`);
      const before = this.byTenant(entry.tenant_id);
      if (before !== undefined && before.region !== cell.region) throw new RouterError('region_fixed', `${entry.tenant_id} is pinned to ${before.region}; the cell ${entry.cell} is in ${cell.region}.`);
      return [...[...this.#byId.values()].filter((other) => other.tenant_id !== entry.tenant_id), entry];
    });
    return this.#placeOf(entry) as Place;
  }

  /** Forgets a tenant; nothing happens where it is not known. */
  remove(tenantId: string): Promise<void> {
    return this.#change(() => [...this.#byId.values()].filter((entry) => entry.tenant_id !== tenantId));
  }

  #placeOf(entry: TenantEntry | undefined): Place | undefined {
    const cell = entry === undefined ? undefined : this.#cells[entry.cell];
    return entry === undefined || cell === undefined ? undefined : { ...entry, region: cell.region, cell_url: cell.url };
  }

  #change(next: () => TenantEntry[]): Promise<void> {
    const done = this.#after(this.#changes, next);
    this.#changes = done.catch(() => undefined);
    return done;
  }

  async #after(before: Promise<void>, next: () => TenantEntry[]): Promise<void> {
    await before;
    await this.refresh();
    const tenants = next().toSorted((a, b) => (a.tenant_id < b.tenant_id ? -1 : 1));
    await replace(this.#file, { cells: this.#cells, tenants });
    await this.#read();
  }

  async #read(): Promise<void> {
    const readAt = await timeOf(this.#file);
    const { cells, tenants } = parsed(await readFile(this.#file, 'utf8'), this.#file);
    this.#cells = cells;
    this.#byId = new Map(tenants.map((entry) => [entry.tenant_id, entry]));
    this.#bySlug = new Map(tenants.map((entry) => [entry.slug, entry]));
    this.#readAt = readAt;
  }
}

async function timeOf(file: string): Promise<string> {
  const { mtimeNs, ino } = await stat(file, { bigint: true }).catch((cause: unknown) => {
    throw new RouterError('directory_invalid', `${file} cannot be read. Make it: {"cells": {"us-1": {"region": "us", "url": "https://..."}}, "tenants": []}.`, { cause });
  });
  return `${ino}/${mtimeNs}`;
}

/** Whole or not at all: a reader sees the file of before or the new one. */
async function replace(file: string, directory: DirectoryFile): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, `${JSON.stringify(directory, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(part, file);
}

const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
export const TENANT_ID = /^ten_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** @throws RouterError `directory_invalid`, naming what is wrong */
function parsed(text: string, file: string): DirectoryFile {
  const wrong = (what: string, cause?: unknown): RouterError => new RouterError('directory_invalid', `${file}: ${what}.`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong('it is no JSON', cause);
  }
  const { cells = {}, tenants = [] } = value as Partial<DirectoryFile>;
  for (const [name, cell] of Object.entries(cells)) {
    if (!SLUG.test(name)) throw wrong(`${JSON.stringify(name)} is no name of a cell`);
    if (cell.region !== 'us' && cell.region !== 'eu') throw wrong(`cells.${name}.region is not us or eu`);
    if (!URL.canParse(cell.url) || !/^https?:$/.test(new URL(cell.url).protocol)) throw wrong(`cells.${name}.url is no URL`);
  }
  const [ids, slugs] = [new Set<string>(), new Set<string>()];
  for (const { tenant_id, slug, cell } of tenants) {
    if (!TENANT_ID.test(tenant_id)) throw wrong(`${JSON.stringify(tenant_id)} is no id of a tenant`);
    if (!isSlug(slug)) throw wrong(`${JSON.stringify(slug)} is no slug`);
    if (cells[cell] === undefined) throw wrong(`${tenant_id} is in the cell ${JSON.stringify(cell)}, which is not among the cells`);
    if (ids.has(tenant_id) || slugs.has(slug)) throw wrong(`${tenant_id} or ${slug} stands there twice`);
    ids.add(tenant_id);
    slugs.add(slug);
  }
  return { cells: Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, { region: cell.region, url: cell.url.replace(/\/+$/, '') }])), tenants };
}

export function isSlug(text: unknown): text is string {
  return typeof text === 'string' && SLUG.test(text);
}
