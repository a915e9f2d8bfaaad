// A long list of which only what is seen exists.

import { html, useEffect, useLayoutEffect, useRef, useState } from './vendor/preact.js';

/** Rows beyond the edges, so that a quick scroll does not show a gap. */
const BEYOND = 6;

/**
 * A list box. `rows` are shown by `show`, each `height` pixels high; `keyOf` tells them apart; `selected` is the key of
 * one of them.
 */
export function List({ label, rows, height, keyOf, selected, onSelect, show, empty }) {
  const box = useRef();
  const [top, setTop] = useState(0);
  const [room, setRoom] = useState(800);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setRoom(contentRect.height));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  // New rows come in above: whoever reads further down goes on reading what he reads.
  const first = useRef();
  useLayoutEffect(() => {
    const before = first.current;
    first.current = rows.length ? keyOf(rows[0]) : undefined;
    if (before === undefined || before === first.current || box.current.scrollTop === 0) return;
    const added = rows.findIndex((row) => keyOf(row) === before);
    if (added > 0) box.current.scrollTop += added * height;
  });

  const at = rows.findIndex((row) => keyOf(row) === selected);
  const choose = (index) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    const place = rows.indexOf(row) * height;
    if (place < box.current.scrollTop) box.current.scrollTop = place;
    if (place + height > box.current.scrollTop + room) box.current.scrollTop = place + height - room;
    onSelect(keyOf(row));
  };
  const page = Math.max(1, Math.floor(room / height) - 1);
  const moves = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 };
  const onKeyDown = (event) => {
    if (!(event.key in moves) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(moves[event.key]);
  };

  const begin = Math.max(0, Math.floor(top / height) - BEYOND);
  const seen = rows.slice(begin, Math.ceil((top + room) / height) + BEYOND);
  const isSeen = at >= begin && at < begin + seen.length;
  return html`
    <div class="list" role="listbox" tabindex="0" aria-label=${label} ref=${box} onScroll=${({ currentTarget }) => setTop(currentTarget.scrollTop)}
      onKeyDown=${onKeyDown} aria-activedescendant=${isSeen ? `row-${selected}` : undefined}>
      <div role="presentation" class="rows" style=${{ height: `${rows.length * height}px` }}>
        ${seen.map((row, index) => {
          const key = keyOf(row);
          return html`<div key=${key} id=${`row-${key}`} role="option" class="row" aria-selected=${key === selected ? 'true' : 'false'}
            aria-posinset=${begin + index + 1} aria-setsize=${rows.length} onClick=${() => onSelect(key)}
            style=${{ height: `${height}px`, transform: `translateY(${(begin + index) * height}px)` }}>${show(row)}</div>`;
        })}
      </div>
    </div>
    ${rows.length === 0 && html`<p class="empty">${empty}</p>`}
  `;
}
