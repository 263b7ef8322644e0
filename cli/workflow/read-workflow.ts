import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { bundledWorkflow, filesNamedIn } from '@countersign/contracts/workflow/bundle.ts';
import { CliError } from '../errors.ts';

/** A workflow as it is published: with the prompts and schemas that it names, read from beside it. @throws CliError */
export async function readWorkflow(file: string): Promise<string> {
  const source = await readText(file);
  // What is wrong with the workflow the API says, line by line; here only the names of files are needed.
  const names = filesNamedIn(parseDocument(source).toJS({ maxAliasCount: 50 }));
  const files = new Map<string, string>();
  for (const name of names) files.set(name, await readText(path.join(path.dirname(file), name)));
  return bundledWorkflow(source, files);
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new CliError('input_invalid', `${file} cannot be read: ${cause.message}`, { cause });
  });
}
