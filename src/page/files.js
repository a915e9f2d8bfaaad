// The tree of nodes, as somebody sees it, and what a client does to get some of them as a zip.

import { html, useEffect, useState } from './vendor/preact.js';
import { ask, logInAs, save, session } from './server.js';
import { useLive } from './live.js';
import { Button, doing, go, say } from './parts.js';
import { bytes, date, instant, pretty, span } from './text.js';

/** How many children are asked for at once. */
const PAGE = 100;

/** How much of a file is shown. */
const SHOWN = 64 * 1024;

const LIST = `include=path&maxItems=${PAGE}&orderBy=isFolder%20desc,name%20asc`;

const CHANGES = new Set(['createNode', 'updateNode', 'updateNodeContent', 'deleteNode', 'copyNode', 'moveNode', 'restoreDeletedNode']);

function Who({ onChange }) {
  const [user, setUser] = useState(session.user);
  const submit = (event) => {
    event.preventDefault();
    const { name, password } = event.target.elements;
    logInAs(name.value, password.value);
    setUser(name.value);
    onChange();
  };
  return html`<details class="who"><summary>As ${user}</summary><form class="fields" onSubmit=${submit}>
    <label>User <input name="name" value=${user} required autocomplete="off" /></label>
    <label>Password <input name="password" type="password" autocomplete="off" required /></label>
    <button>Log in</button></form></details>`;
}

