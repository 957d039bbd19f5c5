// Whose announcements a client follows.
// In: an announcement with its signatures, and what the client trusts. Out: what was signed, or why
// it is refused. Signatures are checked before anything else is read of it.

import { ANNOUNCEMENT_PREFIX, KEYS_PREFIX } from "./abi.js";
import { VexilError } from "./failure.js";

const refuse = (message) => {
  throw new VexilError("UNTRUSTED", `an announcement is refused: ${message}`);
};

/** `trust` is that of the options. */
export function trusting(trust, { _isSigned }) {
  let head, anchor;
  if (Array.isArray(trust)) anchor = { roots: trust.map((root) => root.toLowerCase()), serial: 0 };

  /** The keys of a list that is signed by a root that is trusted. */
  async function listed({ statement, signatures }) {
    const good = async (roots) => {
      for (const root of roots) {
        if (Object.hasOwn(signatures, root) && (await _isSigned(root, KEYS_PREFIX, statement, signatures[root]))) return root;
      }
      return refuse("the list of its keys is signed by none of the roots that this client trusts");
    };
    if (anchor) await good(anchor.roots);
    const { v, serial, roots, keys } = JSON.parse(statement);
    if (v !== 1) refuse(`version ${v} of signed statements is not known here`);
    // At first use the roots speak for themselves, and always one of those that it names.
    await good(roots);
    if (serial < anchor?.serial) {
      refuse(`the list of its keys is number ${serial}, and number ${anchor.serial} was seen`);
    }
    return { keys, anchor: { roots, serial } };
  }

  return {
    /** What is to be remembered. */
    _anchor: () => anchor,
    /** Takes what an earlier visit has remembered, if it can be that; roots that are given go first. */
    _remember(kept) {
      const isAnchor = Array.isArray(kept?.roots) && kept.roots.length && Number.isSafeInteger(kept.serial);
      if (isAnchor && (!anchor || String(anchor.roots) === String(kept.roots))) anchor = kept;
    },
    /**
     * Resolves to what was signed, and to a function that remembers it: it is called when all else
     * is right as well.
     */
    async _check({ statement, signature, key, keys, ...plain }) {
      if (trust === "anybody") return [statement ? JSON.parse(statement) : plain, () => {}];
      if (!statement || !keys) refuse("it is not signed");
      const list = await listed(keys);
      if (!list.keys.includes(key)) refuse("the key that signed it is not in the list of keys");
      if (!(await _isSigned(key, ANNOUNCEMENT_PREFIX, statement, signature))) refuse("its signature is wrong");
      const stated = JSON.parse(statement);
      if (stated.v !== (stated.selection ? 2 : 1)) refuse(`version ${stated.v} of signed statements is not known here`);
      const { revision, log_head: found } = stated;
      if (head?.revision === revision && head.found !== found) {
        refuse(`it tells another history: the log's hash at revision ${revision} was ${head.found}, now ${found}`);
      }
      const remember = () => {
        if (!(head?.revision > revision)) head = { revision, found };
        anchor = list.anchor;
      };
      return [stated, remember];
    },
  };
}
