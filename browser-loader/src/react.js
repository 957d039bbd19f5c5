"use client";

// React: components that follow flags.
// In: a client, and values for the first rendering. Out: a component that hands them down, hooks
// that read them. A component renders anew when what it has read is another value, and only then.
// Nothing here makes or closes a client, and a server needs none to render.

import { createContext, createElement, useCallback, useContext, useMemo, useState, useSyncExternalStore } from "react";

const Provided = createContext(null);

/** What serves until the first module is there, as `Client.all` has it, by key; `null` when nothing does. */
function firstOf(client, bootstrap) {
  if (bootstrap) {
    return new Map(Object.entries(bootstrap).map(([flagKey, value]) => [flagKey, { flagKey, value, reason: "CACHED", flagMetadata: {} }]));
  }
  return client?.version?.source === "bootstrap" ? new Map(client.all().map((details) => [details.flagKey, details])) : null;
}

export function VexilProvider({ client, bootstrap, children }) {
  // It stays: a part of the page that is hydrated late has to find what the server had.
  const [first] = useState(() => firstOf(client, bootstrap));
  const provided = useMemo(() => ({ client, first }), [client, first]);
  return createElement(Provided.Provider, { value: provided }, children);
}

function useProvided() {
  const provided = useContext(Provided);
  if (!provided) throw new Error("there is no VexilProvider around this component");
  return provided;
}

const isObject = (value) => typeof value === "object" && value !== null;

const isSame = (a, b) =>
  Object.is(a, b) ||
  (isObject(a) &&
    isObject(b) &&
    Array.isArray(a) === Array.isArray(b) &&
    Object.keys(a).length === Object.keys(b).length &&
    Object.keys(a).every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name])));

const onChange = (client, listener) => client.onChange(listener);

const onState = (client, listener) => client.onState(listener);

/** The state decides how it came about that there is no value. */
const onEither = (client, listener) => {
  const stops = [client.onChange(listener), client.onState(listener)];
  return () => stops.forEach((stop) => stop());
};

/** What `read` gives of the client, and `readFirst` without one and while a page is hydrated. */
function useRead(subscribe, read, readFirst) {
  const { client, first } = useProvided();
  // React renders for ever when equal values are not one object. What is kept may be of a rendering
  // that was given up: it is only ever used in the place of its equal.
  const [kept] = useState({});
  const keep = (value) => (isSame(kept.value, value) ? kept.value : (kept.value = value));
  return useSyncExternalStore(
    useCallback((listener) => (client ? subscribe(client, listener) : () => {}), [client, subscribe]),
    () => keep(client ? read(client) : readFirst(first)),
    () => keep(readFirst(first)),
  );
}

const kindOf = (fallback) => (["boolean", "string", "number"].includes(typeof fallback) ? typeof fallback : "json");

function firstDetails(first, key, fallback) {
  const details = first?.get(key);
  const kind = kindOf(fallback);
  if (details && (kind === "json" || kind === typeof details.value)) return details;
  const [errorCode, errorMessage] = !first
    ? ["PROVIDER_NOT_READY", "no flags have arrived yet"]
    : details
      ? ["TYPE_MISMATCH", `flag \`${key}\` is of kind ${typeof details.value}, not ${kind}`]
      : ["FLAG_NOT_FOUND", `there is no flag \`${key}\``];
  return { flagKey: key, value: fallback, reason: "ERROR", errorCode, errorMessage, flagMetadata: {} };
}

export const useFlag = (key, fallback) =>
  useRead(
    onChange,
    (client) => client[kindOf(fallback)](key, fallback),
    (first) => firstDetails(first, key, fallback).value,
  );

export const useFlagDetails = (key, fallback) =>
  useRead(
    onEither,
    (client) => client[`${kindOf(fallback)}Details`](key, fallback),
    (first) => firstDetails(first, key, fallback),
  );

export const useVexil = () => useProvided().client;

export const useVexilState = () =>
  useRead(
    onState,
    (client) => client.state,
    (first) => (first ? "STALE" : "NOT_READY"),
  );

export const createHooks = () => ({ VexilProvider, useFlag, useFlagDetails, useVexil, useVexilState });
