import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { JsonObject } from '../sdk/connector.ts';

type Labels = Readonly<Record<string, readonly Label[]>>;

/** Every label that any parameter carries. */
export function allLabels(labels: Labels): Label[] {
  return [...new Set(Object.values(labels).flat())].sort();
}

/**
 * The labels of the parameters that will be sent. A parameter that keeps its name keeps its labels; one that `prepare` made carries
 * the labels of everything it may have been made from.
 */
export function labelsOfPlanned(requested: Labels, parameters: JsonObject): Record<string, readonly Label[]> {
  const labels: Record<string, readonly Label[]> = { ...requested };
  for (const name of Object.keys(parameters)) {
    const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const covered = Object.keys(requested).some((known) => known === '' || known === pointer || known.startsWith(`${pointer}/`));
    if (!covered) labels[pointer] = allLabels(requested);
  }
  return labels;
}
