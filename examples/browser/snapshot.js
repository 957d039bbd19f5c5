// What every flag serves at one moment.
// In: a client, keys that were there before. Out: details with the kind by key, sorted. A flag that
// serves no value to this visitor is kept as long as the module knows it, so that its row can say
// why.

/** The kind of a flag: the one as which it can be read. A value of kind `json` may be a text, too. */
function kindOf(client, { flagKey, value }) {
  const kind = typeof value;
  if (kind === "object") return "json";
  return client[`${kind}Details`](flagKey, value).errorCode === "TYPE_MISMATCH" ? "json" : kind;
}

export function snapshot(client, before) {
  const rows = client.all().map((details) => ({ ...details, kind: kindOf(client, details) }));
  const served = new Set(rows.map(({ flagKey }) => flagKey));
  for (const key of before) {
    if (served.has(key)) continue;
    const details = client.jsonDetails(key, undefined);
    if (!["FLAG_NOT_FOUND", "PROVIDER_NOT_READY"].includes(details.errorCode)) rows.push(details);
  }
  rows.sort((a, b) => (a.flagKey < b.flagKey ? -1 : 1));
  return new Map(rows.map((details) => [details.flagKey, details]));
}
