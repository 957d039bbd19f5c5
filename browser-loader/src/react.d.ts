/**
 * Vexil for React, 18 and later.
 *
 * ```jsx
 * import { createClient } from "vexil-browser";
 * import { VexilProvider, useFlag } from "vexil-browser/react";
 *
 * const client = createClient({ url: "https://flags.example", key: "vxl_browser_…", environment: "shop/production" });
 *
 * function Checkout() {
 *   return useFlag("checkout-v2", false) ? <NewCheckout /> : <OldCheckout />;
 * }
 *
 * createRoot(element).render(<VexilProvider client={client}><Checkout /></VexilProvider>);
 * ```
 *
 * A server renders with `client={null}`; give it and the page the same `bootstrap`, and hydration
 * finds what the server has rendered.
 */

import type { ReactElement, ReactNode } from "react";
import type { Client, Details, FlagTypes, Json, State } from "./index.js";

export interface VexilProviderProps {
  /** Who evaluates; it is never closed here. `null` where there is none, as on a server. */
  readonly client: Client<any> | null;
  /**
   * What a server renders with, and the page until it is hydrated. Default: the `bootstrap` of the
   * client, if that serves when this component is rendered first. Later values are not looked at.
   */
  readonly bootstrap?: { readonly [key: string]: Json };
  readonly children?: ReactNode;
}

/** Hands a client down to the hooks of all components below it. */
export function VexilProvider(props: VexilProviderProps): ReactElement;

/**
 * The value of a flag; `fallback` when there is none of its kind. The kind is that of `fallback`:
 * boolean, string, number, and json for everything else. Renders anew only when the value is
 * another one; values of json that are equal are one object.
 */
export function useFlag(key: string, fallback: boolean): boolean;
export function useFlag(key: string, fallback: string): string;
export function useFlag(key: string, fallback: number): number;
export function useFlag(key: string, fallback: JsonFallback): Json;

/**
 * The same, and how it came about. Renders anew when anything of that is other than before, and
 * thus with every version, whose revision it tells.
 */
export function useFlagDetails(key: string, fallback: boolean): Details<boolean>;
export function useFlagDetails(key: string, fallback: string): Details<string>;
export function useFlagDetails(key: string, fallback: number): Details<number>;
export function useFlagDetails(key: string, fallback: JsonFallback): Details<Json>;

/** The client of the `VexilProvider` above; `null` when that was given none. */
export function useVexil(): Client | null;

/** Whether the client can be relied on; renders anew when that changes. */
export function useVexilState(): State;

/** What tells the kind json; a bare boolean, string or number tells its own. */
export type JsonFallback = null | readonly Json[] | { readonly [name: string]: Json };

/**
 * What may be the fallback of a flag: a value of its type that tells its kind. Anything where
 * nothing is known of the flag.
 */
export type FallbackOf<Value> = [Value] extends [boolean] | [string] | [number]
  ? Value
  : Extract<Value, object | null>;

/** The hooks, for the flags of one environment. */
export interface Hooks<Flags extends FlagTypes> {
  readonly VexilProvider: (props: VexilProviderProps & { readonly client: Client<Flags> | null }) => ReactElement;
  useFlag<Key extends keyof Flags & string>(key: Key, fallback: FallbackOf<Flags[Key]>): Flags[Key];
  useFlagDetails<Key extends keyof Flags & string>(key: Key, fallback: FallbackOf<Flags[Key]>): Details<Flags[Key]>;
  useVexil(): Client<Flags> | null;
  useVexilState(): State;
}

/**
 * The same hooks, with the types that `vexil codegen ts` writes: `createHooks<Flags>()`. They go
 * with any `VexilProvider`.
 */
export function createHooks<Flags extends FlagTypes>(): Hooks<Flags>;
