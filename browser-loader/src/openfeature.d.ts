/**
 * Vexil for OpenFeature's web SDK.
 *
 * ```js
 * import { OpenFeature } from "@openfeature/web-sdk";
 * import { VexilProvider } from "vexil-browser/openfeature";
 *
 * const provider = new VexilProvider({
 *   url: "https://flags.example",
 *   key: "vxl_browser_…",
 *   environment: "shop/production",
 * });
 * await OpenFeature.setProviderAndWait(provider, { targetingKey: "user-7", country: "DE" });
 * OpenFeature.getClient().getBooleanValue("checkout-v2", false);
 * ```
 */

import type {
  EvaluationContext,
  JsonValue,
  OpenFeatureEventEmitter,
  Provider,
  ResolutionDetails,
} from "@openfeature/web-sdk";
import type { Client, Options } from "./index.js";

export interface ProviderSettings {
  /**
   * How long `initialize` waits for something to serve, in milliseconds. Then it fails; the client
   * goes on trying, and `PROVIDER_READY` follows when it has succeeded. Default 10,000.
   */
  readonly timeoutMs?: number;
}

/**
 * Answers by a client of Vexil.
 *
 * The SDK's status is `READY`, `STALE` and `ERROR` as the client's state is, and `FATAL` when the
 * options are wrong or the server refuses the key. `PROVIDER_CONFIGURATION_CHANGED` names the flags
 * whose value really is another one; the list is empty where a new version changes none of them.
 */
export class VexilProvider implements Provider {
  readonly runsOn: "client";
  readonly metadata: { readonly name: "Vexil" };
  /** It has one context, thus it can be bound to one domain. Make another for another domain. */
  readonly domainScoped: true;
  readonly events: OpenFeatureEventEmitter;
  /** The client that answers; `null` before `initialize` and after `onClose`. */
  readonly client: Client<any> | null;

  /**
   * Of options, a client is made by `initialize` and closed by `onClose`. A client that is given
   * gets the SDK's context, and stays open: who has made it closes it.
   */
  constructor(source: (Omit<Options, "context"> & { readonly context?: never }) | Client<any>, settings?: ProviderSettings);

  initialize(context?: EvaluationContext): Promise<void>;
  onContextChange(oldContext: EvaluationContext, newContext: EvaluationContext): Promise<void> | void;
  onClose(): Promise<void>;
  resolveBooleanEvaluation(flagKey: string, defaultValue: boolean): ResolutionDetails<boolean>;
  resolveStringEvaluation(flagKey: string, defaultValue: string): ResolutionDetails<string>;
  resolveNumberEvaluation(flagKey: string, defaultValue: number): ResolutionDetails<number>;
  resolveObjectEvaluation<Value extends JsonValue>(flagKey: string, defaultValue: Value): ResolutionDetails<Value>;
}
