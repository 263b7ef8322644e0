/** Of the WebAssembly that Node has, what is used here: @types/node describes none of it. Source: WebAssembly JavaScript Interface (W3C). */
declare namespace WebAssembly {
  /** Compiled code, which threads share when it is sent from one to another. */
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module';
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
  }
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  interface WebAssemblyInstantiatedSource {
    readonly instance: Instance;
    readonly module: Module;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}
