import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CompileLayer } from './compile-options.ts';
import { dataOf, filesOf } from './layers.ts';

/** The folders of one compilation. */
export interface ScratchFolder {
  /** The sources with their tests, and the data as `data.json`. opa runs here, so that it names files by their paths in the bundle. */
  readonly sources: string;
  /** A copy that may be rewritten. */
  readonly formatting: string;
  /** Writes a file beside them. Answers its path. */
  write(name: string, content: string): Promise<string>;
}

/** Gives `work` a folder of its own, and removes it whatever happens. */
export async function inScratchFolder<T>(layers: readonly CompileLayer[], work: (folder: ScratchFolder) => Promise<T>): Promise<T> {
  const root = await mkdtemp(path.join(tmpdir(), 'countersign-policy-'));
  try {
    const sources = path.join(root, 'sources');
    const formatting = path.join(root, 'formatting');
    await writeAll(sources, filesOf(layers));
    await writeAll(formatting, filesOf(layers));
    await writeFile(path.join(sources, 'data.json'), JSON.stringify(dataOf(layers)));
    return await work({
      sources, formatting,
      write: async (name, content) => {
        await writeFile(path.join(root, name), content);
        return path.join(root, name);
      },
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function writeAll(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [file, text] of files) {
    const target = path.join(folder, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}
