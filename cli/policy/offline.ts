import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.ts';
import { printJson, say } from '../output.ts';
import { askAuthorTool } from './author-tool.ts';
import { parseJson, readFolder } from './folder.ts';
import { newFolder } from './new-folder.ts';
import { problemsText, testsText } from './show-report.ts';
import { simulatedText } from './show-decision.ts';

/** The commands that need no server: each compiles the folder on the shipped base and packs, with the opa of this machine. Exit code 1 where the policy is not good. */

export async function makeNew(folder: string, options: { readonly layer: string; readonly packs?: string; readonly json?: boolean }): Promise<void> {
  const files = await newFolder(folder, { layer: options.layer, packs: options.packs?.split(',').map((name) => name.trim()) });
  if (options.json === true) return printJson({ folder, files });
  process.stdout.write([`${folder} is made: ${files.join(', ')}.`, 'As it is it passes its tests and changes nothing; its README says how to go on.', '', `Next   countersign policy test ${folder}`, 'Guide  docs/how-to/write-a-policy.md', ''].join('\n'));
}

export async function check(folder: string, options: { readonly json?: boolean; readonly fix?: boolean }): Promise<void> {
  const policy = await readFolder(folder);
  const { report } = await askAuthorTool({ command: 'compile', folder: policy, until: 'types' });
  const own = Object.entries(report.formatted).filter(([file]) => file.startsWith(`${policy.layer}/`));
  const fixed = options.fix === true ? own : [];
  for (const [file, text] of fixed) await writeFile(path.join(folder, file.slice(policy.layer.length + 1)), text);
  const left = fixed.length === 0 ? report : { ...report, problems: report.problems.filter(({ code }) => code !== 'not_formatted') };
  process.exitCode = report.ok ? 0 : 1;
  if (options.json === true) return printJson(left);
  if (left.problems.length > 0) process.stdout.write(`${problemsText(left, { folder, layer: policy.layer })}\n`);
  if (fixed.length > 0) say(`Formatted: ${fixed.map(([file]) => file.slice(policy.layer.length + 1)).join(', ')}.`);
  if (report.ok) say(`${folder} is good: ${Object.keys(policy.files).length} files of the layer ${policy.layer}, by opa ${report.opa_version}.`);
}

export async function test(folder: string, options: { readonly json?: boolean }): Promise<void> {
  const policy = await readFolder(folder);
  const { report } = await askAuthorTool({ command: 'compile', folder: policy, until: 'tests' });
  process.exitCode = report.ok ? 0 : 1;
  if (options.json === true) return printJson(report);
  const shown = { folder, layer: policy.layer };
  if (report.problems.length > 0) process.stdout.write(`${problemsText(report, shown)}\n`);
  if (report.tests.length > 0 || report.ok) process.stdout.write(`${testsText(report, shown)}\n`);
}

export async function build(folder: string, options: { readonly output: string; readonly json?: boolean }): Promise<void> {
  const policy = await readFolder(folder);
  const { report, bundle } = await askAuthorTool({ command: 'build', folder: policy });
  process.exitCode = report.ok ? 0 : 1;
  if (bundle !== undefined) {
    await writeFile(options.output, Buffer.from(bundle.base64, 'base64')).catch((cause: Error) => {
      throw new CliError('input_invalid', `${options.output} cannot be written: ${cause.message}`, { cause });
    });
  }
  if (options.json === true) return printJson({ report, bundle: bundle === undefined ? null : { file: options.output, revision: bundle.revision, digest: bundle.digest } });
  if (report.problems.length > 0) process.stdout.write(`${problemsText(report, { folder, layer: policy.layer })}\n`);
  if (bundle !== undefined) say(`${options.output} written: ${bundle.revision}, ${bundle.digest}. It is not signed: \`opa run --server --bundle ${options.output}\` serves it, a decision point of Countersign refuses it.`);
}

export async function simulateHere(folder: string, inputFile: string, options: { readonly json?: boolean }): Promise<void> {
  const policy = await readFolder(folder);
  const source = await readFile(inputFile, 'utf8').catch((cause: Error) => {
    throw new CliError('input_invalid', `${inputFile} cannot be read: ${cause.message}`, { cause });
  });
  const { report, simulated } = await askAuthorTool({ command: 'simulate', folder: policy, input: parseJson(source, inputFile) });
  const shown = { folder, layer: policy.layer };
  if (simulated === undefined) process.exitCode = 1;
  if (options.json === true) return printJson(simulated === undefined ? { report } : { decision: simulated.decision, reasons: simulated.reasons });
  process.stdout.write(`${simulated === undefined ? problemsText(report, shown) : simulatedText(simulated, shown)}\n`);
}
