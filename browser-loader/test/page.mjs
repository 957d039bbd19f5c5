// A page for React: the names that browsers have, in Node.
// In: nothing. Out: `document` and its kind as globals, `mount` and `hydrate`. It has to be imported
// before react-dom.

import { Window } from "happy-dom";

const window = new Window({ url: "https://shop.example" });
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
globalThis.navigator ??= window.navigator; // Node has one since version 21.

const { act } = await import("react");
const { createRoot, hydrateRoot } = await import("react-dom/client");

function container() {
  const element = document.createElement("div");
  document.body.append(element);
  return element;
}

/** Renders, and gives what can be read of it and done to it. */
export async function mount(element) {
  const place = container();
  const root = createRoot(place);
  await act(() => root.render(element));
  return {
    text: () => place.textContent,
    render: (next) => act(() => root.render(next)),
    unmount: () => act(() => root.unmount()),
  };
}

/** Takes over `html`; `faults` are those that React recovers from, as are other contents than expected. */
export async function hydrate(html, element) {
  const place = container();
  place.innerHTML = html;
  const before = place.textContent;
  const faults = [];
  let root;
  await act(() => (root = hydrateRoot(place, element, { onRecoverableError: (error) => faults.push(error) })));
  return { before, faults, text: () => place.textContent, unmount: () => act(() => root.unmount()) };
}

export { act };
