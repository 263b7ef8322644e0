import type { BodyTemplate } from '@countersign/contracts/connectors/http-binding.ts';
import type { Json, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';

/** What templates read: the action's parameters and, under `$reference`, what names this effect. */
export interface Values {
  readonly parameters: JsonObject;
  readonly reference: string;
}

const PLACE = /\{([^{}]*)\}/g;
const WHOLE = /^\{([^{}]*)\}$/;

/** `/assets/{tag}` with the parameters in it, each as one percent-encoded piece. @throws ConnectorError parameters_invalid */
export function renderPath(template: string, values: Values): string {
  return template.replace(PLACE, (_place, name: string) => {
    const text = textOf(valueOf(values, name), name);
    // Encoding leaves dots alone, and a segment of dots would climb out of the path.
    if (text === '' || /^\.{1,2}$/.test(text)) throw invalid(name, 'cannot stand in a path as it is');
    return encodeURIComponent(text);
  });
}

/** Members whose parameter is not given are left out. */
export function renderTexts(templates: Readonly<Record<string, string>> | undefined, values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(templates ?? {}).flatMap(([key, template]) => {
    const text = renderText(template, values);
    return text === null ? [] : [[key, text]];
  }));
}

/** Null when a parameter in it is not given. @throws ConnectorError parameters_invalid for one that is no single value */
export function renderText(template: string, values: Values): string | null {
  let missing = false;
  const text = template.replace(PLACE, (_place, name: string) => {
    const value = valueOf(values, name);
    if (value === undefined || value === null) {
      missing = true;
      return '';
    }
    return textOf(value, name);
  });
  return missing ? null : text;
}

/** The JSON body, or undefined where there is none. */
export function renderBody(template: BodyTemplate | undefined, values: Values): Json | undefined {
  if (template === undefined) return undefined;
  return rendered(template, values) ?? null;
}

/** Parameters for another action of the same connector. A text that is one `{name}` keeps the type. */
export function renderParameters(templates: Readonly<Record<string, string>>, values: Values): JsonObject {
  return rendered(templates, values) as JsonObject;
}

/** Undefined: a parameter in it is not given, so the member that holds it is left out. A parameter that is null is null. */
function rendered(template: BodyTemplate, values: Values): Json | undefined {
  if (typeof template === 'string') {
    const whole = WHOLE.exec(template)?.[1];
    if (whole !== undefined) return valueOf(values, whole);
    return renderText(template, values) ?? undefined;
  }
  if (template === null || typeof template !== 'object') return template;
  if (Array.isArray(template)) return (template as readonly BodyTemplate[]).flatMap((element) => rendered(element, values) ?? []);
  const members = Object.entries(template).flatMap(([name, member]) => {
    const value = rendered(member as BodyTemplate, values);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(members);
}

function valueOf({ parameters, reference }: Values, name: string): Json | undefined {
  if (name === '$reference') return reference;
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}

function textOf(value: Json | undefined, name: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(name, 'must be one text, number or truth value to stand there');
}

function invalid(name: string, why: string): ConnectorError {
  return new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `The parameter ${name} ${why}.` });
}

/** Header values end at a line break, so none may bring one along. */
export function renderHeaders(templates: Readonly<Record<string, string>> | undefined, values: Values): Record<string, string> {
  return renderTexts(templates, { ...values, parameters: {} });
}

