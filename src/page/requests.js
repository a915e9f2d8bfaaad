// The journal: what was asked and answered, and why it was refused.

import { html, useEffect, useState } from './vendor/preact.js';
import { control } from './server.js';
import { useLive } from './live.js';
import { List } from './list.js';
import { Back, Button, copy, doing } from './parts.js';
import { bytes, curl, date, instant, pretty, span, time } from './text.js';

const CORE = /^\/alfresco\/api\/[^/]+\/public\/alfresco\/versions\/1/;

const Status = ({ entry }) => html`<span class="status s${String(entry.status ?? 0)[0]}">${entry.status ?? (entry.durationMs === undefined ? '…' : 'none')}</span>`;

const Row = (entry) => html`
  <span class="line"><strong>${entry.operation ?? entry.method}</strong> <${Status} entry=${entry} /></span>
  <span class="line faint"><span>${time(instant(entry.time))} ${entry.user ?? ''} ${entry.method} ${entry.path.replace(CORE, '')}</span>
    <span>${entry.durationMs === undefined ? '' : span(entry.durationMs)}</span></span>`;

function Headers({ message }) {
  return html`<table class="headers"><tbody>${message.headers.map(({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}

function Message({ title, message }) {
  if (!message) return html`<h3>${title}</h3><p class="faint">Nothing is kept of it.</p>`;
  const { body, bodyBytes, isBodyWhole } = message;
  return html`<h3>${title}</h3><${Headers} message=${message} />
    ${body !== undefined && html`<pre tabindex="0" aria-label=${`Body of the ${title.toLowerCase()}`}>${pretty(body)}</pre>`}
    ${bodyBytes > 0 && body === undefined && html`<p class="faint">${bytes(bodyBytes)} that are not shown.</p>`}
    ${body !== undefined && !isBodyWhole && html`<p class="faint">The beginning of ${bytes(bodyBytes)}.</p>`}`;
}

const REASONS = { check: 'Refused', fault: 'Fault', outage: 'Outage' };

function Detail({ entry }) {
  const [exchange, setExchange] = useState(undefined);
  const isOver = entry.durationMs !== undefined;
  useEffect(() => {
    let isGone = false;
    control('GET', `/journal/${entry.number}`).then((found) => isGone || setExchange(found), () => {});
    return () => (isGone = true);
  }, [entry.number, isOver]);
  const { decision } = entry;
  return html`<article aria-labelledby="what">
    <h2 id="what">${entry.operation ?? `${entry.method} request`}</h2>
    <p class="address"><code>${entry.method} ${entry.path}</code></p>
    <p><${Status} entry=${entry} /> <span class="faint">${isOver ? `${span(entry.durationMs)}, ${bytes(entry.bytes)}${entry.isComplete ? '' : ', not whole'}` : 'under way'}</span></p>
    ${decision && html`<p class="reason"><strong>${REASONS[decision.by]}: ${decision.name}</strong>${decision.text && html`<br />${decision.text}`}</p>`}
    <div class="buttons"><${Button} disabled=${!exchange} onPress=${() => copy(curl({ ...exchange, entry }))}>Copy as curl<//></div>
    <dl>
      <dt>Number</dt><dd>${entry.number}</dd>
      <dt>Came</dt><dd>${date(instant(entry.time))}</dd>
      <dt>User</dt><dd>${entry.user ?? 'nobody'}${entry.isOfPage && ', from this page'}</dd>
      ${entry.download && html`<dt>Download</dt><dd><a href=${`#/downloads/${entry.download}`}><code>${entry.download}</code></a></dd>`}
    </dl>
    ${exchange && html`<${Message} title="Request" message=${exchange.request} /><${Message} title="Answer" message=${exchange.answer} />`}
  </article>`;
}

const options = (values) => values.map((value) => html`<option key=${value} value=${value}>${value}</option>`);
const different = (requests, of) => [...new Set(requests.map(of).filter((value) => value !== undefined))].sort();

export function Requests({ item, onSelect }) {
  const { connection, requests } = useLive();
  const [filter, setFilter] = useState({ text: '', user: '', operation: '', status: '', isOwn: false });
  const set = (name) => ({ target }) => setFilter({ ...filter, [name]: target.type === 'checkbox' ? target.checked : target.value });
  const text = filter.text.toLowerCase();
  const fits = (entry) =>
    (filter.isOwn || !entry.isOfPage) &&
    (!filter.user || entry.user === filter.user) &&
    (!filter.operation || entry.operation === filter.operation) &&
    (!filter.status || String(entry.status ?? 'none').startsWith(filter.status)) &&
    (!text || `${entry.method} ${entry.path} ${entry.operation ?? ''} ${entry.decision?.text ?? ''} ${entry.decision?.name ?? ''}`.toLowerCase().includes(text));
  const rows = requests.filter(fits).reverse();
  const entry = requests.find(({ number }) => String(number) === item);
  const isFiltered = rows.length < requests.length;
  return html`<div class="split">
    <section class="master" aria-label="All requests">
      <div class="bar-of-tools" role="search">
        <input type="search" aria-label="Find requests" placeholder="Find by text" value=${filter.text} onInput=${set('text')} />
        <select aria-label="User" value=${filter.user} onChange=${set('user')}><option value="">Any user</option>${options(different(requests, (one) => one.user))}</select>
        <select aria-label="Operation" value=${filter.operation} onChange=${set('operation')}><option value="">Any operation</option>${options(different(requests, (one) => one.operation))}</select>
        <select aria-label="Status" value=${filter.status} onChange=${set('status')}><option value="">Any status</option>
          <option value="2">2xx</option><option value="3">3xx</option><option value="4">4xx</option><option value="5">5xx</option><option value="none">No answer</option></select>
        <label class="check"><input type="checkbox" checked=${filter.isOwn} onChange=${set('isOwn')} /> This page's own</label>
        <${Button} onPress=${() => doing('The journal is empty', () => control('DELETE', '/journal'))}>Clear<//>
      </div>
      <${List} label="Requests, the youngest first" rows=${rows} height=${52} keyOf=${(row) => String(row.number)} selected=${item} onSelect=${onSelect} show=${Row}
        empty=${connection !== 'live' ? '' : isFiltered ? 'None is like that.' : 'Nothing was asked yet.'} />
    </section>
    <section class="detail" aria-label="The chosen request">
      <${Back} view="requests" />
      ${entry ? html`<${Detail} key=${entry.number} entry=${entry} />`
        : html`<p class="empty">${item && connection === 'live' ? 'This request is not remembered any more.' : 'Choose a request to see its headers and bodies.'}</p>`}
    </section>
  </div>`;
}
