// OpenFeature's web SDK, asking a client of Vexil.
// In: what a client is made of, or a client; contexts and questions of the SDK. Out: values with
// their details, and the SDK's events. It must never close a client that it has not made, and tells
// the SDK nothing of contexts that the SDK has set itself.

import {
  ErrorCode,
  GeneralError,
  InvalidContextError,
  OpenFeatureEventEmitter,
  ProviderEvents,
  ProviderFatalError,
  ProviderNotReadyError,
} from "@openfeature/web-sdk";
import { createClient } from "./index.js";

/** As long as a page is likely to wait; clients themselves wait for ever. */
const TIMEOUT_MS = 10_000;

/** The server knows neither this key nor its rights: trying again is of no use, other than after a change there. */
const isFinal = ({ code, status }) => code === "OPTIONS" || (code === "REFUSED" && (status === 401 || status === 403));

/** A failure of the client as an error of the SDK, which makes `FATAL` of some. */
function sdkError(error) {
  const { code, message } = error;
  const Kind = isFinal(error)
    ? ProviderFatalError
    : { CONTEXT: InvalidContextError, TIMEOUT: ProviderNotReadyError }[code] ?? GeneralError;
  return new Kind(message, { cause: error });
}

const closed = () => new ProviderNotReadyError("the provider was not initialized, or is closed");

export class VexilProvider {
  runsOn = "client";
  metadata = { name: "Vexil" };
  /** A client has one context, and domains may have their own. */
  domainScoped = true;
  events = new OpenFeatureEventEmitter();

  constructor(source, { timeoutMs = TIMEOUT_MS } = {}) {
    this._source = source;
    this._timeoutMs = timeoutMs;
    this._isOwn = typeof source.ready !== "function";
    this._stops = [];
  }

  /** The client that answers; `null` before `initialize` and after `onClose`. */
  get client() {
    return this._client ?? null;
  }

  initialize(context = {}) {
    this._starting = true; // Clients tell of changes while they are given the context.
    const starting = this._start(context).then(
      () => this._started(starting, true),
      (error) => {
        this._started(starting, false);
        throw sdkError(error);
      },
    );
    return (this._starting = starting);
  }

  async _start(context) {
    const client = this._isOwn ? createClient({ ...this._source, context }) : this._source;
    this._client = client;
    const refused = new Promise((_, reject) => {
      this._stops = [
        client.onError((error) => {
          this._failure = error;
          if (isFinal(error)) reject(error);
        }),
        client.onState((state) => this._tell(state)),
        client.onChange((change) => this._tellChange(change)),
      ];
    });
    refused.catch(() => {}); // It may come when nobody waits any more.
    const evaluated = this._isOwn ? undefined : client.setContext(context);
    await Promise.race([Promise.all([client.ready({ timeoutMs: this._timeoutMs }), evaluated]), refused]);
  }

  _started(starting, isReady) {
    if (this._starting !== starting) return;
    this._starting = undefined;
    this._correct(isReady);
  }

  /**
   * The SDK waits for a promise, and says `RECONCILING` meanwhile. What a module evaluates is there
   * at once, without one. Failures are rejections: the SDK does not count what is thrown well.
   */
  onContextChange(_, context) {
    const client = this._client;
    // The first context was none, thus no client was made.
    if (client === undefined) return this.initialize(context);
    const isImmediate = ["network", "cache"].includes(client?.version?.source) && !this._starting;
    let evaluated;
    try {
      evaluated = client ? client.setContext(context) : Promise.reject(closed());
    } catch (error) {
      return Promise.reject(sdkError(error));
    }
    if (isImmediate) {
      this._correct(true);
      return;
    }
    return Promise.all([evaluated, this._starting]).then(
      () => this._correct(true),
      (error) => {
        this._isBehind = true;
        throw error.code in ErrorCode ? error : sdkError(error);
      },
    );
  }

  async onClose() {
    for (const stop of this._stops.splice(0)) stop();
    if (this._isOwn) this._client?.close();
    this._client = null;
    this._starting = this._failure = undefined;
  }

  /** After each of its own steps the SDK takes a provider for ready, or for failed. Says so where it is not. */
  _correct(isTakenForReady) {
    // The SDK takes its step in a microtask, this has to come behind.
    setTimeout(() => {
      const state = this._client?.state;
      const isServing = state === "READY" || state === "STALE";
      if (state && (isTakenForReady ? state !== "READY" : isServing)) this._tell(state);
    });
  }

  /** While it initializes, the SDK draws its own conclusions. */
  _tell(state) {
    if (this._starting) return;
    const message = this._failure?.message;
    if (state === "READY") {
      this._failure = undefined;
      this.events.emit(ProviderEvents.Ready);
    } else if (state === "STALE") this.events.emit(ProviderEvents.Stale, { message });
    else {
      const errorCode = this._failure && isFinal(this._failure) ? ErrorCode.PROVIDER_FATAL : ErrorCode.PROVIDER_NOT_READY;
      this.events.emit(ProviderEvents.Error, { message: message ?? "there is nothing to serve yet", errorCode });
    }
  }

  _tellChange({ cause, flags }) {
    if (this._starting) return;
    if (cause !== "context") this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged: [...flags] });
    // Values are of the newest context again, and the SDK still believes in its error.
    if (this._isBehind) this._tell(this._client.state);
    this._isBehind = false;
  }

  resolveBooleanEvaluation(key, fallback) {
    return this._resolve("booleanDetails", key, fallback);
  }

  resolveStringEvaluation(key, fallback) {
    return this._resolve("stringDetails", key, fallback);
  }

  resolveNumberEvaluation(key, fallback) {
    return this._resolve("numberDetails", key, fallback);
  }

  resolveObjectEvaluation(key, fallback) {
    return this._resolve("jsonDetails", key, fallback);
  }

  _resolve(details, key, fallback) {
    if (!this._client) throw closed();
    const { value, variant, reason, errorCode, errorMessage, flagMetadata } = this._client[details](key, fallback);
    if (errorCode) return { value, reason, errorCode: ErrorCode[errorCode] ?? ErrorCode.GENERAL, errorMessage, flagMetadata };
    return { value, variant, reason, flagMetadata };
  }
}
