// Vexil in the browser; what each of these does stands in index.d.ts.

export { createClient } from "./client.js";
export { VexilError } from "./failure.js";
