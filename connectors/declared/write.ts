import type { HttpBinding, TargetBinding } from '@countersign/contracts/connectors/http-binding.ts';
import type { Action, ActionContext, ActionResult, JsonObject, Prepared, Reconciled } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { textAt, valuesAt } from './pointer.ts';
import { renderParameters, renderText } from './render.ts';
import type { Values } from './render.ts';
import { send } from './send.ts';

/** What a write is, apart from its binding. */
export interface DeclaredWrite {
  readonly connector: string;
  readonly action: string;
  readonly title: string;
  readonly binding: HttpBinding;
  readonly contentParameters: readonly string[];
}

/** The parameter that `prepare` adds: part of what is approved, because it is part of what is sent. */
const REFERENCE = 'reference';

/** A write without code: its target is read before people see it and again right before it is sent. */
export function declaredWrite(write: DeclaredWrite): Action {
  const { binding, connector, action } = write;
  return {
    async prepare(context, parameters) {
      const reference = context.referenceFor(parameters);
      const record = await readTarget(context, connector, binding.target, { parameters, reference });
      return {
        parameters: { ...parameters, [REFERENCE]: reference },
        target: targetOf(write, binding.target, record),
        preview: previewOf(write, parameters, record),
      };
    },

    async execute(context, parameters, prepared): Promise<ActionResult> {
      const values = valuesOf(parameters);
      const before = prepared?.target ?? { id: '', label: '', version: '' };
      await requireUnchanged(context, write, values, before);
      const output = await send(context, `${connector}/${action}`, binding, values);
      const after = await versionNow(context, write, values);
      return resultOf(output, parameters, before, after);
    },

    ...(binding.reconcile === undefined ? {} : { reconcile: reconciler(write, binding.reconcile) }),
  };
}

function reconciler({ connector }: DeclaredWrite, { read, with: templates, pointer, equals }: NonNullable<HttpBinding['reconcile']>): NonNullable<Action['reconcile']> {
  return async (context, parameters, prepared): Promise<Reconciled> => {
    const values = valuesOf(parameters);
    const wanted = renderText(equals, values);
    if (wanted === null) return { happened: 'unknown', why: 'The manifest looks for a value that this call does not have.' };
    const found = await context.call(`${connector}/${read}`, renderParameters(templates, values));
    const match = valuesAt(found, pointer).some((value) => typeof value !== 'object' && String(value) === wanted);
    if (!match) return { happened: false };
    return { happened: true, result: resultOf({}, parameters, prepared?.target ?? { id: '', label: '', version: '' }, null) };
  };
}

async function readTarget(context: ActionContext, connector: string, target: TargetBinding | undefined, values: Values): Promise<JsonObject | null> {
  return target === undefined ? null : context.call(`${connector}/${target.read}`, renderParameters(target.with, values));
}

/** Without a target the write creates something: it lands on the instance itself. */
function targetOf({ title }: DeclaredWrite, target: TargetBinding | undefined, record: JsonObject | null): Prepared['target'] {
  if (target === undefined || record === null) return { id: 'new', label: title, version: '' };
  const id = textAt(record, target.id);
  if (id === '') throw new ConnectorError({ code: 'response_invalid', effect: 'none', retryable: true, message: `${target.read} gave nothing at ${target.id}, which names the target.` });
  return { id, label: textAt(record, target.label) || id, version: target.version === undefined ? '' : textAt(record, target.version) };
}

/** Every parameter is shown: what replaces a field with what it replaces, the rest as it will be sent. */
function previewOf({ title, binding, contentParameters }: DeclaredWrite, parameters: JsonObject, record: JsonObject | null): Prepared['preview'] {
  const replaced = binding.target?.fields ?? {};
  const shown = Object.entries(parameters).filter(([, value]) => value !== null);
  const isText = (name: string): boolean => contentParameters.includes(`/${name}`);
  return {
    title,
    fields: shown.filter(([name]) => !isText(name)).map(([name, value]) => ({
      name, label: name.replaceAll('_', ' '),
      before: record !== null && replaced[name] !== undefined ? textAt(record, replaced[name]) : '',
      after: typeof value === 'string' ? value : JSON.stringify(value),
    })),
    additions: shown.filter(([name]) => isText(name)).map(([name, value]) => ({ label: name.replaceAll('_', ' '), text: typeof value === 'string' ? value : JSON.stringify(value) })),
  };
}

async function requireUnchanged(context: ActionContext, { connector, binding: { target } }: DeclaredWrite, values: Values, before: Prepared['target']): Promise<void> {
  if (target?.version === undefined) return;
  const record = await readTarget(context, connector, target, values);
  const now = record === null ? '' : textAt(record, target.version);
  if (record !== null && textAt(record, target.id) === before.id && now === before.version) return;
  throw new ConnectorError({ code: 'target_changed', effect: 'none', retryable: true, message: `${before.label} has changed since it was approved (version ${before.version}, now ${now}); it is proposed anew.` });
}

/** The write is done: failing to look at it again must not make it look undone. */
async function versionNow(context: ActionContext, { connector, binding: { target } }: DeclaredWrite, values: Values): Promise<string | null> {
  if (target?.version === undefined) return null;
  try {
    const record = await readTarget(context, connector, target, values);
    return record === null ? null : textAt(record, target.version);
  } catch (error) {
    if (error instanceof ConnectorError) return null;
    throw error;
  }
}

function resultOf(output: JsonObject, parameters: JsonObject, before: Prepared['target'], after: string | null): ActionResult {
  return {
    output,
    receipt: {
      target_id: before.id, version_before: before.version === '' ? null : before.version, version_after: after,
      written_versions: after === null ? [] : [`${before.id}:${after}`],
      fields_written: Object.keys(parameters).filter((name) => name !== REFERENCE && parameters[name] !== null),
      verified_by_reading_back: after !== null && after !== before.version,
    },
  };
}

function valuesOf(parameters: JsonObject): Values {
  return { parameters, reference: String(parameters[REFERENCE] ?? '') };
}
