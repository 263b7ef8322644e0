/** Containers inside one another; the outermost is 1. */
export const MAX_DEPTH = 64;

/** UTF-8 bytes of one document, written or read. */
export const MAX_BYTES = 1024 * 1024;
