// A plain application: logs in, uploads into a folder, zips what is ticked, and fetches the zip by a link, as ADF does.
// `host` in the page's address says where the server is.

import { AlfrescoApi, AuthenticationApi, ContentApi, DownloadsApi, NodesApi, PeopleApi, UploadApi } from 'js-api';

const host = new URLSearchParams(location.search).get('host');
const client = new AlfrescoApi({ hostEcm: host, provider: 'ECM' });
const nodes = new NodesApi(client);
const downloads = new DownloadsApi(client);
const find = (selector) => document.querySelector(selector);
const say = (text) => (find('[role=status]').textContent = text);

let folder;
let download;

/** Shows what went wrong: the server's own words. */
function complaining(action) {
  return async (event) => {
    event.preventDefault();
    try {
      await action();
    } catch (reason) {
      const { statusCode, briefSummary } = JSON.parse(reason.message).error;
      say(`${statusCode} ${briefSummary.replace(/^\d{8} /, '')}`);
    }
  };
}

find('#login').onsubmit = complaining(async () => {
  const { user, password } = find('#login').elements;
  // What client.login calls; that one leaves a second promise behind, which nobody can catch.
  await client.contentAuth.login(user.value, password.value);
  client.setTicket(client.contentAuth.getTicket());
  folder = (await nodes.createFolder(`Ünterlagen ${crypto.randomUUID()}`, undefined, '-my-')).entry;
  find('h1').textContent = folder.name;
  find('section').hidden = false;
  say(`Hello ${user.value}`);
});

find('#files').onchange = complaining(async () => {
  for (const file of find('#files').files) {
    await new UploadApi(client).uploadFile(file, '', folder.id, undefined, { autoRename: true });
  }
  await list();
});

async function list() {
  const { list } = await nodes.listNodeChildren(folder.id, {
    include: ['path', 'properties', 'allowableOperations', 'permissions', 'aspectNames'],
    includeSource: true,
    maxItems: 25,
    orderBy: ['isFolder desc', 'name asc'],
  });
  find('ul').replaceChildren(...list.entries.map(({ entry }) => {
    const [item, label, box] = ['li', 'label', 'input'].map((name) => document.createElement(name));
    Object.assign(box, { type: 'checkbox', value: entry.id });
    label.append(box, entry.name);
    item.append(label);
    return item;
  }));
  say(`${list.pagination.totalItems} files in ${list.source.name}`);
}

find('#download').onclick = complaining(async () => {
  const ticked = [...document.querySelectorAll('ul input:checked')].map((box) => box.value);
  download = (await downloads.createDownload({ nodeIds: ticked.length ? ticked : [folder.id] })).entry;
  const url = new ContentApi(client).getContentUrl(download.id, true);
  const { entry: node } = await nodes.getNode(download.id, { include: ['path', 'properties', 'allowableOperations', 'permissions'] });
  for (;;) {
    const { entry } = await downloads.getDownload(download.id);
    say(`${node.name} ${entry.status}`);
    if (entry.status === 'DONE') break;
    if (entry.status !== 'PENDING' && entry.status !== 'IN_PROGRESS') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: node.name });
  document.body.append(link);
  link.click();
});

find('#cancel').onclick = complaining(() => downloads.cancelDownload(download.id));

find('#clean').onclick = complaining(async () => {
  await nodes.deleteNode(download.id);
  await nodes.deleteNode(folder.id, { permanent: true });
  await client.logout();
  find('section').hidden = true;
  say('Goodbye');
});

// For what the tests ask beside the page's own controls.
Object.assign(window, {
  nodes,
  /** Begins to upload that many bytes, and stops when the first of them are on their way. */
  uploadAborted: (size) =>
    new Promise((resolve) => {
      const upload = new UploadApi(client).uploadFile(new File([new Uint8Array(size)], 'aborted.bin'), '', folder.id);
      upload.catch(() => {});
      upload.on('progress', ({ percent }) => {
        upload.abort();
        resolve(percent);
      });
    }),
  list,
  person: () => new PeopleApi(client).getPerson('-me-'),
  ticket: () => new AuthenticationApi(client).validateTicket(),
  contentUrl: () => new ContentApi(client).getContentUrl(download.id, true),
  statusOf: (promise) => promise.then(() => 200, (reason) => reason.status),
});
