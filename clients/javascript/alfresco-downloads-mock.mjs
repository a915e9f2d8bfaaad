// @ts-check
/**
 * Starts alfresco-downloads-mock, or attaches to one that runs, and controls it. Needs nothing but `fetch`; to start the
 * program, Node. Types are in JSDoc, which TypeScript and editors read.
 *
 * @module
 */

/** @typedef {'PENDING' | 'IN_PROGRESS' | 'DONE' | 'CANCELLED' | 'MAX_CONTENT_SIZE_EXCEEDED'} Status */
/**
 * A point in the course of a job.
 * @typedef {'pending' | 'before-done' | { 'before-file': number } | { 'after-updates': number } | { 'at-bytes': number } |
 *   { 'at-percent': number }} Point
 */
/**
 * Which jobs an order is for; every one when nothing is stated.
 * @typedef {{ node?: string, user?: string, nth?: number, times?: number }} JobMatch
 */
/** @typedef {'max-content-size-exceeded' | { cancelled: Point } | { dies: Point }} Outcome */
/** @typedef {{ part: 'local-header' | 'data' | 'central-directory', entry?: number, offset?: number }} InZip */
/**
 * What goes wrong with a request.
 * @typedef {'hang' | 'reset-before-head' | 'reset-after-head' | 'alfresco-stalls' |
 *   { error: { statusCode: number, errorKey?: string, text?: string } } | { status: number } |
 *   { 'cut-after': number } | { 'stall-at': number } | { 'bytes-per-second': number } | { 'content-length': number } |
 *   { 'flip-in-zip': InZip } | { 'cut-in-zip': InZip }} Effect
 */
/**
 * Where, how often, and what.
 * @typedef {{ name?: string, operation?: string, path?: string, node?: string, user?: string, nth?: number,
 *   times?: number, probability?: number, delay?: string | { from: string, to: string }, effect?: Effect }} Fault
 */
/** @typedef {{ kind: 'refuse' | 'hang' | 'reset', requests?: number, duration?: string }} Outage */
/**
 * @typedef {{ id: string, name: string, user: string, createdAt: string, status: Status, filesAdded: number,
 *   bytesAdded: number, totalFiles: number, totalBytes: number, gate?: Point, isHeld: boolean, isJobOver: boolean,
 *   polls: number, isFetched: boolean, isDeleted: boolean, modifiedAt: string, nodeIds: string[] }} Download
 */
/**
 * What is waited for: all that is stated. Without a download, any of the network will do.
 * @typedef {{ download?: string, status?: Status, isFinal?: boolean, filesAdded?: number, bytesAdded?: number,
 *   isHeld?: boolean, isJobOver?: boolean, polls?: number, isFetched?: boolean, isDeleted?: boolean, timeout?: string
 *   }} Condition
 */
/**
 * @typedef {{ id: string, polls: number, intervalsMs: number[], pollsAfterFinal: number, cancels: number,
 *   contentRequests: number, fetchedAt?: string, deletedAt?: string, deletedBy?: 'client' | 'cleaner' }} Report
 */
/**
 * @typedef {{ neverPolledAfterFinal?: boolean, deleted?: boolean, fetched?: boolean, cancelled?: boolean,
 *   minPollInterval?: string, minPolls?: number, maxPolls?: number }} Expectations
 */
/**
 * @typedef {{ downloadMaxContentSize: number | null, downloadCleanerMaxAge: string, downloadStartDelay: string,
 *   downloadPace: number | null, downloadWorkers: number, downloadArchiveCheckLimit: number | null,
 *   downloadFailLargeEntries: boolean, downloadProgress: 'alfresco' | 'smooth' }} Settings
 */
/** @typedef {{ now: string, isRunning: boolean }} Clock */
/**
 * @typedef {{ count: number, dropped: number, entries: { number: number, time: string, user?: string, method: string,
 *   path: string, operation?: string, download?: string, status?: number, durationMs?: number, bytes: number,
 *   isComplete: boolean, decision?: { by: 'check' | 'fault' | 'outage', name: string, fault?: number, text?: string }
 *   }[] }} Journal
 */
/** @typedef {{ id: number, matched: number, applied: number }} Rule */

