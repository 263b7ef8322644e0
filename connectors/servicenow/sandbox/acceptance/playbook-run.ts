/** Running one playbook and counting what its tasks did. */
import { spawn } from 'node:child_process';
import { isObject } from '../requests.ts';

export interface TaskCounts {
  /** Tasks that did what they should, among them failures a test asked for and then checked. */
  passed: number;
  skipped: number;
  failed: Array<{ task: string; message: string }>;
}

/** Runs `ansible-playbook` with the JSON callback. Rejects where it cannot be started or says nothing readable. */
export async function runPlaybook(args: readonly string[], cwd: string, environment: Record<string, string | undefined>): Promise<TaskCounts> {
  const { stdout, stderr } = await run('ansible-playbook', args, cwd, environment);
  const start = stdout.indexOf('{');
  if (start === -1) throw new TypeError(`ansible-playbook gave no result: ${stderr.slice(-2000) || stdout.slice(-2000)}`);
  return countTasks(JSON.parse(stdout.slice(start)) as unknown);
}

/**
 * Counts from the report of the JSON callback. Ansible's own statistics say what passed and failed: a failure that a
 * test asks for and checks afterwards (`ignore_errors`) counts as passed there, and is not marked on the result itself.
 */
export function countTasks(report: unknown): TaskCounts {
  const { plays, stats } = isObject(report) ? report : {};
  const statistics = isObject(stats) ? Object.values(stats).filter(isObject) : [];
  const sum = (name: string): number => statistics.reduce((total, host) => total + Number(host[name] ?? 0), 0);
  const failures = sum('failures') + sum('unreachable');
  return {
    passed: sum('ok'),
    skipped: sum('skipped'),
    // A failure that is not ignored ends the play, so the failures that counted are the last ones.
    failed: failures === 0 ? [] : failedTasks(plays).slice(-failures),
  };
}

function failedTasks(plays: unknown): TaskCounts['failed'] {
  return objects(plays).flatMap((play) => objects(play['tasks'])).flatMap(({ task, hosts }) => {
    const name = isObject(task) ? String(task['name']) : 'task';
    const results = isObject(hosts) ? Object.values(hosts).filter(isObject) : [];
    return results.filter((result) => result['failed'] === true || result['unreachable'] === true).map((result) => ({ task: name, message: String(result['msg'] ?? 'failed') }));
  });
}

function objects(value: unknown): Array<Record<string, unknown>> {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function run(command: string, args: readonly string[], cwd: string, environment: Record<string, string | undefined>): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
    child.on('error', reject);
    child.on('close', () => resolve({ stdout, stderr }));
  });
}
