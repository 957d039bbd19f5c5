// The verifier in WebAssembly, as it is published, against published vectors and against Node's.

import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";

let guest;
before(async () => {
  const bytes = readFileSync(new URL("../dist/vexil_verify.wasm", import.meta.url));
  const { module, instance } = await WebAssembly.instantiate(bytes);
  assert.deepEqual(WebAssembly.Module.imports(module), []);
  guest = instance.exports;
});

const put = (...parts) => {
  const bytes = Buffer.concat(parts);
  const at = guest.room(bytes.length);
  new Uint8Array(guest.memory.buffer).set(bytes, at);
  return [at, bytes.length];
};
const verify = (...parts) => guest.verify(...put(...parts));
const sha256 = (bytes) => {
  const at = guest.sha256(...put(bytes));
  return Buffer.from(guest.memory.buffer, at, 32).toString("hex");
};
const hex = (text) => Buffer.from(text, "hex");

test("the vectors of RFC 8032, section 7.1", () => {
  const vectors = [
    ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"],
    ["3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"],
    ["fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"],
  ];
  for (const [key, message, signature] of vectors) assert.equal(verify(hex(key), hex(signature), hex(message)), 1);
});

test("signatures of Node's are good, and every altered bit is found", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const message = randomBytes(100);
  const signature = sign(null, message, privateKey);
  assert.equal(verify(key, signature, message), 1);
  const all = Buffer.concat([key, signature, message]);
  for (let bit = 0; bit < 8 * all.length; bit++) {
    all[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(verify(all), 0, `bit ${bit}`);
    all[bit >> 3] ^= 1 << (bit & 7);
  }
});

test("what is too short, or a key of small order, is no signature", () => {
  for (const length of [0, 1, 31, 32, 95]) assert.equal(verify(Buffer.alloc(length)), 0);
  // The neutral element as key and as R, and S = 0: it "signs" every message where nobody looks.
  const neutral = hex("01" + "00".repeat(31));
  assert.equal(verify(neutral, neutral, Buffer.alloc(32), Buffer.from("anything")), 0);
});

test("SHA-256 of every length up to three blocks, and of more than its memory has at first", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Buffer.alloc(length, length);
    assert.equal(sha256(bytes), createHash("sha256").update(bytes).digest("hex"));
  }
  const large = randomBytes(5_000_000);
  assert.equal(sha256(large), createHash("sha256").update(large).digest("hex"));
});