/** A refusal: the status and the problem details of the answer. */
export class ControlError extends Error {
  /**
   * @param {number} status
   * @param {{ detail?: string, errors?: string[], current?: Download }} problem
   */
  constructor(status, problem) {
    super([problem.detail, ...(problem.errors ?? [])].join(': '));
    this.name = 'ControlError';
    this.status = status;
    this.problem = problem;
  }
}

/** A mock, seen through one of its networks. */
export class DownloadsMock {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  /** @type {string | undefined} */
  #token;

  /**
   * @param {string} url
   * @param {{ network?: string, token?: string }} [options]
   */
  constructor(url, { network = '-default-', token } = {}) {
    /** Where it listens: the `hostEcm` of js-api. */
    this.url = url.replace(/\/$/, '');
    /** The network that this is for: the `tenant` of js-api. */
    this.networkName = network;
    this.#token = token;
  }

  /**
   * Attaches to a mock that runs.
   * @param {string} url
   * @param {{ network?: string, token?: string }} [options]
   */
  static attach(url, options) {
    return new DownloadsMock(url, options);
  }

  /**
   * Starts the program on a free port, and waits until it is ready. Needs Node.
   * @param {{ binary?: string, args?: string[] }} [options]
   */
  static async start({ binary = 'alfresco-downloads-mock', args = [] } = {}) {
    const { spawn } = await import('node:child_process');
    const child = spawn(binary, ['--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    /** @type {string} */
    const url = await new Promise((resolve, reject) => {
      let said = '';
      child.on('error', reject);
      child.on('exit', (code) => reject(new Error(`${binary} ended with exit code ${code}`)));
      child.stdout.on('data', (/** @type {Buffer} */ data) => {
        const ready = / ready on (http:\/\/\S+)/.exec((said += data));
        if (ready) resolve(ready[1]);
      });
    });
    child.removeAllListeners('exit');
    const words = args.flatMap((arg) => arg.split('='));
    const at = words.indexOf('--admin-token');
    const mock = new DownloadsMock(url, { token: at < 0 ? undefined : words[at + 1] });
    mock.#process = child;
    return mock;
  }

  /** Ends a program that was started here, and waits until it has ended. */
  async stop() {
    const child = this.#process;
    if (!child || child.exitCode !== null) return;
    await new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill('SIGTERM');
    });
  }

  /** The address of the core API in this network. */
  get base() {
    return `${this.url}/alfresco/api/${this.networkName}/public/alfresco/versions/1`;
  }

