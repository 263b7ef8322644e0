export type TenantMoveErrorCode =
  | 'usage' | 'regions_differ' | 'same_cell' | 'tenant_missing' | 'tenant_in_another_cell' | 'schemas_differ' | 'target_occupied' | 'not_drained' | 'seals_of_before' | 'key_unknown'
  | 'source_changed' | 'rows_differ' | 'keys_missing' | 'separation_broken' | 'audit_refuted' | 'objects_differ';

/** Why a tenant is not moved. Unless it says otherwise, the tenant is where it was and is served there again. */
export class TenantMoveError extends Error {
  override readonly name = 'TenantMoveError';
  readonly code: TenantMoveErrorCode;

  constructor(code: TenantMoveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
