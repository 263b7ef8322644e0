/** Why a bundle is not used. Each leaves the decision point with what it had before. */
export type BundleErrorCode =
  | 'bundle_malformed'
  | 'bundle_too_large'
  | 'bundle_unsigned'
  | 'bundle_key_unknown'
  | 'bundle_signature_invalid'
  | 'bundle_digest_mismatch'
  | 'bundle_wrong_tenant'
  | 'bundle_wrong_scope'
  | 'bundle_not_yet_valid'
  | 'bundle_expired'
  | 'bundle_rolled_back'
  | 'bundle_parts_missing'
  | 'bundle_parts_out_of_date';

export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: BundleErrorCode;

  constructor(code: BundleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
