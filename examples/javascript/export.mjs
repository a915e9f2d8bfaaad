// The application: exports nodes of Alfresco as one zip.

import { ContentApi, DownloadsApi, NodesApi } from '@alfresco/js-api';

/**
 * Resolves with the zip's bytes. `onProgress` is told each state of the download; `signal` cancels it.
 * @param {import('@alfresco/js-api').AlfrescoApi} api
 * @param {string[]} nodeIds
 */
export async function exportZip(api, nodeIds, { interval = 20, onProgress = () => {}, signal } = {}) {
  const downloads = new DownloadsApi(api);
  const nodes = new NodesApi(api);
  let { entry } = await downloads.createDownload({ nodeIds });
  let isCancelled = false;
  while (entry.status === 'PENDING' || entry.status === 'IN_PROGRESS') {
    onProgress(entry);
    if (signal?.aborted && !isCancelled) {
      isCancelled = true;
      await downloads.cancelDownload(entry.id);
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
    ({ entry } = await downloads.getDownload(entry.id));
  }
  onProgress(entry);
  try {
    if (entry.status !== 'DONE') throw new Error(`the export ended as ${entry.status}`);
    const response = await fetch(new ContentApi(api).getContentUrl(entry.id, true));
    if (!response.ok) throw new Error(`the zip could not be fetched: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } finally {
    await nodes.deleteNode(entry.id);
  }
}
