/** What a connector breaks: says which action, what was expected, what came, and where to mend it. */
export class ConformanceFailure extends Error {
  readonly code = 'conformance_failed';

  constructor(message: string) {
    super(message);
    this.name = 'ConformanceFailure';
  }
}

/** @throws ConformanceFailure unless `holds` */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new ConformanceFailure(message);
}
