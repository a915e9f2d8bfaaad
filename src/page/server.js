// Requests: to control, and to the API as its clients send them.

/** What a server has refused. */
export class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

// Kept in memory alone: whoever closes the page has to state it again.
let token;
export const setToken = (stated) => (token = stated);

/** The network that this page shows. */
export const network = () => new URLSearchParams(location.search).get('network') || '-default-';

const authorized = () => (token ? { Authorization: `Bearer ${token}` } : {});

export const controlUrl = (path) => `/__admin${path}${path.includes('?') ? '&' : '?'}network=${encodeURIComponent(network())}`;

/** A call of control; its JSON, if it answers with any. */
export async function control(method, path, body) {
  const response = await fetch(controlUrl(path), {
    method,
    headers: { ...authorized(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'omit',
  });
  const type = response.headers.get('content-type') ?? '';
  const json = type.includes('json') ? await response.json() : undefined;
  if (!response.ok) throw new Refusal(response.status, [json?.detail ?? response.status, ...(json?.errors ?? [])].join('; '));
  return json;
}

/** The stream of events from behind `last` on; a response whose body goes on. */
export const events = (last, signal) =>
  fetch(controlUrl('/events'), {
    headers: { ...authorized(), ...(last ? { 'Last-Event-ID': last } : {}) },
    credentials: 'omit',
    signal,
  });

// The API, as somebody.

const base = (part) => `/alfresco/api/${encodeURIComponent(network())}/public/${part}/versions/1`;

/** As whom the page asks. */
export const session = { user: 'admin', password: 'admin', ticket: undefined };

export function logInAs(user, password) {
  Object.assign(session, { user, password, ticket: undefined });
}

async function send(method, url, { body, headers, told, isBytes }) {
  const exchange = { method, url, status: undefined, text: '', millis: 0 };
  const began = performance.now();
  told?.(exchange);
  try {
    const response = await fetch(url, { method, body, headers: { ...headers, 'X-Mock-Page': '1' }, credentials: 'omit' });
    const type = response.headers.get('content-type') ?? '';
    const answer = type.includes('json') && !(isBytes && response.ok) ? await response.text() : await response.blob();
    Object.assign(exchange, { status: response.status, text: typeof answer === 'string' ? answer : `${answer.size} bytes of ${type || 'nothing'}` });
    const name = /filename\*=UTF-8''([^;]+)/i.exec(response.headers.get('content-disposition') ?? '');
    return { response, answer, name: name && decodeURIComponent(name[1]) };
  } catch (error) {
    exchange.text = `no answer: ${error.message}`;
    throw new Refusal(0, exchange.text);
  } finally {
    exchange.millis = performance.now() - began;
    told?.(exchange);
  }
}

function refused({ response, answer }) {
  let text = `${response.status}`;
  try {
    text = JSON.parse(answer).error.briefSummary.replace(/^\d{8} /, '');
  } catch {
    // A bare status.
  }
  return new Refusal(response.status, text);
}

async function logIn(told) {
  const body = JSON.stringify({ userId: session.user, password: session.password });
  const url = `${base('authentication')}/tickets`;
  const sent = await send('POST', url, { body, headers: { 'Content-Type': 'application/json' }, told });
  if (!sent.response.ok) throw refused(sent);
  session.ticket = JSON.parse(sent.answer).entry.id;
}

/**
 * A request for the API: its JSON, or its bytes when they are no JSON or not to be read as such. `told` hears of each
 * exchange when it begins and when it ends.
 */
export async function ask(method, path, { json, form, told, range, isBytes } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    if (!session.ticket) await logIn(told);
    const headers = { Authorization: `Basic ${btoa(session.ticket)}` };
    if (json) headers['Content-Type'] = 'application/json';
    if (range) headers.Range = range;
    const sent = await send(method, base('alfresco') + path, { body: json ? JSON.stringify(json) : form, headers, told, isBytes });
    // The ticket may have gone with a reset.
    if (sent.response.status === 401 && attempt === 0) {
      session.ticket = undefined;
      continue;
    }
    if (!sent.response.ok) throw refused(sent);
    return typeof sent.answer === 'string' && sent.answer ? JSON.parse(sent.answer) : sent;
  }
}

/** Hands bytes to the browser as a file. */
export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** Lets the browser fetch a content by itself, which takes no memory here, as ADF does. */
export async function fetchByLink(id, name) {
  if (!session.ticket) await logIn();
  const link = document.createElement('a');
  link.href = `${base('alfresco')}/nodes/${id}/content?attachment=true&alf_ticket=${encodeURIComponent(session.ticket)}`;
  link.download = name;
  link.click();
}
