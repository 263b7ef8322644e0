import { cleanJson, describeHidden, hasHidden } from '@countersign/platform/text-safety/clean-json.ts';
import type { Prepared } from '../sdk/connector.ts';

/**
 * What a person is shown: without characters that hide or that turn the text around. What came from outside was cleaned when it came in;
 * should such characters stand in what will be sent all the same (the workflow's own text, a system's), the person is told so.
 */
export function visiblePreview<Shown extends Pick<Prepared, 'preview' | 'target'>>({ preview, target }: Shown): Pick<Prepared, 'preview' | 'target'> {
  const { value, hidden } = cleanJson({ title: preview.title, fields: preview.fields.map((field) => ({ ...field })), additions: preview.additions.map((addition) => ({ ...addition })), label: target.label });
  const { title, fields, additions, label } = value;
  const said = hasHidden(hidden) ? [{ label: 'Hidden characters', text: `What will be sent holds characters that are not shown here: ${describeHidden(hidden).join(', ')}.` }] : [];
  return { target: { ...target, label }, preview: { title, fields, additions: [...additions, ...said] } };
}
