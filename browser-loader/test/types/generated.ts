// What the compiler says of files that `vexil codegen ts` has written.

import { createClient } from "vexil-browser";
import { createHooks } from "vexil-browser/react";
import type { Flags as Odd } from "../../../tests/cases/codegen/odd.js";
import type { Flags, FlagKey } from "../../../tests/cases/codegen/storefront.js";
import { same } from "./flags.js";

const client = createClient<Flags>({ url: "https://flags.example", environment: "storefront/production" });
const ranking = client.string("search-ranking", "classic");
same<typeof ranking, "classic" | "popular" | "fresh" | "bargain">(true);
const threshold = client.number("free-shipping-threshold", 29);
same<typeof threshold, 0 | 29 | 59 | 120 | 100000>(true);
const { percent } = client.json("season-sale", { percent: 0, label: "" });
same<typeof percent, 0 | 10 | 20 | 30>(true);
client.onChange(({ flags }) => flags.every((key: FlagKey) => key !== "accent"));
// @ts-expect-error: no value of the flag
client.string("search-ranking", "newest");
// @ts-expect-error: not a boolean flag
client.boolean("search-ranking", false);
// @ts-expect-error: no such flag
client.string("serch-ranking", "classic");

const { useFlag } = createHooks<Flags>();
const sale = useFlag("season-sale", { percent: 0, label: "" });
same<typeof sale, Flags["season-sale"]>(true);
// @ts-expect-error: no value of the flag
useFlag("season-sale", { percent: 5, label: "" });
// @ts-expect-error: no such flag
useFlag("serch-ranking", "classic");

createHooks<Odd>().useFlag("String", "…");
createClient<Odd>({ url: "https://flags.example", environment: "shop/production" }).boolean("*/ alert(1); /*", true);
