import { verifyConsistency, verifyInclusion } from '@countersign/contracts/transparency/merkle.ts';
import vectors from '@countersign/contracts/transparency/vectors/merkle.json' with { type: 'json' };
import { tryAll } from './suite.ts';
import type { Suite } from './suite.ts';

interface InclusionVector { readonly leafIdx: number; readonly treeSize: number; readonly root: string; readonly leafHash: string; readonly proof: string[] | null; readonly wantErr: boolean }
interface ConsistencyVector { readonly size1: number; readonly size2: number; readonly root1: string; readonly root2: string; readonly proof: string[] | null; readonly wantErr: boolean }

/** The proofs that transparency-dev/merkle is tested with (contracts/transparency/vectors). */
export function merkleProofs(): Suite[] {
  return [
    tryAll('transparency-dev/merkle inclusion proofs', Object.entries(vectors.inclusion as Record<string, InclusionVector>), ([, v]) =>
      verifyInclusion({ leafIndex: v.leafIdx, treeSize: v.treeSize, hashes: hashes(v.proof) }, bytes(v.leafHash), bytes(v.root)) !== v.wantErr, ([name]) => name),
    tryAll('transparency-dev/merkle consistency proofs', Object.entries(vectors.consistency as Record<string, ConsistencyVector>), ([, v]) =>
      verifyConsistency({ from: v.size1, to: v.size2, hashes: hashes(v.proof) }, bytes(v.root1), bytes(v.root2)) !== v.wantErr, ([name]) => name),
  ];
}

function hashes(proof: string[] | null): Buffer[] {
  return (proof ?? []).map(bytes);
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
