/** A value that nobody may find, and the part of it that no escaping changes. */
export interface Canary {
  readonly name: string;
  readonly value: string;
}

const ENCODINGS: ReadonlyArray<{ readonly name: string; readonly of: (value: string) => string[] }> = [
  { name: 'raw', of: (value) => [value] },
  { name: 'base64', of: (value) => [0, 1, 2].map((offset) => atOffset(value, offset)) },
  { name: 'base64url', of: (value) => [0, 1, 2].map((offset) => atOffset(value, offset).replaceAll('+', '-').replaceAll('/', '_')) },
  { name: 'hex', of: (value) => [Buffer.from(value).toString('hex'), Buffer.from(value).toString('hex').toUpperCase()] },
  { name: 'url', of: (value) => [encodeURIComponent(value), new URLSearchParams({ v: value }).toString().slice(2), encodeURI(value)] },
  { name: 'json', of: (value) => [JSON.stringify(value).slice(1, -1), JSON.stringify(JSON.stringify(value)).slice(3, -3), JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/'), asciiJson(value)] },
  { name: 'html', of: (value) => [html(value, '&#39;'), html(value, '&#x27;'), html(value, '&apos;')] },
  { name: 'utf16', of: (value) => [Buffer.from(value, 'utf16le').toString('latin1'), Buffer.from(value, 'utf16le').swap16().toString('latin1')] },
];

export const VARIANTS: readonly string[] = ENCODINGS.map(({ name }) => name);

/** Every way in which a text is looked for, without those that come twice. As `latin1` text, byte by byte: that is how places are read. */
export function variantsOf({ value }: Canary): Map<string, string> {
  const forms = new Map<string, string>();
  // The core, too: escaping changes no letter and no digit, so no escaping of ours that nobody thought of hides it.
  for (const text of [value, coreOf(value)]) {
    for (const { name, of } of ENCODINGS) for (const form of of(text)) if (!forms.has(form)) forms.set(name === 'utf16' ? form : Buffer.from(form).toString('latin1'), name);
  }
  return forms;
}

/** The letters and digits that a value begins with. */
export function coreOf(value: string): string {
  return /^[A-Za-z0-9]+/.exec(value)?.[0] ?? value;
}

/** As it stands in the base64 of a longer text, `offset` bytes behind a boundary: without the characters at both ends that hold bits of its neighbours. */
function atOffset(value: string, offset: number): string {
  const bytes = Buffer.byteLength(value);
  const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]).toString('base64').replaceAll('=', '');
  const first = Math.ceil((offset * 8) / 6);
  return encoded.slice(first, Math.floor(((offset + bytes) * 8) / 6));
}

function asciiJson(value: string): string {
  return JSON.stringify(value).slice(1, -1).replaceAll(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function html(value: string, apostrophe: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", apostrophe);
}
