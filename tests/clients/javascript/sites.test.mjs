import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { unzip } from '../zip.mjs';
import { refusal } from './clients.mjs';
import { suite } from './suite.mjs';

suite('sites', [], (here) => {
  test('have a document library that members see', async () => {
    const [alice, bob] = [await here.login('alice'), await here.login('bob')];
    const id = `site-${randomUUID().slice(0, 8)}`;
    const { entry: site } = await alice.sites.createSite({ id, title: 'A site', visibility: 'PRIVATE' });
    assert.equal(site.id, id);
    assert.equal(site.role, 'SiteManager');
    assert.equal(site.preset, 'site-dashboard');
    assert.equal((await alice.nodes.getNode(site.guid)).entry.nodeType, 'st:site');
    assert.equal((await refusal(alice.sites.createSite({ id, title: 'A site', visibility: 'PUBLIC' }))).status, 409);

    const { list } = await alice.sites.listSiteContainers(id);
    const library = list.entries.find(({ entry }) => entry.folderId === 'documentLibrary').entry;
    assert.equal((await alice.sites.getSiteContainer(id, 'documentLibrary')).entry.id, library.id);
    const file = await alice.upload(library.id, 'plan.txt', 'plan', {}, 'Plans');

    assert.equal((await refusal(bob.sites.getSite(id))).status, 404);
    assert.equal((await refusal(bob.nodes.getNode(file.id))).status, 403);
    assert.equal((await refusal(bob.downloads.createDownload({ nodeIds: [library.id] }))).status, 403);

    const { entry: member } = await alice.sites.createSiteMembership(id, { id: 'bob', role: 'SiteConsumer' });
    assert.equal(member.role, 'SiteConsumer');
    assert.equal((await bob.sites.getSite(id)).entry.role, 'SiteConsumer');
    const { entry } = await bob.downloads.createDownload({ nodeIds: [library.id] });
    assert.equal((await bob.ended(entry.id)).status, 'DONE');
    assert.equal((await unzip(await bob.nodes.getNodeContent(entry.id)))['documentLibrary/Plans/plan.txt'], 'plan');
    assert.equal((await refusal(bob.upload(library.id, 'b.txt', 'b'))).status, 403);

    await alice.sites.updateSiteMembership(id, 'bob', { role: 'SiteCollaborator' });
    await bob.upload(library.id, 'b.txt', 'b');
    const members = (await alice.sites.listSiteMemberships(id)).list.entries.map(({ entry }) => entry.id);
    assert.deepEqual(members.toSorted(), ['alice', 'bob']);
    assert.equal((await refusal(bob.sites.deleteSite(id))).status, 403);
    await alice.sites.deleteSite(id, { permanent: true });
    assert.equal((await refusal(alice.sites.getSite(id))).status, 404);
    assert.equal((await refusal(alice.nodes.getNode(file.id))).status, 404);
  });

  test('are listed by those who may see them', async () => {
    const [alice, bob] = [await here.login('alice'), await here.login('bob')];
    const [open, shut] = [`open-${randomUUID().slice(0, 8)}`, `shut-${randomUUID().slice(0, 8)}`];
    await alice.sites.createSite({ id: open, title: 'Open', visibility: 'PUBLIC' });
    await alice.sites.createSite({ id: shut, title: 'Shut', visibility: 'PRIVATE' });
    const ids = (await bob.sites.listSites({ maxItems: 1000 })).list.entries.map(({ entry }) => entry.id);
    assert.ok(ids.includes(open));
    assert.ok(!ids.includes(shut));
    const mine = (await alice.sites.listSiteMembershipsForPerson('-me-')).list.entries.map(({ entry }) => entry.id);
    for (const id of [open, shut]) assert.ok(mine.includes(id), id);
  });
});
