/**
 * Vexil in the browser: feature flags that are compiled to WebAssembly, evaluated in the page, and
 * swapped while it runs.
 *
 * ```js
 * import { createClient } from "vexil-browser";
 *
 * const client = createClient({
 *   url: "https://flags.example",
 *   key: "vxl_browser_…",
 *   project: "shop",
 *   environment: "production",
 *   context: { targetingKey: "user-7", country: "DE" },
 * });
 * await client.ready({ timeoutMs: 2000 });
 * if (client.boolean("checkout-v2", false)) showTheNewCheckout();
 * client.onChange(({ flags }) => render(flags));
 * ```
 */

/** A value of JSON, as flags of kind `json` have them. Values are frozen: copy before you change one. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/**
 * What an attribute of a context may be. `undefined` and `null` are the same as not there, and so is
 * everything else that is not named here; a `Date` is its text in RFC 3339.
 */
export type Attribute =
  | null
  | undefined
  | boolean
  | number
  | string
  | Date
  | readonly Attribute[]
  | { readonly [name: string]: Attribute };

/** For whom flags are evaluated: OpenFeature's targeting key, and any attributes. */
export interface Context {
  /** Identifies the subject; percentages are split by it unless a flag says otherwise. */
  readonly targetingKey?: string;
  readonly [attribute: string]: Attribute;
}

/**
 * The flags of an environment with the types of their values; `vexil codegen ts` writes it.
 * Without it, every key is taken and nothing is known of values.
 */
export type FlagTypes = object;

/** Keys of `Flags` whose values are of type `Kind`. */
export type KeyOf<Flags extends FlagTypes, Kind> = string extends keyof Flags
  ? string
  : { [Key in keyof Flags]: Flags[Key] extends Kind ? Key : never }[keyof Flags] & string;

/** Keys of `Flags` whose values are of kind `json`. */
export type JsonKeyOf<Flags extends FlagTypes> = string extends keyof Flags
  ? string
  : { [Key in keyof Flags]: Flags[Key] extends boolean | string | number ? never : Key }[keyof Flags] & string;

/** The type of a flag's value. */
export type ValueOf<Flags extends FlagTypes, Key, Kind> = string extends keyof Flags
  ? Kind
  : Key extends keyof Flags
    ? Flags[Key] extends Kind
      ? Flags[Key]
      : Kind
    : Kind;

/** Whether a client can be relied on; the names are OpenFeature's. */
export type State =
  /** Nothing to serve yet: evaluations give the caller's defaults. */
  | "NOT_READY"
  /** Something serves, and the server was heard of lately. */
  | "READY"
  /**
   * Something serves, but the server was not heard of for a while, or not yet at all, or what it
   * says is older than what was seen or not to be trusted, or its newest announcement has expired.
   */
  | "STALE"
  /** Nothing to serve, and the last attempt failed. Attempts go on. */
  | "ERROR";

/** Why a value was chosen; the names are OpenFeature's. */
export type Reason =
  | "STATIC"
  | "DEFAULT"
  | "TARGETING_MATCH"
  | "SPLIT"
  | "DISABLED"
  | "CACHED"
  | "UNKNOWN"
  | "ERROR";

/** Why the caller's default was given; the names are OpenFeature's. */
export type EvaluationErrorCode =
  | "PROVIDER_NOT_READY"
  | "FLAG_NOT_FOUND"
  | "PARSE_ERROR"
  | "TYPE_MISMATCH"
  | "TARGETING_KEY_MISSING"
  | "INVALID_CONTEXT"
  | "PROVIDER_FATAL"
  | "GENERAL";

/** An evaluation, and how it came about. */
export interface Details<Value> {
  readonly flagKey: string;
  readonly value: Value;
  /** Of the variant that was chosen; absent when the caller's default is given. */
  readonly variant?: string;
  /** `CACHED`: the value was passed in as `bootstrap`. */
  readonly reason: Reason;
  readonly errorCode?: EvaluationErrorCode;
  readonly errorMessage?: string;
  readonly flagMetadata: {
    /** Id of the rule that decided. */
    readonly rule?: string;
    /** Key of the prerequisite that was not met, where pages are told which. */
    readonly prerequisite?: string;
    /** Revision and digest of what decided. */
    readonly revision?: number;
    readonly digest?: string;
  };
}

