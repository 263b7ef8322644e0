import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import type { WorkflowFile } from '@countersign/contracts/workflow/definition.ts';
import { YamlSource } from './yaml-source.ts';


/** A file that came along with the workflow, by the path that steps name it by. */
export interface AttachedFile extends WorkflowFile {
  readonly text: string;
}

export interface WorkflowParts {
  /** The workflow itself: the first document. */
  readonly workflow: string;
  readonly files: ReadonlyMap<string, AttachedFile>;
  readonly problems: readonly FieldProblem[];
}

const SEPARATOR = /^---[ \t]*(?:#.*)?$/m;
const PATH_FORM = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;
const MAX_FILES = 50;

/**
 * A workflow and the prompts and schemas that it names are one text of several YAML documents, so that one digest covers all of them:
 * the workflow first, then one document of kind `File` for each.
 */
export function splitWorkflow(text: string): WorkflowParts {
  const [first = '', ...others] = text.split(SEPARATOR);
  // Comments may stand before the first marker. Lines keep their numbers: the marker's own line is left behind empty.
  const [workflow, rest] = isBlank(first) && others[0] !== undefined ? [`${first}${others[0]}`, others.slice(1)] : [first, others];
  const files = new Map<string, AttachedFile>();
  const problems: FieldProblem[] = [];
  let line = lineCount(workflow);
  for (const [index, document] of rest.entries()) {
    const read = readFile(document, line);
    line += lineCount(document);
    if ('problems' in read) problems.push(...read.problems);
    else if (files.has(read.file.path) || index >= MAX_FILES) problems.push(fileProblem(line, files.has(read.file.path) ? `The file ${read.file.path} is there twice.` : `A workflow brings at most ${MAX_FILES} files.`));
    else files.set(read.file.path, read.file);
  }
  return { workflow, files, problems };
}

function readFile(document: string, line: number): { readonly file: AttachedFile } | { readonly problems: FieldProblem[] } {
  const source = new YamlSource(document);
  const read = source.read();
  if ('problems' in read) return { problems: read.problems.map((problem) => ({ ...problem, line: (problem.line ?? 1) + line })) };
  const value = read.value as { apiVersion?: unknown; kind?: unknown; metadata?: { path?: unknown }; content?: unknown } | null;
  const path = value?.metadata?.path;
  if (value?.apiVersion !== 'countersign.dev/v1' || value.kind !== 'File') return { problems: [fileProblem(line + 1, 'After the workflow come files only: apiVersion countersign.dev/v1, kind File, metadata.path, content.')] };
  if (typeof path !== 'string' || !PATH_FORM.test(path)) return { problems: [fileProblem(line + 1, 'metadata.path is a relative path without "..", such as prompts/triage.md.')] };
  if (typeof value.content !== 'string' || value.content === '') return { problems: [fileProblem(line + 1, `The file ${path} has no text under "content".`)] };
  return { file: { path, text: value.content, sha256: digestOfBytes(value.content), size_bytes: Buffer.byteLength(value.content) } };
}

function fileProblem(line: number, message: string): FieldProblem {
  return { field: '', code: 'file_invalid', message, line: Math.max(1, line), column: 1 };
}

function isBlank(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#.*)?$/.test(line));
}

function lineCount(text: string): number {
  return text.split('\n').length - 1;
}

/** The file that a parameter names as `{file: PATH}` or `{$ref: PATH}`; null when it names none. */
export function namedFile(value: unknown, key: 'file' | '$ref'): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const [only, ...others] = Object.entries(value as Record<string, unknown>);
  return only !== undefined && others.length === 0 && only[0] === key && typeof only[1] === 'string' ? only[1] : null;
}

