import type { ActionManifest, ConnectorManifest } from '../manifest.ts';

/** One thing that differs between two manifests. `pointer` is RFC 6901 into the newer one (the older, for what was removed). */
export interface ManifestChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly pointer: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Whether it lets the connector do more than before: what whoever approves looks at first. */
  readonly widens: boolean;
}

const RISKS = ['read', 'model', 'write', 'destructive'];

/** What changed, action by action, in the order of the manifest. Texts for people (titles, descriptions) are left out. */
export function manifestChanges(before: ConnectorManifest, after: ConnectorManifest): ManifestChange[] {
  return [
    ...listChanges('/hosts', before.hosts ?? ['{instance}'], after.hosts ?? ['{instance}'], 'added'),
    ...listChanges('/credentials', before.credentials, after.credentials, 'added'),
    ...valueChange('/rate_limits', before.rate_limits, after.rate_limits, () => false),
    ...keyed('/actions', before.actions, after.actions, actionChanges),
    ...keyed('/triggers', before.triggers ?? {}, after.triggers ?? {}, (pointer, a, b) => valueChange(pointer, a, b, () => false)),
  ];
}

function actionChanges(pointer: string, before: ActionManifest, after: ActionManifest): ManifestChange[] {
  return [
    ...valueChange(`${pointer}/risk`, before.risk, after.risk, () => RISKS.indexOf(after.risk) > RISKS.indexOf(before.risk)),
    ...valueChange(`${pointer}/reversible`, before.reversible, after.reversible, () => before.reversible),
    ...valueChange(`${pointer}/undo`, before.undo, after.undo, () => false),
    ...valueChange(`${pointer}/idempotent`, before.idempotent, after.idempotent, () => before.idempotent),
    ...valueChange(`${pointer}/reconcile`, before.reconcile, after.reconcile, () => before.reconcile),
    ...valueChange(`${pointer}/timeout_ms`, before.timeout_ms, after.timeout_ms, () => false),
    ...valueChange(`${pointer}/parameters`, before.parameters, after.parameters, () => true),
    ...valueChange(`${pointer}/output`, before.output, after.output, () => true),
    ...listChanges(`${pointer}/output_labels`, before.output_labels, after.output_labels, 'removed'),
    ...listChanges(`${pointer}/sensitive_parameters`, before.sensitive_parameters, after.sensitive_parameters, 'removed'),
    ...listChanges(`${pointer}/local_parameters`, before.local_parameters ?? [], after.local_parameters ?? [], 'added'),
    ...listChanges(`${pointer}/content_parameters`, before.content_parameters, after.content_parameters, 'removed'),
    ...listChanges(`${pointer}/data_classes`, before.data_classes ?? [], after.data_classes ?? [], 'removed'),
    ...listChanges(`${pointer}/redact`, before.redact, after.redact, 'removed'),
  ];
}

function keyed<T>(pointer: string, before: Readonly<Record<string, T>>, after: Readonly<Record<string, T>>, changesOf: (pointer: string, before: T, after: T) => ManifestChange[]): ManifestChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name): ManifestChange[] => {
    const at = `${pointer}/${name}`;
    const [was, is] = [before[name], after[name]];
    if (was === undefined) return [{ kind: 'added', pointer: at, before: null, after: described(is), widens: true }];
    if (is === undefined) return [{ kind: 'removed', pointer: at, before: described(was), after: null, widens: false }];
    return changesOf(at, was, is);
  });
}

/** Lists are sets here: what was added and what was removed. */
function listChanges(pointer: string, before: readonly string[], after: readonly string[], widening: 'added' | 'removed'): ManifestChange[] {
  return [
    ...after.filter((item) => !before.includes(item)).map((item): ManifestChange => ({ kind: 'added', pointer, before: null, after: item, widens: widening === 'added' })),
    ...before.filter((item) => !after.includes(item)).map((item): ManifestChange => ({ kind: 'removed', pointer, before: item, after: null, widens: widening === 'removed' })),
  ];
}

function valueChange(pointer: string, before: unknown, after: unknown, widens: () => boolean): ManifestChange[] {
  const [was, is] = [sortedText(before), sortedText(after)];
  return was === is ? [] : [{ kind: was === null ? 'added' : is === null ? 'removed' : 'changed', pointer, before: clipped(was), after: clipped(is), widens: widens() }];
}

/** Of an action or trigger as a whole, what it is. */
function described(value: unknown): string {
  const { risk, title } = value as { risk?: string; title?: string };
  return [risk, title].filter((part) => part !== undefined).join(': ');
}

function sortedText(value: unknown): string | null {
  if (value === undefined) return null;
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'object' && member !== null && !Array.isArray(member)
    ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member));
}

function clipped(text: string | null): string | null {
  return text !== null && text.length > 500 ? `${text.slice(0, 499)}…` : text;
}
