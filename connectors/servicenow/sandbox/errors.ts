/**
 * Two kinds of failure, kept apart: what a caller of the pretended ServiceNow reads (`TableApiError`, in the words of
 * the vendor's documentation), and what the operator of the sandbox reads (`SandboxError`, coded).
 */

/** What can keep the sandbox from starting or from keeping its records. */
export type SandboxErrorCode =
  | 'sandbox_config_invalid'
  | 'sandbox_port_taken'
  | 'sandbox_data_unreadable'
  | 'sandbox_data_unwritable'
  | 'sandbox_tls_unavailable';

/** A failure of the sandbox itself. The message names the setting or file, and what to do about it. */
export class SandboxError extends Error {
  readonly code: SandboxErrorCode;

  constructor(code: SandboxErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SandboxError';
    this.code = code;
  }
}

/**
 * An answer in ServiceNow's documented error form, `{"error":{"message","detail"},"status":"failure"}`.
 * Source: ServiceNow documentation, "REST API HTTP response codes" and the samples of the Table API page.
 */
export class TableApiError extends Error {
  readonly status: number;
  readonly detail: string | null;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, detail: string | null, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'TableApiError';
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }

  /** The JSON text of the body. */
  body(): string {
    return JSON.stringify({ error: { message: this.message, detail: this.detail }, status: 'failure' });
  }
}

/** 404 for a record that does not exist, or that the caller may not read: ServiceNow does not tell them apart. */
export function recordNotFound(): TableApiError {
  return new TableApiError(404, 'No Record found', "Record doesn't exist or ACL restricts the record retrieval");
}

/** 403 for a write that an access rule refuses. */
export function writeRefused(operation: 'Insert' | 'Update' | 'Delete'): TableApiError {
  return new TableApiError(403, 'Operation Failed', `ACL Exception ${operation} Failed due to security constraints`);
}
