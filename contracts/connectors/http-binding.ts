/**
 * An action that needs no code: how its parameters become one HTTP request and the answer its output. A manifest whose actions all
 * have one is a whole connector (`connectors/declared`). The schema is `$defs/http` of `manifest.schema.json`.
 *
 * A text may hold `{name}`, the value of that parameter, and `{$reference}`, what names this effect for ever. In `path` and `query`
 * values are percent-encoded. In `body` a text that is nothing but one `{name}` keeps the parameter's type; a member whose parameter is
 * not given is left out.
 */
export interface HttpBinding {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Under the instance's base URL: `/assets/{tag}/notes`. */
  readonly path: string;
  /** One that names a parameter which is not given is left out. */
  readonly query?: Readonly<Record<string, string>>;
  /** What is the same for everybody, and `{$reference}`: `Idempotency-Key: "{$reference}"`. Credentials are the gateway's. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyTemplate;
  /** Statuses that mean it was done; 200 to 299 where absent. */
  readonly success?: readonly number[];
  /** RFC 6901 pointer to what of the answer is the output. A list becomes `{items: [...]}`, no content an empty object. Absent: the whole. */
  readonly output?: string;
  /** For writes: the record that it lands on, read before it is approved and again right before it is sent. */
  readonly target?: TargetBinding;
  /** For writes that are not idempotent: how to see whether it happened. */
  readonly reconcile?: ReconcileBinding;
}

export type BodyTemplate = string | number | boolean | null | readonly BodyTemplate[] | { readonly [name: string]: BodyTemplate };

/** Pointers are into the output of `read`. */
export interface TargetBinding {
  /** A read action of the same manifest. */
  readonly read: string;
  /** Its parameters, by templates over the write's own. */
  readonly with: Readonly<Record<string, string>>;
  readonly id: string;
  readonly label: string;
  /** What changes whenever the record does. Where the API has nothing like it, a change in between goes unseen. */
  readonly version?: string;
  /** What the parameter of that name will replace, for the preview's before and after. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** It happened when any value at `pointer` (`-` stands for every element of a list) equals the template. */
export interface ReconcileBinding {
  readonly read: string;
  readonly with: Readonly<Record<string, string>>;
  readonly pointer: string;
  readonly equals: string;
}

/** The names of parameters in a template, `$reference` among them. */
export function namesIn(template: string): string[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name);
}
