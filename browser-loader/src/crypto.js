// Digests and signatures.
// In: bytes, hexadecimal. Out: digests; whether a signature is good. The browser's WebCrypto does
// it where it can; where it cannot (pages without TLS, and browsers from before 2024 to 2025, which
// do not know Ed25519), a verifier in WebAssembly is fetched, once.

import { ANSWER_MS } from "./limits.js";
import { failure } from "./failure.js";
import { within } from "./http.js";

const encoder = new TextEncoder();

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The bytes of lower-case digits; of anything else none. */
const unhex = (text) =>
  /^([0-9a-f]{2})*$/.test(text) ? Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16)) : new Uint8Array();

/** `verifierUrl`: where the verifier is. */
export function crypto({ fetch, verifierUrl }) {
  const { subtle } = globalThis.crypto ?? {};
  let verifier;
  const fetchVerifier = async () => {
    const response = await fetch(verifierUrl, { signal: within(ANSWER_MS) });
    if (!response.ok) throw new Error(`${verifierUrl} answered with ${response.status}`);
    const { instance } = await WebAssembly.instantiate(await response.arrayBuffer());
    return instance.exports;
  };
  /** Calls a function of the verifier with byte strings, one after the other in its memory. */
  const call = async (name, ...inputs) => {
    verifier ??= fetchVerifier();
    const guest = await verifier.catch((error) => {
      verifier = undefined;
      throw failure("UNTRUSTED", error, "this browser cannot check signatures itself, and the verifier cannot be had");
    });
    const length = inputs.reduce((sum, bytes) => sum + bytes.length, 0);
    const start = guest.room(length);
    let at = start;
    for (const bytes of inputs) {
      new Uint8Array(guest.memory.buffer).set(bytes, at);
      at += bytes.length;
    }
    return [guest, guest[name](start, length)];
  };
  return {
    /** SHA-256 in hexadecimal, of an `ArrayBuffer`. */
    async _digest(buffer) {
      if (subtle) return hex(new Uint8Array(await subtle.digest("SHA-256", buffer)));
      const [guest, at] = await call("sha256", new Uint8Array(buffer));
      return hex(new Uint8Array(guest.memory.buffer, at, 32));
    },
    /** Is this the signature (Ed25519, RFC 8032) of the holder of `key` over the prefix and the text? */
    async _isSigned(key, prefix, text, signature) {
      const [keyBytes, signatureBytes] = [unhex(key), unhex(signature)];
      if (keyBytes.length !== 32 || signatureBytes.length !== 64) return false;
      const message = encoder.encode(prefix + text);
      if (subtle) {
        let publicKey;
        try {
          publicKey = await subtle.importKey("raw", keyBytes, "Ed25519", false, ["verify"]);
        } catch (error) {
          if (error.name !== "NotSupportedError") return false;
        }
        if (publicKey) return subtle.verify("Ed25519", publicKey, signatureBytes, message);
      }
      return (await call("verify", keyBytes, signatureBytes, message))[1] === 1;
    },
  };
}
