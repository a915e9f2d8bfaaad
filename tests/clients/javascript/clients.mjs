// The two majors of @alfresco/js-api, and where they differ from each other in what a program that uses them sees.

import { writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import js10 from 'js-api-10';
import js7 from 'js-api-7';

export const majors = [
  {
    name: 'js-api 10',
    js: js10,
    // Sends what a browser's file input gives.
    file: async (folder, name, content) => new File([content], name),
    // An answer without a body.
    nothing: {},
    // Where a refusal keeps its status and body: a plain object around an error.
    parts: ({ error, status, message, ...rest }) => [status, error.status, message === error.message && message, rest],
  },
  {
    name: 'js-api 7',
    js: js7,
    // Sends what fs opens.
    file: async (folder, name, content) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return createReadStream(path);
    },
    nothing: '',
    // The error itself, with the response.
    parts: (error) => [error.status, error.response.status, error.response.text === error.message && error.message, {}],
  },
];

/** One user's session with one major: every API of it that the tests use. */
export class Session {
  static async login(major, url, user, folder) {
    const session = new Session(major, url, folder);
    session.ticket = await session.client.login(user, user);
    return session;
  }

  constructor({ js, file }, url, folder) {
    this.client = new js.AlfrescoApi({ hostEcm: url, provider: 'ECM' });
    this.file = (name, content) => file(folder, name, content);
    this.nodes = new js.NodesApi(this.client);
    this.uploads = new js.UploadApi(this.client);
    this.downloads = new js.DownloadsApi(this.client);
    this.content = new js.ContentApi(this.client);
    this.people = new js.PeopleApi(this.client);
    this.groups = new js.GroupsApi(this.client);
    this.sites = new js.SitesApi(this.client);
    this.trash = new js.TrashcanApi(this.client);
    this.discovery = new js.DiscoveryApi(this.client);
    this.tickets = new js.AuthenticationApi(this.client);
  }

  /** A new folder below the user's home, for one test. */
  async folder(parent = '-my-', name = randomUUID()) {
    return (await this.nodes.createFolder(name, undefined, parent)).entry;
  }

  async upload(parent, name, content, options = {}, relativePath = undefined, body = {}) {
    return (await this.uploads.uploadFile(await this.file(name, content), relativePath, parent, body, options)).entry;
  }

  async text(id) {
    return (await this.nodes.getNodeContent(id)).toString();
  }

  /** Asks until the download has ended, as an application does. */
  async ended(id) {
    for (;;) {
      const { entry } = await this.downloads.getDownload(id);
      if (entry.status !== 'PENDING' && entry.status !== 'IN_PROGRESS') return entry;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The refusal that this promise must end with: its status, and the `error` of its body, which is the message. */
export async function refusal(promise) {
  const reason = await rejection(promise);
  return { status: reason.status, ...JSON.parse(reason.message).error };
}

/** The status of the refusal. All that 7.x tells where it expected bytes. */
export async function status(promise) {
  const reason = await rejection(promise);
  return reason.status ?? reason.error.status;
}

/** What this promise must be rejected with. */
export function rejection(promise) {
  return promise.then(
    () => Promise.reject(new Error('this was not refused')),
    (reason) => reason,
  );
}
