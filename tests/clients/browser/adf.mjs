// The requests of ADF's login, document list, upload and zip dialog, one by one, as adf-core sends them: by
// XMLHttpRequest with credentials, a CSRF header, and a ticket without a user name.

const host = new URLSearchParams(location.search).get('host');
const CORE = `${host}/alfresco/api/-default-/public/alfresco/versions/1`;
const AUTHENTICATION = `${host}/alfresco/api/-default-/public/authentication/versions/1`;
const INFO = 'path,properties,allowableOperations,permissions';

let ticket;

function send(method, url, query, body) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, query ? `${url}?${new URLSearchParams(query)}` : url);
    request.withCredentials = true;
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Authorization', `Basic ${btoa(ticket)}`);
    request.setRequestHeader('X-CSRF-TOKEN', crypto.randomUUID());
    if (!(body instanceof FormData)) request.setRequestHeader('Content-Type', 'application/json');
    request.onerror = () => reject(new Error('the request failed'));
    request.onload = () => {
      const [status, text] = [request.status, request.responseText];
      if (status >= 400) reject(new Error(text));
      else resolve({ status, ...(text && JSON.parse(text)) });
    };
    request.send(body && !(body instanceof FormData) ? JSON.stringify(body) : body);
  });
}

window.adf = {
  async login(user) {
    const answer = await send('POST', `${AUTHENTICATION}/tickets`, undefined, { userId: user, password: user });
    ticket = answer.entry.id;
    return answer;
  },
  logout: () => send('DELETE', `${AUTHENTICATION}/tickets/-me-`),
  person: () => send('GET', `${CORE}/people/-me-`),
  discovery: () => send('GET', `${host}/alfresco/api/discovery`),
  openFolder: (id) =>
    Promise.all([
      send('GET', `${CORE}/nodes/${id}`, { include: INFO }),
      send('GET', `${CORE}/nodes/${id}/children`, {
        include: `${INFO},aspectNames`,
        includeSource: true,
        maxItems: 25,
        orderBy: 'isFolder desc,name asc',
      }),
    ]),
  createFolder: (parent, name) =>
    send('POST', `${CORE}/nodes/${parent}/children`, undefined, {
      name,
      nodeType: 'cm:folder',
      properties: { 'cm:title': name, 'cm:description': '' },
    }),
  upload(parent, name, text) {
    const form = new FormData();
    form.append('filedata', new File([text], name));
    form.append('relativePath', '');
    form.append('include', 'allowableOperations');
    form.append('renditions', 'doclib');
    form.append('autoRename', 'true');
    form.append('nodeType', 'cm:content');
    form.append('comment', 'undefined');
    return send('POST', `${CORE}/nodes/${parent}/children`, { autoRename: true, include: 'allowableOperations' }, form);
  },
  createDownload: (nodeIds) => send('POST', `${CORE}/downloads`, undefined, { nodeIds }),
  downloadNode: (id) => send('GET', `${CORE}/nodes/${id}`, { include: INFO }),
  getDownload: (id) => send('GET', `${CORE}/downloads/${id}`),
  cancelDownload: (id) => send('DELETE', `${CORE}/downloads/${id}`),
  deleteNode: (id) => send('DELETE', `${CORE}/nodes/${id}`),
  restoreNode: (id) => send('POST', `${CORE}/deleted-nodes/${id}/restore`),
  click(id, name) {
    const link = document.createElement('a');
    Object.assign(link, { href: `${CORE}/nodes/${id}/content?attachment=true&alf_ticket=${ticket}`, download: name });
    document.body.append(link);
    link.click();
  },
};
