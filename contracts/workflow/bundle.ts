/**
 * A workflow is published as one text: the workflow, then a document of kind `File` for each prompt and schema that it names. What reads
 * the files from a disk (the command line, the local cell) uses these two.
 */

/** The files that a parsed workflow names as `prompt: {file: PATH}` and `output_schema: {$ref: PATH}`, each once, in their order. */
export function filesNamedIn(workflow: unknown): string[] {
  const named = stepsOf(member(workflow, 'spec')).flatMap((step) => {
    const parameters = member(step, 'with');
    return [member(member(parameters, 'prompt'), 'file'), member(member(parameters, 'output_schema'), '$ref')];
  });
  return [...new Set(named.filter((path) => typeof path === 'string'))];
}

/** Steps, and those of their items. */
function stepsOf(holder: unknown): unknown[] {
  const steps = member(holder, 'steps');
  return Array.isArray(steps) ? (steps as unknown[]).flatMap((step) => [step, ...stepsOf(step)]) : [];
}

/** The one text. `files` by the path that the workflow names them by. */
export function bundledWorkflow(source: string, files: ReadonlyMap<string, string>): string {
  const documents = [...files].map(([path, text]) => `---\napiVersion: countersign.dev/v1\nkind: File\nmetadata: { path: ${JSON.stringify(path)} }\ncontent: ${blockScalar(text)}`);
  return [source.replace(/\n*$/, '\n'), ...documents].join('');
}

/** A literal block (YAML 1.2, 8.1.2) that reads as exactly `text`: its indentation is said, and how many line breaks it ends in is kept. */
function blockScalar(text: string): string {
  const lines = text.replace(/\n+$/, '').split('\n');
  const breaks = text.length - text.replace(/\n+$/, '').length;
  const chomping = breaks === 0 ? '-' : breaks === 1 ? '' : '+';
  return `|2${chomping}\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}${'\n'.repeat(Math.max(breaks, 1))}`;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>)[name] : undefined;
}