function File({ node, onClose }) {
  const [shown, setShown] = useState(undefined);
  const { mimeType = '', sizeInBytes = 0 } = node.content ?? {};
  useEffect(() => {
    let url;
    doing('', async () => {
      const isImage = mimeType.startsWith('image/') && sizeInBytes < 10e6;
      const isText = /^text\/|json|xml|javascript/.test(mimeType);
      if (sizeInBytes === 0) return setShown({ text: '' });
      if (!isImage && !isText) return setShown({});
      const range = isText && sizeInBytes > SHOWN ? `bytes=0-${SHOWN - 1}` : undefined;
      const { answer } = await ask('GET', `/nodes/${node.id}/content`, { isBytes: true, range });
      if (isText) return setShown({ text: await answer.text() });
      url = URL.createObjectURL(answer);
      return setShown({ url });
    });
    return () => url && URL.revokeObjectURL(url);
  }, [node.id]);
  const fetchIt = () => doing('', async () => {
    const { answer } = await ask('GET', `/nodes/${node.id}/content`, { isBytes: true });
    save(answer, node.name);
  });
  return html`<article aria-labelledby="file"><h2 id="file">${node.name}</h2>
    <p class="faint">${mimeType}, ${bytes(sizeInBytes)}, changed ${date(instant(node.modifiedAt))} by ${node.modifiedByUser.displayName}</p>
    <p><code>${node.id}</code></p>
    <div class="buttons">${sizeInBytes < 100e6 && html`<${Button} onPress=${fetchIt}>Save<//>`}<${Button} onPress=${onClose}>Close<//></div>
    ${shown?.url && html`<img class="preview" src=${shown.url} alt=${`The picture ${node.name}`} />`}
    ${shown?.text !== undefined && html`<pre tabindex="0" aria-label=${`The text of ${node.name}`}>${pretty(shown.text) || 'It is empty.'}</pre>`}
    ${shown && shown.url === undefined && shown.text === undefined && html`<p class="faint">It is not text, so it is not shown.</p>`}
  </article>`;
}

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** What a client does: asks for the zip, polls, fetches it and tidies up. `told` hears of each exchange. */
async function zipped(nodeIds, told, signal) {
  const { entry } = await ask('POST', '/downloads', { json: { nodeIds }, told });
  let download = entry;
  while (['PENDING', 'IN_PROGRESS'].includes(download.status)) {
    if (signal.aborted) {
      await ask('DELETE', `/downloads/${entry.id}`, { told });
      throw new Error('You have cancelled it');
    }
    await pause(500);
    ({ entry: download } = await ask('GET', `/downloads/${entry.id}`, { told }));
  }
  if (download.status !== 'DONE') throw new Error(`The download ended as ${download.status}`);
  const { answer, name } = await ask('GET', `/nodes/${entry.id}/content`, { told, isBytes: true });
  save(answer, name ?? 'archive.zip');
  await ask('DELETE', `/nodes/${entry.id}`, { told });
}

function Exchanges({ exchanges, isRunning, onCancel, onClose }) {
  return html`<article aria-labelledby="exchanges"><h2 id="exchanges">Download as zip</h2>
    <p class="faint">What a client sends, and what it is answered.</p>
    <div class="buttons">${isRunning ? html`<${Button} key="cancel" onPress=${onCancel}>Cancel<//>` : html`<${Button} key="close" onPress=${onClose}>Close<//>`}</div>
    <ol class="exchanges" aria-label="Requests and answers">${exchanges.map(({ method, url, status, text, millis, times }) => html`<li>
      <p><code>${method} ${url.replace(/^.*\/versions\/1/, '')}</code> <span class="status s${String(status ?? 0)[0]}">${status ?? '…'}</span>
        <span class="faint"> ${status !== undefined && span(millis)}${times > 1 ? `, ${times} times, the last one:` : ''}</span></p>
      ${text && html`<details><summary>Answer</summary><pre tabindex="0">${pretty(text.slice(0, 4000))}</pre></details>`}</li>`)}</ol>
  </article>`;
}

export function Files({ item, onSelect }) {
  const { requests } = useLive();
  const [folder, setFolder] = useState(undefined);
  const [problem, setProblem] = useState('');
  const [picked, setPicked] = useState(new Map());
  const [file, setFile] = useState(undefined);
  const [zip, setZip] = useState(undefined);
  const [isOver, setOver] = useState(false);
  const id = item ?? '-root-';

  async function load(more = 0) {
    try {
      const { entry: node } = await ask('GET', `/nodes/${encodeURIComponent(id)}?include=path`);
      if (!node.isFolder) {
        setFile(node);
        if (node.parentId) onSelect(node.parentId);
        return;
      }
      const { list } = await ask('GET', `/nodes/${node.id}/children?${LIST}&skipCount=${more}`);
      const children = list.entries.map(({ entry }) => entry);
      setFolder((before) => ({ node, children: more ? [...before.children, ...children] : children, total: list.pagination.totalItems, at: latest }));
      setProblem('');
    } catch (error) {
      setFolder(undefined);
      setProblem(error.message);
    }
  }
  useEffect(() => void load(), [id]);

  // Whether others have changed something is known from their requests; it is not looked up, since that would be a
  // request that nobody has asked for.
  const change = requests.findLast(({ operation, status, isOfPage }) => CHANGES.has(operation) && status < 300 && !isOfPage);
  const latest = change?.number ?? 0;

  const upload = (files) => doing('', async () => {
    for (const one of files) {
      const form = new FormData();
      form.append('filedata', one);
      form.append('autoRename', 'true');
      const { entry } = await ask('POST', `/nodes/${folder.node.id}/children`, { form });
      say(`${entry.name} is there`);
    }
    await load();
  });
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    return upload([...event.dataTransfer.files]);
  };

  async function downloadAsZip() {
    const exchanges = [];
    const controller = new AbortController();
    const show = (isRunning) => setZip({ exchanges: [...exchanges], isRunning, onCancel: () => controller.abort() });
    const told = (exchange) => {
      const last = exchanges.at(-1);
      if (last === exchange || exchanges.includes(exchange)) return show(true);
      const isSame = last?.method === exchange.method && last.url === exchange.url && last.status === 200;
      exchange.times = isSame ? last.times + 1 : 1;
      if (isSame) exchanges.pop();
      exchanges.push(exchange);
      return show(true);
    };
    show(true);
    await doing('The zip is fetched', () => zipped([...picked.keys()], told, controller.signal));
    show(false);
  }

  const toggle = (node) => {
    const next = new Map(picked);
    if (!next.delete(node.id)) next.set(node.id, node.name);
    setPicked(next);
  };
  const above = folder?.node.path?.elements ?? [];
  const hasDetail = file || zip;
  return html`<div class=${`split ${hasDetail ? 'has-detail' : ''}`}>
    <section class=${`master ${isOver ? 'over' : ''}`} aria-label="The folder" onDragOver=${(event) => (event.preventDefault(), setOver(true))} onDragLeave=${() => setOver(false)} onDrop=${drop}>
      <div class="bar-of-tools">
        <nav aria-label="Folders above"><ol class="crumbs">${above.map(({ id, name }) => html`<li key=${id}><a href=${`#/files/${id}`}>${name}</a></li>`)}
          <li aria-current="page">${folder?.node.name}</li></ol></nav>
        <${Who} onChange=${() => load()} />
      </div>
      <div class="bar-of-tools">
        <${Button} class="primary" disabled=${picked.size === 0 || zip?.isRunning} onPress=${downloadAsZip}>Download as zip${picked.size > 0 && ` (${picked.size})`}<//>
        ${picked.size > 0 && html`<${Button} onPress=${() => setPicked(new Map())}>Pick none<//>`}
        <label class="button">Upload <input type="file" multiple disabled=${!folder} onChange=${({ target }) => upload([...target.files]).then(() => (target.value = ''))} /></label>
        <${Button} onPress=${() => load()}>Reload<//>
      </div>
      ${folder && latest > folder.at && html`<p class="hint" role="status">Somebody has changed something since.</p>`}
      ${problem && html`<p class="reason" role="alert">${problem} <a href="#/files">Back to the top</a></p>`}
      <ul class="nodes-list" aria-label="Nodes">${folder?.children.map((node) => html`<li key=${node.id}>
        <input type="checkbox" aria-label=${`Pick ${node.name}`} checked=${picked.has(node.id)} onChange=${() => toggle(node)} />
        ${node.isFolder
          ? html`<a class="folder" href=${`#/files/${node.id}`}>${node.name}</a>`
          : html`<button type="button" class="link" onClick=${() => (setFile(node), setZip(zip?.isRunning ? zip : undefined))}>${node.name}</button>`}
        <span class="faint">${node.isFolder ? 'folder' : bytes(node.content?.sizeInBytes ?? 0)}</span></li>`)}</ul>
      ${folder?.children.length === 0 && html`<p class="empty">This folder is empty. Drop files here to upload them.</p>`}
      ${folder && folder.children.length < folder.total && html`<${Button} onPress=${() => load(folder.children.length)}>${folder.total - folder.children.length} more<//>`}
      <p class="faint">Files that are dropped here are uploaded into this folder.</p>
    </section>
    <section class="detail" aria-label="The file, or the download under way">
      ${zip && html`<${Exchanges} ...${zip} onClose=${() => setZip(undefined)} />`}
      ${file && html`<${File} key=${file.id} node=${file} onClose=${() => (setFile(undefined), go('files', folder?.node.id))} />`}
      ${!hasDetail && html`<p class="empty">Look at a file, or pick some and download them as a zip.</p>`}
    </section>
  </div>`;
}