/** What serves now. */
export interface Version {
  /** Of the environment: it only grows. `0` for `bootstrap`. */
  readonly revision: number;
  /** SHA-256 of the module in hexadecimal; empty for `bootstrap` and when the server evaluates. */
  readonly digest: string;
  /** Bytes of the module, before compression. */
  readonly bytes: number;
  /** Where it came from: `server` means that the server evaluates (OFREP), without a module here. */
  readonly source: "network" | "cache" | "bootstrap" | "server";
  /** When it began to serve. */
  readonly since: Date;
  /** Name and version of the compiler that made it; empty without a module. */
  readonly compiler: string;
}

/** What has changed. */
export interface Change<Flags extends FlagTypes = FlagTypes> {
  /**
   * Keys whose value really is another one than before, sorted; flags that came or went are among
   * them. It may be empty when `version` has changed.
   */
  readonly flags: readonly (string extends keyof Flags ? string : keyof Flags & string)[];
  /** Why: another version serves, the context was set, or time has passed (rules with `$now`). */
  readonly cause: "version" | "context" | "time";
  readonly version: Version;
}

/** What may go wrong without disturbing what serves. */
export type FailureCode =
  /** An option is not what it has to be. Thrown, never reported. */
  | "OPTIONS"
  /** A context is not what it has to be. Thrown by `setContext` and `createClient`. */
  | "CONTEXT"
  /** `ready` has waited as long as it was told to. */
  | "TIMEOUT"
  /** The client was closed. */
  | "CLOSED"
  /** The server cannot be reached, or its stream broke. Attempts go on. */
  | "NETWORK"
  /** The server refuses, for example the key. Attempts go on. */
  | "REFUSED"
  /** The server, or somebody between, says what cannot be read. */
  | "MALFORMED"
  /** An announcement is not signed by whom this client trusts, or tells another history. */
  | "UNTRUSTED"
  /** An announcement is of an older revision than one that was seen. */
  | "OLDER"
  /** A module is not the one that was announced: its length or its SHA-256 differs. */
  | "DIGEST"
  /** A module is not one that this client can run. */
  | "MODULE"
  /** What was evaluated ended with a fault: a bug in the module. */
  | "TRAP";

/** What has gone wrong, in words and as a code. */
export class VexilError extends Error {
  readonly code: FailureCode;
  /** Of HTTP, when the server refuses. */
  readonly status?: number;
}

/** How to reach the server and for whom to evaluate. */
export interface Options {
  /**
   * Where the server is, with a path if it stands below one: `https://shop.example/toggles`. A
   * relative one is taken from the page's address.
   */
  readonly url: string | URL;
  /** A browser key (`vxl_browser_…`). It is no secret: it stands in the page. */
  readonly key?: string;
  /** May be left out when `environment` says both, as in `shop/production`. */
  readonly project?: string;
  readonly environment: string;
  /** For whom to evaluate at first. Default: nobody in particular. */
  readonly context?: Context;
  /**
   * Only these flags, and those with one of the `tags`. Default: all that pages may see. Where the
   * server evaluates, `tags` have no effect.
   */
  readonly flags?: readonly string[];
  readonly tags?: readonly string[];
  /**
   * Values to serve until the first module is there, as the server that rendered the page has
   * them: nothing flickers, and `ready` waits for nothing.
   */
  readonly bootstrap?: { readonly [key: string]: Json };
  /**
   * Whose announcements to follow: of the server that is heard first, and from then on of nobody
   * else (`first-use`, the default); of the holders of these root keys, in hexadecimal; of
   * `anybody`, signed or not.
   */
  readonly trust?: "first-use" | "anybody" | readonly string[];
  /**
   * Where to evaluate: in the page, or at the server where WebAssembly may not be compiled
   * (`auto`, the default); only in the page (`local`); only at the server (`remote`).
   */
  readonly evaluation?: "auto" | "local" | "remote";
  /** Paths below `url`, where something in between gives them others. */
  readonly paths?: Partial<Paths>;
  /** Follow changes by a stream (default), or only ask now and then. */
  readonly stream?: boolean;
  /** Between two questions, when there is no stream, in milliseconds. Default 30,000. */
  readonly pollIntervalMs?: number;
  /** One stream for all tabs of this origin (default), or one for each. */
  readonly shared?: boolean;
  /** Keep the last good module in Cache Storage (default), or keep nothing. */
  readonly cached?: boolean;
  /** Called with every failure; the same as `onError`, from the start. */
  readonly onError?: (error: VexilError) => void;
  /** How to ask. Default: the browser's `fetch`. */
  readonly fetch?: typeof fetch;
  /**
   * Where the verifier is, for browsers that cannot check signatures themselves; see the README.
   * Default: beside this file.
   */
  readonly verifierUrl?: string | URL;
}

