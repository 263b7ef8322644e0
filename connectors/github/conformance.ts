import type { ConformanceSubject } from '../conformance/subject.ts';
import type { Json, JsonObject } from '../sdk/connector.ts';
import { github } from './connector.ts';
import { APP, REPOSITORY, startEmulatedGithub } from './testing/emulated-github.ts';

const REFERENCE = 'run_1/abcdef123456';
const BODY = 'Written by a test.';

/** GitHub before an emulator that others wrote (vercel-labs/emulate), as an installed App. */
export const conformance: ConformanceSubject = {
  connector: github,
  async start() {
    const emulated = await startEmulatedGithub();
    const path = `/repos/${REPOSITORY}`;
    const ask = async <Answer>(method: string, at: string, body?: object): Promise<Answer> => await emulated.asPerson(method, `${path}${at}`, body) as Answer;
    await ask('POST', '/labels', { name: 'triaged', color: 'ededed' });
    const [commit] = await ask<Array<{ sha: string }>>('GET', '/commits');
    const head_sha = commit!.sha;
    await ask('POST', '/git/refs', { ref: 'refs/heads/change', sha: head_sha });
    await ask('PUT', '/contents/a.txt', { message: 'A file', content: Buffer.from('one\ntwo\n').toString('base64'), branch: 'change' });
    const pull = await ask<{ number: number }>('POST', '/pulls', { title: 'A change', head: 'change', base: 'main' });
    const open = async (): Promise<number> => (await ask<{ number: number }>('POST', '/issues', { title: 'VPN drops', body: 'Since this morning.' })).number;
    const carrying = (items: ReadonlyArray<{ readonly body: string | null }>, text: string): number => items.filter(({ body }) => body?.startsWith(text) === true && body.includes('<!-- ref: ')).length;
    let count = 0;
    const unique = (): string => `${BODY} ${count += 1}`;
    return {
      url: emulated.url,
      credential: { kind: 'signed_jwt', issuer: String(APP.id), privateKeyPem: emulated.privateKeyPem, tokenPath: `/app/installations/${APP.installation}/access_tokens` },
      settings: { integration_user: APP.bot, repositories: [REPOSITORY] },
      actions: {
        'issue.get': { parameters: async () => ({ repository: REPOSITORY, number: await open() }) },
        'pull-request.get': { parameters: () => ({ repository: REPOSITORY, number: pull.number }) },
        'labels.list': { parameters: () => ({ repository: REPOSITORY }) },
        'reference.find': { parameters: async () => ({ repository: REPOSITORY, reference: REFERENCE, in: 'comments', number: await open() }) },
        'issues.closed': { parameters: () => ({}) },
        'issues.opened': { parameters: () => ({ repository: REPOSITORY, since: '2026-01-01T00:00:00Z' }) },
        'issue.create': {
          parameters: () => ({ repository: REPOSITORY, title: 'Opened by a test', body: unique(), labels: ['triaged'] }),
          effects: async ({ body }) => carrying(await ask('GET', '/issues?state=all&per_page=100&sort=created&direction=desc'), String(body)),
        },
        'issue.comment': {
          parameters: async () => ({ repository: REPOSITORY, number: await open(), body: BODY }),
          effects: async ({ number }) => carrying(await ask('GET', `/issues/${text(number)}/comments`), BODY),
        },
        'issue.label': {
          parameters: async () => ({ repository: REPOSITORY, number: await open(), labels: ['triaged'] }),
          effects: async ({ number }) => (await ask<{ labels: Array<{ name: string }> }>('GET', `/issues/${text(number)}`)).labels.filter(({ name }) => name === 'triaged').length,
        },
        'pull-request.review-comment': {
          parameters: () => ({ repository: REPOSITORY, number: pull.number, path: 'a.txt', line: 2, body: unique() }),
          effects: async ({ body }) => carrying(await ask('GET', `/pulls/${pull.number}/comments?per_page=100`), String(body)),
        },
        'check-run.create': {
          parameters: () => ({ repository: REPOSITORY, head_sha, name: `test ${count += 1}`, conclusion: 'neutral', title: 'By a test', summary: BODY }),
          effects: async ({ name }) => (await ask<{ check_runs: JsonObject[] }>('GET', `/commits/${head_sha}/check-runs?per_page=100`)).check_runs.filter((run) => run['name'] === name).length,
        },
      },
      stop: () => emulated.close(),
    };
  },
};

function text(value: Json | undefined): string {
  return typeof value === 'number' ? String(value) : '';
}
