import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findOpa } from '../opa-command.ts';

export interface OpaAnswer {
  readonly decision: unknown;
  /** Every rule that gave a verdict, also where a more restrictive one won. */
  readonly spoke: readonly string[];
}

const BATCH = 2_500;
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const HELPER = `package countersign.agreement

answer := {"decision": data.countersign.decision, "spoke": [verdict.rule | some level in data.countersign.layers.with_shadows; some verdict in level]}
`;
const QUERY = '[answer | some asked in input.inputs; answer := data.countersign.agreement.answer with input as asked]';

/** What `opa eval` decides on these sources, in the order of the inputs: many inputs to a process, because starting one takes longer. */
export async function answersOfOpa(sources: ReadonlyMap<string, Uint8Array | string>, config: unknown, inputs: readonly unknown[]): Promise<OpaAnswer[]> {
  const opa = await findOpa();
  const folder = await mkdtemp(join(tmpdir(), 'policy-agreement-'));
  try {
    for (const [path, source] of [...sources, ['agreement.rego', HELPER] as const]) await writeIn(join(folder, 'policies'), path, source);
    await writeIn(folder, 'data.json', JSON.stringify({ countersign: { config } }));
    const answers: OpaAnswer[] = [];
    for (let from = 0; from < inputs.length; from += BATCH) {
      const batch = inputs.slice(from, from + BATCH);
      await writeIn(folder, 'input.json', JSON.stringify({ inputs: batch }));
      const { stdout } = await promisify(execFile)(opa, ['eval', '--format', 'raw', '-d', 'policies', '-d', 'data.json', '-i', 'input.json', QUERY], { cwd: folder, maxBuffer: MAX_OUTPUT_BYTES });
      const answered = JSON.parse(stdout) as OpaAnswer[];
      if (answered.length !== batch.length) throw new Error(`opa eval decided ${answered.length} of ${batch.length} inputs: an answer is undefined`);
      answers.push(...answered);
    }
    return answers;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeIn(folder: string, path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}
