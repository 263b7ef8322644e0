import { namesIn } from './http-binding.ts';
import type { BodyTemplate, HttpBinding } from './http-binding.ts';
import type { ActionManifest, ConnectorManifest, JsonSchema } from './manifest.ts';
import { schemaAt } from './schema-pointer.ts';

/** Whether a manifest is a whole connector by itself: no action of it needs code. */
export function isDeclared({ actions }: ConnectorManifest): boolean {
  return Object.values(actions).every((action) => action.http !== undefined);
}

/** What the manifest's schema cannot say of bindings: that what they name is there. Each problem names the key and the fix. */
export function bindingProblems(manifest: ConnectorManifest): string[] {
  return [
    ...hostProblems(manifest),
    ...Object.entries(manifest.actions).flatMap(([name, action]) => actionProblems(manifest, action).map((problem) => `/actions/${name}${problem}`)),
  ];
}

function hostProblems({ hosts, triggers }: ConnectorManifest): string[] {
  return [
    ...(hosts === undefined || hosts.every((host) => host === '{instance}') ? [] : ['/hosts a connector without code reaches its instance and nothing else; leave the key out']),
    ...(triggers === undefined ? [] : ['/triggers a connector without code has none; start its workflows by hand or by another connector']),
  ];
}

function actionProblems(manifest: ConnectorManifest, action: ActionManifest): string[] {
  const { http: binding } = action;
  if (binding === undefined) return [' has no `http`; without code every action needs one'];
  const writes = action.risk === 'write' || action.risk === 'destructive';
  return [
    ...methodProblems(action, binding, writes),
    ...nameProblems(action, binding),
    ...patternProblems(action),
    ...(writes ? writeProblems(manifest, action, binding) : readProblems(action, binding)),
  ];
}

function methodProblems({ risk }: ActionManifest, { method, body }: HttpBinding, writes: boolean): string[] {
  if (risk === 'model') return ['/risk a model needs code; use read, write or destructive'];
  if (!writes && method !== 'GET') return [`/http/method ${method} may change something, but the action is a read; make it GET, or its risk write`];
  if (writes && method === 'GET') return ['/http/method GET cannot write; name the method that does, or make the risk read'];
  return method === 'GET' && body !== undefined ? ['/http/body a GET has none; use query'] : [];
}

/** Every `{name}` is a parameter; a name in the path is also required, because a path cannot do without. */
function nameProblems({ parameters }: ActionManifest, { path, query, headers, body }: HttpBinding): string[] {
  const declared = Object.keys((parameters['properties'] ?? {}) as object);
  const required = (parameters['required'] ?? []) as readonly string[];
  const unknown = (where: string, templates: readonly string[]): string[] => templates.flatMap(namesIn)
    .filter((name) => name !== '$reference' && !declared.includes(name))
    .map((name) => `${where} names {${name}}, which the parameters do not declare`);
  return [
    ...unknown('/http/path', [path]),
    ...namesIn(path).filter((name) => declared.includes(name) && !required.includes(name)).map((name) => `/http/path names {${name}}, which must then be in required`),
    ...unknown('/http/query', Object.values(query ?? {})),
    ...Object.entries(headers ?? {}).filter(([, text]) => namesIn(text).some((name) => name !== '$reference'))
      .map(([name]) => `/http/headers/${name} may hold {$reference} and nothing else that changes`),
    ...Object.keys(headers ?? {}).filter((name) => /^(authorization|cookie|proxy-.*|x-api-key|host)$/i.test(name)).map((name) => `/http/headers/${name} is the gateway's; store a credential instead`),
    ...unknown('/http/body', textsOf(body)),
    ...(declared.includes('reference') ? ['/parameters/properties/reference is the name that the gateway uses for {$reference}; choose another'] : []),
  ];
}

function textsOf(body: BodyTemplate | undefined): string[] {
  if (typeof body === 'string') return [body];
  if (body === undefined || body === null || typeof body !== 'object') return [];
  return Object.values(body).flatMap((member) => textsOf(member as BodyTemplate));
}

/** The expressions of a tenant's manifest would run in our worker, and V8's can be made to run for hours. */
function patternProblems({ parameters, output }: ActionManifest): string[] {
  const found = (value: unknown): boolean => typeof value === 'object' && value !== null
    && Object.entries(value).some(([key, member]) => ((key === 'pattern' && typeof member === 'string') || key === 'patternProperties') || found(member));
  return [['/parameters', parameters], ['/output', output]].filter(([, schema]) => found(schema))
    .map(([where]) => `${where as string} uses \`pattern\`, which a connector without code may not; use enum, minLength and maxLength`);
}

function readProblems({ output }: ActionManifest, { target, reconcile }: HttpBinding): string[] {
  return [
    ...(target === undefined ? [] : ['/http/target is for writes']),
    ...(reconcile === undefined ? [] : ['/http/reconcile is for writes']),
    ...(output['additionalProperties'] === undefined ? ['/output/additionalProperties must say whether the API may add fields: true or false'] : []),
  ];
}

function writeProblems(manifest: ConnectorManifest, action: ActionManifest, { target, reconcile }: HttpBinding): string[] {
  const problems: string[] = [];
  if (action.reconcile !== (reconcile !== undefined)) problems.push(action.reconcile ? '/http/reconcile is missing, but the action says `reconcile: true`' : '/reconcile must be true where /http/reconcile is there');
  if (!action.idempotent && reconcile === undefined) problems.push('/http/reconcile is missing: what is not idempotent cannot be tried again without it');
  if (target !== undefined) {
    const { read } = target;
    problems.push(...readReference(manifest, '/http/target', read, target.with, action.parameters));
    for (const [key, pointer] of [['id', target.id], ['label', target.label], ['version', target.version], ...Object.entries(target.fields ?? {})] as const) {
      if (pointer !== undefined && misses(manifest, read, pointer)) problems.push(`/http/target/${key} points to ${pointer}, which the output of ${read} does not declare`);
    }
  }
  if (reconcile !== undefined) {
    problems.push(...readReference(manifest, '/http/reconcile', reconcile.read, reconcile.with, action.parameters));
    if (misses(manifest, reconcile.read, reconcile.pointer)) problems.push(`/http/reconcile/pointer points to ${reconcile.pointer}, which the output of ${reconcile.read} does not declare`);
  }
  return problems;
}

function readReference(manifest: ConnectorManifest, where: string, read: string, templates: Readonly<Record<string, string>>, parameters: JsonSchema): string[] {
  const action = Object.hasOwn(manifest.actions, read) ? manifest.actions[read] : undefined;
  if (action?.risk !== 'read') return [`${where}/read names ${read}, which is no read action of this manifest`];
  const declared = Object.keys((parameters['properties'] ?? {}) as object);
  const takes = Object.keys((action.parameters['properties'] ?? {}) as object);
  return [
    ...Object.keys(templates).filter((name) => !takes.includes(name)).map((name) => `${where}/with/${name} is no parameter of ${read}`),
    ...Object.values(templates).flatMap(namesIn).filter((name) => name !== '$reference' && !declared.includes(name)).map((name) => `${where}/with names {${name}}, which the parameters do not declare`),
  ];
}

function misses(manifest: ConnectorManifest, read: string, pointer: string): boolean {
  const output = manifest.actions[read]?.output;
  return output !== undefined && schemaAt(output, pointer) === null;
}
