import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { CliError } from '../errors.ts';

/** The manifest of a connector without code, as `publish` sends it. What is wrong with its content the API says, field by field. @throws CliError */
export async function readManifestFile(file: string): Promise<{ readonly manifest: Record<string, unknown> }> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new CliError('input_invalid', `${file} cannot be read: ${cause.message}`, { cause });
  });
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) throw new CliError('input_invalid', `${file} is no YAML: ${document.errors.map((error) => error.message).join('; ')}`);
  const manifest: unknown = document.toJS({ maxAliasCount: 0 });
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) throw new CliError('input_invalid', `${file} holds no manifest.`);
  return { manifest: manifest as Record<string, unknown> };
}
