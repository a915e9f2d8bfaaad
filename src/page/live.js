// The world as it is now: loaded once, then kept up to date by the events.

import { useEffect, useReducer } from './vendor/preact.js';
import { control, events } from './server.js';
import { instant } from './text.js';

/** As many requests as are shown. */
const MOST_REQUESTS = 5000;

export const live = fresh('connecting');

function fresh(connection) {
  return {
    connection,
    problem: '',
    downloads: new Map(),
    /** Oldest first, by number. */
    requests: [],
    clock: undefined,
    settings: undefined,
    faults: [],
    outage: null,
    orders: { gates: [], outcomes: [] },
  };
}

const listeners = new Set();
let isScheduled = false;

/** Shows what has changed, no more than once a frame. */
function changed() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    for (const listener of listeners) listener();
  });
}

/** The world; the component is shown again when it changes. */
export function useLive() {
  const [, again] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    listeners.add(again);
    return () => listeners.delete(again);
  }, []);
  return live;
}

/** What the network's clock shows. */
export const now = () => (live.clock ? live.clock.shown + (live.clock.isRunning ? performance.now() - live.clock.since : 0) : Date.now());

/** Where in the requests a number is, or belongs. */
function position(number) {
  const { requests } = live;
  let [low, high] = [0, requests.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (requests[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

const apply = {
  download: (download) => live.downloads.set(download.id, download),
  request(entry) {
    const { requests } = live;
    const at = position(entry.number);
    requests.splice(at, requests[at]?.number === entry.number ? 1 : 0, entry);
    if (requests.length > MOST_REQUESTS + 500) requests.splice(0, requests.length - MOST_REQUESTS);
  },
  journal: ({ first }) => live.requests.splice(0, position(first)),
  clock: ({ now, isRunning }) => (live.clock = { shown: instant(now), isRunning, since: performance.now() }),
  settings: (settings) => (live.settings = settings),
  faults: (faults) => (live.faults = faults),
  outage: (outage) => (live.outage = outage),
  orders: (orders) => (live.orders = orders),
  async reset() {
    const [downloads, journal] = await Promise.all([control('GET', '/downloads'), control('GET', `/journal?limit=${MOST_REQUESTS}`)]);
    live.downloads = new Map(downloads.map((download) => [download.id, download]));
    live.requests = journal.entries;
  },
};

/** The events in the text of a stream, one by one: name, id, data. */
async function* parsed(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  signal.addEventListener('abort', () => reader.cancel().catch(() => {}));
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split('\n')) {
        const colon = line.indexOf(': ');
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (event.event) yield event;
    }
  }
}

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

let current;

/** Begins to follow the network that the page shows, and lets go of any other. */
export function connect() {
  current?.abort();
  current = new AbortController();
  Object.assign(live, fresh('connecting'));
  changed();
  follow(current.signal);
}

async function follow(signal) {
  let last;
  for (let wait = 250; !signal.aborted; wait = Math.min(2 * wait, 4000)) {
    try {
      const response = await events(last, signal);
      if (response.status === 401) return say('token', '');
      if (!response.ok) {
        const isJson = (response.headers.get('content-type') ?? '').includes('json');
        return isJson ? say('refused', (await response.json()).detail) : say('off', '');
      }
      for await (const { event, id, data } of parsed(response.body, signal)) {
        await apply[event]?.(JSON.parse(data));
        if (signal.aborted) return;
        last = id;
        live.connection = 'live';
        wait = 250;
        changed();
      }
    } catch (error) {
      if (signal.aborted) return;
      live.problem = error.message;
    }
    if (signal.aborted) return;
    live.connection = 'lost';
    changed();
    await pause(wait);
  }
}

function say(connection, problem) {
  Object.assign(live, { connection, problem });
  changed();
}