  /**
   * The same mock, seen through another network, which springs up when it is first used.
   * @param {string} name
   */
  network(name) {
    return new DownloadsMock(this.url, { network: name, token: this.#token });
  }

  /**
   * A call of control. See `/__admin/openapi.json` for all there are.
   * @param {string} method
   * @param {string} path
   * @param {{ query?: object, body?: unknown }} [options]
   * @returns {Promise<any>}
   */
  async call(method, path, { query = {}, body } = {}) {
    const stated = Object.entries({ network: this.networkName, ...query }).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(stated.map(([name, value]) => [name, String(value)]));
    const isArchive = body instanceof Uint8Array;
    const response = await fetch(`${this.url}/__admin${path}?${search}`, {
      method,
      headers: {
        'Content-Type': isArchive ? 'application/zip' : 'application/json',
        ...(this.#token && { Authorization: `Bearer ${this.#token}` }),
      },
      body: isArchive ? /** @type {any} */ (body) : body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const json = text ? JSON.parse(text) : undefined;
    if (!response.ok) throw new ControlError(response.status, json ?? {});
    return json;
  }

  /**
   * Holds jobs to come at a point.
   * @param {Point} at
   * @param {JobMatch} [jobs]
   * @returns {Promise<Rule & { at: Point, jobs: JobMatch }>}
   */
  hold(at, jobs = {}) {
    return this.call('POST', '/gates', { body: { at, jobs } });
  }

  /**
   * Removes a gate, or all of them: the jobs that they hold go on.
   * @param {number} [id]
   * @returns {Promise<void>}
   */
  removeGates(id) {
    return this.call('DELETE', id === undefined ? '/gates' : `/gates/${id}`);
  }

  /**
   * Lets the job of a download run to its end.
   * @param {string} download
   * @returns {Promise<void>}
   */
  release(download) {
    return this.call('DELETE', `/downloads/${download}/gate`);
  }

  /**
   * Lets a held job go on by one update or one file.
   * @param {string} download
   * @param {'update' | 'file'} by
   * @returns {Promise<Download>}
   */
  step(download, by) {
    return this.call('POST', `/downloads/${download}/step`, { body: { by } });
  }

  /**
   * Has jobs to come end in a certain way.
   * @param {Outcome} outcome
   * @param {JobMatch} [jobs]
   * @returns {Promise<Rule & { outcome: Outcome, jobs: JobMatch }>}
   */
  order(outcome, jobs = {}) {
    return this.call('POST', '/outcomes', { body: { outcome, jobs } });
  }

  /**
   * Waits until a download is as stated.
   * @param {Condition} condition
   * @returns {Promise<Download>}
   */
  wait(condition) {
    return this.call('GET', '/wait', { query: condition });
  }

  /** @returns {Promise<Download[]>} */
  downloads() {
    return this.call('GET', '/downloads');
  }

  /**
   * What a client did with a download.
   * @param {string} download
   * @returns {Promise<Report>}
   */
  report(download) {
    return this.call('GET', `/downloads/${download}/report`);
  }

  /**
   * Throws a `ControlError` when a client did otherwise than expected.
   * @param {string} download
   * @param {Expectations} expected
   * @returns {Promise<void>}
   */
  verify(download, expected) {
    return this.call('POST', `/downloads/${download}/verify`, { body: expected });
  }

  /**
   * Adds a fault.
   * @param {Fault} fault
   * @returns {Promise<Rule & { fault: Fault }>}
   */
  inject(fault) {
    return this.call('POST', '/faults', { body: fault });
  }

  /**
   * Removes a fault, or all of them.
   * @param {number} [id]
   * @returns {Promise<void>}
   */
  removeFaults(id) {
    return this.call('DELETE', id === undefined ? '/faults' : `/faults/${id}`);
  }

  /**
   * Begins an outage, or ends it with none.
   * @param {Outage} [outage]
   * @returns {Promise<void>}
   */
  async outage(outage) {
    await (outage ? this.call('PUT', '/outage', { body: outage }) : this.call('DELETE', '/outage'));
  }

  /** @returns {Promise<Clock>} */
  freeze() {
    return this.call('POST', '/clock/freeze');
  }

  /** @returns {Promise<Clock>} */
  resume() {
    return this.call('POST', '/clock/resume');
  }

  /**
   * Moves the clock forward, by a duration such as `61m`.
   * @param {string} by
   * @returns {Promise<Clock>}
   */
  advance(by) {
    return this.call('POST', '/clock/advance', { body: { by } });
  }

  /**
   * Sets the clock.
   * @param {string | Date} now
   * @returns {Promise<Clock>}
   */
  setTime(now) {
    return this.call('PUT', '/clock', { body: { now: now instanceof Date ? now.toISOString() : now } });
  }

  /**
   * The settings in force, after a change of some of them.
   * @param {Partial<Settings>} [change]
   * @returns {Promise<Settings>}
   */
  settings(change) {
    return change ? this.call('PATCH', '/settings', { body: change }) : this.call('GET', '/settings');
  }

  /**
   * The requests that fit all that is stated.
   * @param {{ operation?: string, method?: string, path?: string, user?: string, download?: string, status?: number,
   *   fault?: number, after?: number, limit?: number }} [filter]
   * @returns {Promise<Journal>}
   */
  journal(filter = {}) {
    return this.call('GET', '/journal', { query: filter });
  }

  /**
   * Puts the network to a start with the fixtures in a zip, or all networks.
   * @param {Uint8Array} archive
   * @param {{ everywhere?: boolean }} [options]
   * @returns {Promise<{ nodes: number, people: number }>}
   */
  loadFixtures(archive, { everywhere = false } = {}) {
    const network = everywhere ? undefined : this.networkName;
    return this.call('PUT', '/fixtures', { query: { network }, body: archive });
  }

  /** Puts the network back to the start. @returns {Promise<void>} */
  reset() {
    return this.call('POST', `/networks/${this.networkName}/reset`);
  }

  /** Drops the network. @returns {Promise<void>} */
  drop() {
    return this.call('DELETE', `/networks/${this.networkName}`);
  }
}
