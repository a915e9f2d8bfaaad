// The downloads: how far each is, what its client did, and the buttons.

import { html, useEffect, useState } from './vendor/preact.js';
import { ask, control, fetchByLink } from './server.js';
import { useLive } from './live.js';
import { List } from './list.js';
import { Back, Button, POINTS, doing, pointName, useSeconds } from './parts.js';
import { bytes, date, instant, millis, percent, span, state, time } from './text.js';

const STATUSES = { PENDING: 'Pending', IN_PROGRESS: 'In progress', DONE: 'Done', CANCELLED: 'Cancelled', MAX_CONTENT_SIZE_EXCEEDED: 'Too large' };
const STATES = { deleted: 'deleted', dead: 'died', held: 'held' };

const Badge = ({ download }) => {
  const now = state(download);
  return html`<span class="badge ${download.status.toLowerCase()} ${now}">${STATUSES[download.status]}${STATES[now] ? `, ${STATES[now]}` : ''}</span>`;
};

const Row = (download) => html`
  <span class="line"><strong>${download.name}</strong> <${Badge} download=${download} /></span>
  <span class="bar" aria-hidden="true"><span class=${state(download)} style=${{ transform: `scaleX(${percent(download) / 100})` }}></span></span>
  <span class="line faint"><span>${time(instant(download.createdAt))} ${download.user}</span>
    <span>${download.totalFiles > 0 && `${download.filesAdded} of ${download.totalFiles} files, `}${percent(download)} %</span></span>`;

const Choice = ({ label, options, action, ...rest }) => {
  const [at, setAt] = useState(0);
  return html`<span class="choice"><select aria-label=${label} value=${at} onChange=${({ target }) => setAt(Number(target.value))}>
    ${options.map(([name], index) => html`<option value=${index}>${name}</option>`)}</select>
    <${Button} ...${rest} onPress=${() => action(options[at][1], options[at][0])} /></span>`;
};

const ENDS = [
  ['too large', { outcome: 'max-content-size-exceeded' }],
  ['dead', { outcome: { dies: 'before-done' } }],
  ['dead at once', { outcome: { dies: 'pending' } }],
];