/** Paths below `Options.url`; `{project}`, `{environment}` and `{digest}` are filled in. */
export interface Paths {
  /** Default: `v1/projects/{project}/environments/{environment}/head` */
  readonly head: string;
  /** Default: `v1/projects/{project}/environments/{environment}/events` */
  readonly events: string;
  /** Default: `v1/modules/{digest}.wasm` */
  readonly module: string;
  /** Default: `v1/projects/{project}/environments/{environment}/ofrep/v1/evaluate/flags` */
  readonly evaluate: string;
}

/** Follows an environment and evaluates its flags for one context. */
export interface Client<Flags extends FlagTypes = { [key: string]: Json }> {
  /** Whether the client can be relied on. */
  readonly state: State;
  /** What serves now; `null` when nothing does. */
  readonly version: Version | null;
  /** For whom flags are evaluated. */
  readonly context: Context;

  /**
   * Waits until there is something to serve: a module, or what was given as `bootstrap`.
   *
   * Rejects with `TIMEOUT` after `timeoutMs`, saying what was the matter; the client goes on trying. Rejects with
   * `CLOSED` when it is closed.
   */
  ready(options?: { readonly timeoutMs?: number }): Promise<State>;

  /** The value of a flag; `fallback` when there is none of this kind. Never throws. */
  boolean<Key extends KeyOf<Flags, boolean>>(key: Key, fallback: ValueOf<Flags, Key, boolean>): ValueOf<Flags, Key, boolean>;
  string<Key extends KeyOf<Flags, string>>(key: Key, fallback: ValueOf<Flags, Key, string>): ValueOf<Flags, Key, string>;
  number<Key extends KeyOf<Flags, number>>(key: Key, fallback: ValueOf<Flags, Key, number>): ValueOf<Flags, Key, number>;
  json<Key extends JsonKeyOf<Flags>>(key: Key, fallback: ValueOf<Flags, Key, Json>): ValueOf<Flags, Key, Json>;

  /** The same, and how it came about. */
  booleanDetails<Key extends KeyOf<Flags, boolean>>(key: Key, fallback: ValueOf<Flags, Key, boolean>): Details<ValueOf<Flags, Key, boolean>>;
  stringDetails<Key extends KeyOf<Flags, string>>(key: Key, fallback: ValueOf<Flags, Key, string>): Details<ValueOf<Flags, Key, string>>;
  numberDetails<Key extends KeyOf<Flags, number>>(key: Key, fallback: ValueOf<Flags, Key, number>): Details<ValueOf<Flags, Key, number>>;
  jsonDetails<Key extends JsonKeyOf<Flags>>(key: Key, fallback: ValueOf<Flags, Key, Json>): Details<ValueOf<Flags, Key, Json>>;

  /** Keys of all flags that there are now, sorted. */
  keys(): string[];
  /** All flags that serve a value now, sorted by key. */
  all(): Details<Json>[];

  /**
   * Evaluates for another context. In the page this is done when the call returns; where the
   * server evaluates, when the promise resolves. A later call outruns an earlier one.
   *
   * The context is copied: to change it, set another. Throws `CONTEXT` when `targetingKey` is not a
   * string, or the context is no object, is a circle, or cannot be read.
   */
  setContext(context: Context): Promise<void>;

  /** Calls back when values change, or another version serves. Returns how to stop that. */
  onChange(listener: (change: Change<Flags>) => void): () => void;
  /** Calls back when `state` changes. Returns how to stop that. */
  onState(listener: (state: State) => void): () => void;
  /** Calls back with every failure. Returns how to stop that. */
  onError(listener: (error: VexilError) => void): () => void;

  /** Asks the server now whether there is anything new. Resolves when that is known and serves. */
  refresh(): Promise<void>;
  /** Lets go of everything, and tells nobody any more. The last values stay readable. */
  close(): void;
}

/**
 * Makes a client, which begins to work at once.
 *
 * Throws `OPTIONS` or `CONTEXT` when what it is given cannot be right.
 */
export function createClient<Flags extends FlagTypes = { [key: string]: Json }>(options: Options): Client<Flags>;
