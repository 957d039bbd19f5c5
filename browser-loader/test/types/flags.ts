// Flags in the form in which `vexil codegen ts` writes them, for the tests of types.

import type { Json } from "vexil-browser";

export interface Flags {
  readonly "checkout-v2": boolean;
  readonly "colour": "red" | "blue";
  readonly "greeting": string;
  readonly "limit": number;
  readonly "size": 1 | 2 | 3;
  readonly "theme": { readonly "dark": boolean; readonly "sizes": readonly number[] };
  readonly "anything": Json;
}

/** Fails to compile unless both are the same type. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
export const same = <A, B>(_: Same<A, B>): void => {};