function Buttons({ download }) {
  const { id, name, isHeld, isJobOver, isDeleted, status } = download;
  const path = `/downloads/${id}`;
  const press = (what, method, tail, body) => () => doing(what, () => control(method, path + tail, body));
  const asClient = (what, method, address) => () => doing(what, () => ask(method, address));
  return html`<div class="buttons" role="group" aria-label="What to do with it">
    ${!isJobOver && html`
      <${Button} disabled=${!isHeld} onPress=${press('Stepped on by an update', 'POST', '/step', { by: 'update' })}>Step: update<//>
      <${Button} disabled=${!isHeld} onPress=${press('Stepped on by a file', 'POST', '/step', { by: 'file' })}>Step: file<//>
      <${Button} disabled=${!isHeld && download.gate === undefined} onPress=${press('Released', 'DELETE', '/gate')}>Release<//>
      <${Choice} label="Where to hold it" options=${POINTS} action=${(at, name) => press(`It is held ${name}`, 'PUT', '/gate', { at })()} children="Hold" />
      <${Choice} label="How to end it" options=${ENDS} children="End as"
        action=${(body, name) => doing(`It ends as ${name}`, async () => {
          await control('PUT', `${path}/outcome`, body);
          await control('DELETE', `${path}/gate`);
        })} />`}
    ${!isDeleted && html`
      <${Button} disabled=${isJobOver} onPress=${asClient('A cancel was asked for', 'DELETE', path)}>Cancel<//>
      <${Button} disabled=${status !== 'DONE'} onPress=${() => doing('', () => fetchByLink(id, name))}>Fetch<//>
      <${Button} class="danger" onPress=${asClient('Deleted', 'DELETE', `/nodes/${id}`)}>Delete<//>`}
  </div>`;
}

/** How full the two counters are. */
const Counters = ({ download: { filesAdded, totalFiles, bytesAdded, totalBytes } }) => html`
  <div class="counters">
    <label>Bytes <progress max=${totalBytes || 1} value=${bytesAdded}></progress> <span>${bytes(bytesAdded)} of ${bytes(totalBytes)}</span></label>
    <label>Files <progress max=${totalFiles || 1} value=${filesAdded}></progress> <span>${filesAdded} of ${totalFiles}</span></label>
  </div>`;

function Expiry({ download, settings }) {
  const now = useSeconds();
  if (download.isDeleted || !settings) return html`<dd>–</dd>`;
  const due = instant(download.modifiedAt) + millis(settings.downloadCleanerMaxAge);
  return html`<dd>${date(due)}${due > now && html`, in ${span(due - now)}`}</dd>`;
}

/** What is asked for anew when what it depends on has changed; not more often than a few times a second. */
function useAsked(path, ...dependencies) {
  const [answer, setAnswer] = useState(undefined);
  useEffect(() => {
    let isGone = false;
    const timer = setTimeout(async () => {
      const found = await control('GET', path).catch(() => undefined);
      if (!isGone) setAnswer(found);
    }, answer === undefined ? 0 : 250);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [path, ...dependencies]);
  return answer;
}

function Entries({ download }) {
  const zip = useAsked(`/downloads/${download.id}/entries?limit=500`, download.status, download.isDeleted);
  if (!zip) return html`<p class="faint">There is no zip${download.isDeleted ? ' any more' : download.status === 'DONE' ? '' : ' yet'}.</p>`;
  return html`<p>${zip.count} ${zip.count === 1 ? 'entry' : 'entries'}, ${bytes(zip.bytes)} in all.</p>
    <div class="wide" tabindex="0" role="region" aria-label="Entries of the zip"><table><thead><tr><th scope="col">Name</th><th scope="col">Bytes</th><th scope="col">Deflated</th></tr></thead>
    <tbody>${zip.entries.map((entry) => html`<tr><td>${entry.name}</td><td>${entry.isFolder ? '' : bytes(entry.bytes)}</td><td>${entry.isFolder ? '' : bytes(entry.deflatedBytes)}</td></tr>`)}</tbody></table></div>
    ${zip.count > zip.entries.length && html`<p class="faint">The first ${zip.entries.length} are shown.</p>`}`;
}

function Report({ download }) {
  const report = useAsked(`/downloads/${download.id}/report`, download.polls, download.status, download.isFetched, download.isDeleted);
  if (!report) return null;
  const facts = [
    ['Polls', report.polls],
    ['Shortest time between two', report.shortestIntervalMs === undefined ? '–' : span(report.shortestIntervalMs)],
    ['Polls after the end was seen', report.pollsAfterFinal],
    ['Cancels', report.cancels],
    ['Requests for the content', report.contentRequests],
    ['Fetched whole', report.fetchedAt ? time(instant(report.fetchedAt)) : 'no'],
    ['Deleted', report.deletedAt ? `${time(instant(report.deletedAt))}, by the ${report.deletedBy}` : 'no'],
  ];
  return html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** As many requests as fit: a client that polls for an hour has thousands. */
const TIMELINE = 100;

function Timeline({ download, requests }) {
  const all = requests.filter((entry) => entry.download === download.id);
  if (all.length === 0) return html`<p class="faint">None that the journal remembers.</p>`;
  const began = instant(all[0].time);
  return html`<ol class="timeline">${all.slice(-TIMELINE).map((entry) => html`<li key=${entry.number}>
      <span class="faint">+${span(instant(entry.time) - began)}</span>
      <a href=${`#/requests/${entry.number}`}>${entry.operation ?? entry.method}</a>
      <span class="status s${String(entry.status ?? 0)[0]}">${entry.status ?? '…'}</span>
      ${entry.isOfPage && html` <span class="faint">by this page</span>`}</li>`)}</ol>
    ${all.length > TIMELINE && html`<p class="faint">The last ${TIMELINE} of ${all.length}.</p>`}`;
}

function Detail({ download, requests, settings }) {
  return html`<article aria-labelledby="name">
    <h2 id="name">${download.name}</h2>
    <p><${Badge} download=${download} />${download.gate !== undefined && html` <span class="faint">Gate: ${pointName(download.gate)}</span>`}</p>
    <${Counters} download=${download} />
    <${Buttons} download=${download} />
    <dl>
      <dt>Id</dt><dd><code>${download.id}</code></dd>
      <dt>Asked for by</dt><dd>${download.user}, ${date(instant(download.createdAt))}</dd>
      <dt>Expires</dt><${Expiry} download=${download} settings=${settings} />
      <dt>Nodes</dt><dd><ul class="nodes">${download.nodeIds.map((id) => html`<li><a href=${`#/files/${id}`}><code>${id}</code></a></li>`)}</ul></dd>
    </dl>
    <h3>Zip</h3><${Entries} download=${download} />
    <h3>Requests</h3><${Timeline} download=${download} requests=${requests} />
    <h3>Report</h3><${Report} download=${download} />
  </article>`;
}

export function Downloads({ item, onSelect }) {
  const { connection, downloads, requests, settings } = useLive();
  const [sought, setSought] = useState('');
  const words = sought.toLowerCase();
  const rows = [...downloads.values()].reverse().filter((download) =>
    `${download.name} ${download.user} ${download.status} ${download.id} ${state(download)}`.toLowerCase().includes(words));
  const download = downloads.get(item);
  return html`<div class="split">
    <section class="master" aria-label="All downloads">
      <div class="bar-of-tools" role="search"><input type="search" aria-label="Find downloads" placeholder="Find by name, user, status" value=${sought} onInput=${({ target }) => setSought(target.value)} /></div>
      <${List} label="Downloads, the youngest first" rows=${rows} height=${68} keyOf=${(row) => row.id} selected=${item} onSelect=${onSelect} show=${Row}
        empty=${connection !== 'live' ? '' : sought ? 'None is like that.' : 'No downloads yet. Let your application ask for one, or pick some files here.'} />
    </section>
    <section class="detail" aria-label="The chosen download">
      <${Back} view="downloads" />
      ${download ? html`<${Detail} key=${download.id} download=${download} requests=${requests} settings=${settings} />`
        : html`<p class="empty">${item && connection === 'live' ? 'There is no such download any more.' : 'Choose a download to see what its client did, and to hold, step and end it.'}</p>`}
    </section>
  </div>`;
}
