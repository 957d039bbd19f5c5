// Made by `vexil codegen ts`. Do not edit: change the flags, and make it anew.

import type { Json } from "vexil-browser";

/** Keys of flags, and the types of their values. */
export interface Flags {
  /**
   * The flag `"quoted\`.
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "\"quoted\\": boolean;
  /**
   * Ends a comment: *\/ and /\* begins one.
   *
   * \@deprecated is a tag, and so is <b>bold</b>.
   * A [link] and `code`, "quotes", \ and \n.
   * ```
   * panic!("this would be run as a test")
   * ```
   * - a list
   * 1. and another
   * an indented line
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "*/ alert(1); /*": boolean;
  /**
   * The flag `2fa`.
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "2fa": boolean;
  /**
   * The flag `String`.
   *
   * - `a`: `"x-y"`
   * - `b`: `"x.y"`
   * - `c`: `""`
   * - `d`: `"…"`
   * - `e`: `"a \"b\" \\ \n c"`
   * - `f`: `"x-y"`
   */
  readonly "String": "x-y" | "x.y" | "" | "…" | "a \"b\" \\ \n c";
  /**
   * The flag `__proto__`.
   *
   * - `` `a` ``: `` "`a`" ``
   * - ```` ``` ````: `" "`
   */
  readonly "__proto__": "`a`" | " ";
  /**
   * The flag `a key that is so long that the line in which its handle stands has to be broken`.
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "a key that is so long that the line in which its handle stands has to be broken": boolean;
  /**
   * The flag `a-b`.
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "a-b": boolean;
  /**
   * The flag `a-b-d443`.
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "a-b-d443": boolean;
  /**
   * The flag `a.b`.
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "a.b": boolean;
  /**
   * A line\u{2028}that breaks, a \u{202e}direction, a  Tab
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "direction \u{2028} \u{202e} of reading": boolean;
  /**
   * The flag `large json`.
   *
   * - `a`: `["0123456789012345678901234567890123456789","01234567890123456789012345678901234…`
   */
  readonly "large json": Json;
  /**
   * The flag `layout`.
   *
   * - `a`: `{"columns":3,"order":["new","cheap"],"od\"d":null}`
   * - `b`: `{"columns":4,"order":[],"od\"d":{}}`
   * - `c`: `{"columns":4,"order":[],"od\"d":{}}`
   */
  readonly "layout": { readonly "columns": 3; readonly "order": readonly ["new", "cheap"]; readonly "od\"d": null } | { readonly "columns": 4; readonly "order": readonly []; readonly "od\"d": { readonly [name: string]: never } };
  /**
   * The flag `limit`.
   *
   * - `low`: `10`
   * - `high`: `20`
   */
  readonly "limit": 10 | 20;
  /**
   * The flag `long text`.
   *
   * - `a`: `"This text is much too long to be the name of a case, and stays as it is."`
   * - `b`: `"short"`
   */
  readonly "long text": "This text is much too long to be the name of a case, and stays as it is." | "short";
  /**
   * The flag `many variants`.
   *
   * - `a`: `1`
   * - `b`: `2`
   * - `c`: `3`
   * - `d`: `4`
   * - `e`: `5`
   * - `f`: `6`
   * - `g`: `7`
   * - `h`: `8`
   * - `i`: `9`
   * - `j`: `10`
   * - `k`: `11`
   * - `l`: `12`
   * - `m`: `13`
   * - `n`: `14`
   * - `o`: `15`
   * - `p`: `16`
   * - `q`: `17`
   * - `r`: `18`
   * - `s`: `19`
   * - `t`: `20`
   * - and 2 more
   */
  readonly "many variants": 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18 | 19 | 20 | 21 | 22;
  /**
   * The flag `mixed json`.
   *
   * - `a`: `"x"`
   * - `b`: `1`
   * - `c`: `null`
   */
  readonly "mixed json": "x" | 1 | null;
  /**
   * The flag `numbers`.
   *
   * - `a`: `10`
   * - `b`: `-0.5`
   * - `c`: `1e+21`
   * - `d`: `0`
   * - `e`: `0`
   * - `f`: `1e-7`
   * - `g`: `10`
   */
  readonly "numbers": 10 | -0.5 | 1000000000000000000000 | 0 | 0.0000001;
  /**
   * The flag `plain`.
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "plain": boolean;
  /**
   * The flag `self`.
   *
   * - `Self`: `"Self"`
   * - `self`: `"self"`
   * - `Err`: `"Err"`
   * - `Ok`: `"Ok"`
   * - `ALL`: `"ALL"`
   */
  readonly "self": "Self" | "self" | "Err" | "Ok" | "ALL";
  /**
   * The flag `texts as json`.
   *
   * - `a`: `"x"`
   * - `b`: `"y"`
   */
  readonly "texts as json": Json;
  /**
   * The flag `unknown value`.
   *
   * - `a`: `"a"`
   */
  readonly "unknown value": "a";
  /**
   * The flag `日本`.
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "日本": boolean;
}

/** The key of a flag. */
export type FlagKey = keyof Flags;
