import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { IN_TOTO_PAYLOAD, decodeBase64, envelopeOf, preAuthEncoding } from '@countersign/contracts/evidence/dsse.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { EVIDENCE_FORMAT_V2, PACKAGE_PREDICATE, RUN_PREDICATE, STATEMENT_FILE, STATEMENT_TYPE } from '@countersign/contracts/evidence/statement.ts';
import type { EvidenceStatement } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from '../errors.ts';
import { requireSignature } from '../keys.ts';
import { canonicalOf, parseCanonical, readText } from '../read.ts';
import type { Proof, VerifyOptions } from '../verification.ts';

/** The statement that the cell's evidence key signed: read from the very bytes that the signature was checked over. */
export function openEnvelope(files: ArchiveFiles, { trustedKeys }: VerifyOptions): { readonly statement: EvidenceStatement; readonly proof: Proof } {
  const { keyid, signature, payload } = onlySignature(readText(files, STATEMENT_FILE));
  const statement = parseCanonical<EvidenceStatement>(readText(new Map([[STATEMENT_FILE, payload]]), STATEMENT_FILE), STATEMENT_FILE);
  requireKnownFormat(statement);
  requireSignature({
    files, trusted: trustedKeys, kid: keyid, purpose: 'evidence', file: STATEMENT_FILE,
    signed: preAuthEncoding(IN_TOTO_PAYLOAD, payload), signedAt: statement.predicate.built_at, signature,
  });
  return { statement, proof: { check: 'signature', proves: `The statement is signed by the evidence key ${keyid}${trustedKeys === null ? ' that came with the bundle' : ', which you trust'}.` } };
}

/** Of an envelope with one signature, spelled in the one way that it can be. */
function onlySignature(text: string): { readonly keyid: string; readonly signature: Uint8Array; readonly payload: Uint8Array } {
  const envelope = parseCanonical<Partial<DsseEnvelope>>(text, STATEMENT_FILE);
  const only = Array.isArray(envelope.signatures) && envelope.signatures.length === 1 ? (envelope as DsseEnvelope).signatures[0] : undefined;
  const payload = decodeBase64(envelope.payload);
  const signature = decodeBase64(only?.sig);
  if (envelope.payloadType !== IN_TOTO_PAYLOAD || payload === undefined || signature === undefined || typeof only?.keyid !== 'string') {
    throw new EvidenceError('signature_invalid', STATEMENT_FILE, `${STATEMENT_FILE} is not an envelope with one signature over an in-toto statement.`);
  }
  if (canonicalOf(envelopeOf(IN_TOTO_PAYLOAD, payload, [{ keyid: only.keyid, signature }]), STATEMENT_FILE) !== text) {
    throw new EvidenceError('file_not_canonical', STATEMENT_FILE, `${STATEMENT_FILE} holds more than an envelope does.`);
  }
  return { keyid: only.keyid, signature, payload };
}

function requireKnownFormat(statement: EvidenceStatement): void {
  const isKnown = statement !== null && statement._type === STATEMENT_TYPE && [RUN_PREDICATE, PACKAGE_PREDICATE].includes(statement.predicateType)
    && statement.predicate?.format === EVIDENCE_FORMAT_V2 && Array.isArray(statement.subject);
  if (!isKnown) throw new EvidenceError('format_unknown', STATEMENT_FILE, `${STATEMENT_FILE} does not make a statement of the format ${EVIDENCE_FORMAT_V2}. A newer countersign may read it.`);
}
