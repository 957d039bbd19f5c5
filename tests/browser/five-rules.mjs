// The workload of measurements: flags of five rules, as W5 of `cargo xtask bench` has them.
// In: how many. Out: a document, contexts.

/** A document of `count` flags of five rules, each with constants of its own; `share` is what the first splits off. */
export function fiveRules(count, share = 40_000) {
  const countries = ["DE", "AT", "CH", "FR", "IT", "ES", "NL", "BE", "PL", "SE", "NO", "DK"];
  const plans = ["free", "team", "enterprise"];
  const flags = {};
  for (let n = 0; n < count; n++) {
    const three = [0, 1, 2].map((k) => countries[(n + 5 * k) % countries.length]);
    flags[`flag-${String(n).padStart(4, "0")}`] = {
      kind: "string",
      client_visible: true,
      variants: { a: "a", b: "b", c: "c", d: "d" },
      environments: {
        production: {
          enabled: true,
          off_variant: "a",
          rules: [
            { id: "country", when: { attribute: "country", in: three }, serve: "a" },
            { id: "plan", when: { all: [{ attribute: "plan", equals: plans[n % 3] }, { attribute: "age", gt: 18 + (n % 50) }] }, serve: "b" },
            { id: "staff", when: { attribute: "email", ends_with: `@company-${n % 40}.example` }, serve: "c" },
            { id: "version", when: { attribute: "version", semver_gte: `${n % 9}.${n % 7}.0` }, serve: "d" },
            {
              id: "split",
              when: { attribute: "country", exists: true },
              serve: { split: { weights: { a: n ? 40_000 : share, b: n ? 30_000 : 70_000 - share, c: 20_000, d: 10_000 }, otherwise: "a" } },
            },
          ],
          fallthrough: "a",
        },
      },
    };
  }
  return { format: "vexil/1", project: "many", environments: ["production"], flags };
}

/** A thousand and some people. */
export const contexts = () =>
  Array.from({ length: 1024 }, (_, n) => ({
    targetingKey: `user-${n}`,
    country: ["DE", "US", "FR", "JP"][n % 4],
    plan: ["free", "team", "enterprise"][n % 3],
    age: 15 + (n % 60),
    email: `someone-${n}@company-${n % 80}.example`,
    version: `${n % 10}.${n % 8}.${n % 5}`,
  }));
