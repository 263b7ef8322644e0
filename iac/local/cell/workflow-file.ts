import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { bundledWorkflow, filesNamedIn } from '@countersign/contracts/workflow/bundle.ts';

/** A workflow's text with the prompts and schemas that it names, read from beside it. */
export async function readWorkflow(file: string, change: (source: string) => string = (source) => source): Promise<string> {
  const source = change(await readFile(file, 'utf8'));
  const names = filesNamedIn(parse(source));
  const texts = await Promise.all(names.map((name) => readFile(path.join(path.dirname(file), name), 'utf8')));
  return bundledWorkflow(source, new Map(names.map((name, index) => [name, texts[index]!])));
}
