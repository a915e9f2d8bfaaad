// The page around the views: where one is, which network it shows, and whether it is up to date.

import { html, render, useEffect, useState } from './vendor/preact.js';
import { control, network, setToken } from './server.js';
import { connect, useLive } from './live.js';
import { Downloads } from './downloads.js';
import { Files } from './files.js';
import { Requests } from './requests.js';
import { Controls } from './controls.js';
import { Said, go, place } from './parts.js';

const VIEWS = { downloads: Downloads, files: Files, requests: Requests, controls: Controls };
const TITLES = { downloads: 'Downloads', files: 'Files', requests: 'Requests', controls: 'Controls' };

const CONNECTIONS = {
  connecting: 'Connecting …',
  live: 'Live',
  lost: 'Connection lost, trying again …',
};

function NetworkChoice() {
  const [names, setNames] = useState([network()]);
  const [isNew, setNew] = useState(false);
  const look = () => control('GET', '/networks').then((all) => setNames(all.map((one) => one.name ?? one)), () => {});
  useEffect(() => void look(), []);
  const choose = (name) => {
    setNew(false);
    if (!name || name === network()) return;
    history.pushState(null, '', `?network=${encodeURIComponent(name)}${location.hash.split('/').slice(0, 2).join('/')}`);
    dispatchEvent(new PopStateEvent('popstate'));
  };
  if (isNew) {
    return html`<form class="network" onSubmit=${(event) => (event.preventDefault(), choose(event.target.elements.name.value.trim()))}>
      <label>New network <input name="name" required pattern="[A-Za-z0-9._\\-]+" maxlength="128" autofocus /></label>
      <button>Open</button> <button type="button" onClick=${() => setNew(false)}>Cancel</button>
    </form>`;
  }
  const all = [...new Set([network(), ...names])].sort();
  return html`<div class="network"><label>Network
    <select onFocus=${look} onChange=${({ target }) => (target.value ? choose(target.value) : setNew(true))}>
      ${all.map((name) => html`<option value=${name} selected=${name === network()}>${name}</option>`)}
      <option value="">New …</option>
    </select></label></div>`;
}

function TokenForm() {
  const submit = (event) => {
    event.preventDefault();
    setToken(event.target.elements.token.value);
    connect();
  };
  return html`<main class="notice"><h1>A token is needed</h1>
    <p>This server was started with <code>--admin-token</code>. The token stays in this window's memory.</p>
    <form onSubmit=${submit}><label>Token <input name="token" type="password" autocomplete="off" required autofocus /></label> <button>Go on</button></form>
  </main>`;
}

function Off({ problem }) {
  return html`<main class="notice"><h1>There is nothing to show here</h1>
    ${problem
      ? html`<p>Control refuses: ${problem}.</p>`
      : html`<p>This page shows what <code>/__admin</code> tells, and that is not here: it is off (<code>--admin off</code>), or
        on a port of its own (<code>--admin-port</code>), where this page is too.</p>`}
  </main>`;
}

function App() {
  const { connection, problem, downloads, requests } = useLive();
  const [, again] = useState(0);
  const [shown, setShown] = useState(network());
  useEffect(() => {
    const moved = () => {
      setShown((before) => {
        if (before !== network()) connect();
        return network();
      });
      again((count) => count + 1);
    };
    addEventListener('hashchange', moved);
    addEventListener('popstate', moved);
    return () => (removeEventListener('hashchange', moved), removeEventListener('popstate', moved));
  }, []);
  const at = place();
  useEffect(() => {
    document.title = `${TITLES[at.view]} – ${network()} – alfresco-downloads-mock`;
  }, [at.view, shown]);
  if (connection === 'token') return html`<${TokenForm} />`;
  if (connection === 'off' || connection === 'refused') return html`<${Off} problem=${problem} />`;
  const View = VIEWS[at.view];
  const counts = { downloads: downloads.size, requests: requests.length };
  const skip = (event) => {
    event.preventDefault();
    const main = document.querySelector('main');
    main.tabIndex = -1;
    main.focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>To the content</a>
    <header>
      <p class="brand"><img src="/__page/icon.svg" alt="" width="20" height="20" /> <span>downloads mock</span></p>
      <nav aria-label="Views"><ul>
        ${Object.keys(VIEWS).map((view) => html`<li key=${view}><a href=${`#/${view}`} aria-current=${view === at.view ? 'page' : undefined}>
          ${TITLES[view]}${counts[view] > 0 && html` <span class="count">${counts[view]}</span>`}</a></li>`)}
      </ul></nav>
      <${NetworkChoice} key=${shown} />
      <p class="connection ${connection}" role="status">${CONNECTIONS[connection]}</p>
    </header>
    <main id="main" key=${shown} class=${at.item ? 'has-item' : ''}>
      <h1>${TITLES[at.view]}</h1>
      <${View} item=${at.item} onSelect=${(item) => go(at.view, item)} />
    </main>
    <${Said} />
  `;
}

connect();
render(html`<${App} />`, document.getElementById('app'));
