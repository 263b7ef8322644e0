/** What one request may take, and what comes back within that. */
export interface EgressLimits {
  readonly connect_timeout_ms: number;
  /** From the request's last byte to the answer's headers. */
  readonly header_timeout_ms: number;
  /** From the call to the last answer's last byte, connecting and redirects included. */
  readonly total_timeout_ms: number;
  /** As they come over the wire. */
  readonly response_bytes: number;
  readonly decompressed_bytes: number;
  /** Of an answer's headers, and of a request's. */
  readonly header_bytes: number;
  readonly header_count: number;
  /** How often one read may be sent elsewhere. */
  readonly redirects: number;
}

export const DEFAULT_LIMITS: EgressLimits = {
  connect_timeout_ms: 10_000,
  header_timeout_ms: 30_000,
  total_timeout_ms: 60_000,
  response_bytes: 8 * 1024 * 1024,
  decompressed_bytes: 32 * 1024 * 1024,
  header_bytes: 32 * 1024,
  header_count: 128,
  redirects: 5,
};

export interface GuardedResponse {
  readonly status: number;
  /** Lower-case names; several of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly body: Uint8Array;
}
