// Small parts that several views have.

import { html, useEffect, useReducer, useState } from './vendor/preact.js';
import { live, now } from './live.js';

/** What is shown: `#/downloads/ID`. */
export function place() {
  const [, view, ...item] = location.hash.split('/');
  const isKnown = ['downloads', 'files', 'requests', 'controls'].includes(view);
  return { view: isKnown ? view : 'downloads', item: item.length ? decodeURIComponent(item.join('/')) : undefined };
}

export function go(view, item) {
  const hash = item === undefined ? `#/${view}` : `#/${view}/${encodeURIComponent(item)}`;
  // The way back leads to the list, not through all that was looked at.
  if (place().item !== undefined && item !== undefined) {
    history.replaceState(null, '', hash);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = hash;
  }
}

let hear = () => {};

/** Says something to who looks and to who listens. */
export const say = (text, isBad = false) => hear({ text, isBad, at: Date.now() });

/** What was said last. */
export function Said() {
  const [said, setSaid] = useState(undefined);
  hear = setSaid;
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(undefined), said.isBad ? 12000 : 5000);
    return () => clearTimeout(timer);
  }, [said]);
  return html`<div class="said" aria-live="polite">${said && html`<p class=${said.isBad ? 'bad' : ''}>${said.text}</p>`}</div>`;
}

/** Does something and says how it went. */
export async function doing(what, action) {
  try {
    const result = await action();
    if (what) say(what);
    return result;
  } catch (error) {
    say(error.message, true);
    return undefined;
  }
}

/** A button that cannot be pressed again while it works. */
export function Button({ onPress, children, ...rest }) {
  const [isBusy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    await onPress();
    setBusy(false);
  };
  return html`<button type="button" ...${rest} disabled=${isBusy || rest.disabled} onClick=${press}>${children}</button>`;
}

/** Shows the component again every second while the clock runs. */
export function useSeconds() {
  const [, again] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => live.clock?.isRunning !== false && again(), 1000);
    return () => clearInterval(timer);
  }, []);
  return now();
}

/** Puts a text where it can be pasted. */
export const copy = (text) => doing('Copied', () => navigator.clipboard.writeText(text));

/** On a narrow screen the way back to the list. */
export const Back = ({ view }) => html`<p class="back"><a href=${`#/${view}`}>Back to the list</a></p>`;

/** Points at which jobs can be held, as the server writes them. */
export const POINTS = [
  ['before anything', 'pending'],
  ['after its first update', { 'after-updates': 1 }],
  ['at a quarter', { 'at-percent': 25 }],
  ['half-way', { 'at-percent': 50 }],
  ['at three quarters', { 'at-percent': 75 }],
  ['before it is done', 'before-done'],
];

export const pointName = (point) =>
  POINTS.find(([, value]) => JSON.stringify(value) === JSON.stringify(point))?.[0] ??
  (typeof point === 'string' ? point : Object.entries(point).flat().join(' '));
