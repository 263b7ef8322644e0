import { describe, expect, it } from 'vitest';
import type { ConfigError } from './errors.ts';
import { readConfig } from './read-config.ts';

const WHOLE = `
state_dir: /var/lib/countersign-agent
labels: { site: fra1 }
control_plane:
  proxy: { url: "http://proxy.corp:3128", username: { env: PROXY_USER }, password: { file: /run/secrets/proxy } }
connections:
  - name: servicenow
    connector: servicenow
    base_url: https://sn.corp.local
    credential: { kind: basic, username: { env: SN_USER }, password: { command: [pass, show, sn] } }
`;

function problemsOf(text: string, env: Record<string, string> = {}): readonly string[] {
  try {
    readConfig('agent.yaml', text, env);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

describe('the settings of an agent', () => {
  it('are those of the file, with defaults for what it does not say', () => {
    const config = readConfig('agent.yaml', WHOLE, { PATH: '/bin' });
    expect(config).toMatchObject({ capacity: 8, shutdown_s: 30, log: { format: 'json', level: 'info' }, spool: { limit_bytes: 268_435_456 }, policy: { ttl_s: 900 } });
    expect(config.connections[0]!.credential).toEqual({ kind: 'basic', username: { env: 'SN_USER' }, password: { command: ['pass', 'show', 'sn'] } });
  });

  it('are the environment\'s where it says otherwise, and a file need not say anything', () => {
    const config = readConfig('agent.yaml', '', { COUNTERSIGN_AGENT_STATE_DIR: '/tmp/a', COUNTERSIGN_AGENT_CAPACITY: '2', COUNTERSIGN_AGENT_LOG_FORMAT: 'text', COUNTERSIGN_AGENT_CONFIG: '/etc/x', COUNTERSIGN_AGENT_PORT: '8100' });
    expect(config).toMatchObject({ state_dir: '/tmp/a', capacity: 2, log: { format: 'text', level: 'info' }, connections: [] });
  });

  it.each<[string, string, RegExp, Record<string, string>?]>([
    ['nothing to keep its state in', '{}', /lacks state_dir/],
    ['a setting that there is not', 'state_dir: /a\ncapacty: 3', /no setting capacty/],
    ['a word that is none of those', 'state_dir: /a\nlog: { format: xml }', /log\.format is one of json, text/],
    ['a secret in it', WHOLE.replace('{ env: SN_USER }', 'admin'), /connections\.0\.credential\.username takes one of \{file/],
    ['a secret from two places', WHOLE.replace('{ env: SN_USER }', '{ env: A, file: /b }'), /username takes one of/],
    ['a kind of credential that there is not', WHOLE.replace('kind: basic', 'kind: kerberos'), /credential\.kind is one of none, basic/],
    ['half of a credential', WHOLE.replace('username: { env: SN_USER }, ', ''), /connections\.0\.credential lacks username/],
    ['a connection twice', WHOLE + WHOLE.slice(WHOLE.indexOf('  - name')), /servicenow twice/],
    ['a password in a URL', WHOLE.replace('//proxy.corp', '//user:secret@proxy.corp'), /control_plane\.proxy\.url/],
    ['a folder that is not absolute', 'state_dir: var/lib', /state_dir must match/],
    ['more put aside than there may be', 'state_dir: /a\nspool: { limit_bytes: 16777216, reserve_bytes: 16777216 }', /reserve_bytes is more than half/],
    ['no YAML', 'state_dir: [', /./],
    ['a key twice', 'state_dir: /a\nstate_dir: /b', /unique/],
    ['an alias', 'a: &x { b: 1 }\nstate_dir: *x', /./],
    ['the name of a prototype', 'state_dir: /a\nlabels: { __proto__: { x: y } }', /__proto__ is the name of no setting/],
    ['a list', '- a', /holds no settings/],
    ['a variable that there is not', 'state_dir: /a', /COUNTERSIGN_AGENT_CAPACTY in the environment is no setting/, { COUNTERSIGN_AGENT_CAPACTY: '3' }],
    ['a variable that is no number', 'state_dir: /a', /COUNTERSIGN_AGENT_CAPACITY in the environment takes a whole number/, { COUNTERSIGN_AGENT_CAPACITY: 'many' }],
  ])('with %s are refused by name', (_, text, problem, env = {}) => {
    const problems = problemsOf(text, env);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).toMatch(problem);
    expect(problems.join('\n')).not.toMatch(/secret@|admin/);
  });

  it('tell all that is wrong at once', () => {
    expect(problemsOf('capacity: none\nlog: { level: loud }')).toHaveLength(3);
  });
});
