import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { refusal, Session } from './clients.mjs';
import { suite } from './suite.mjs';

suite('people', [], (here) => {
  test('-me- is whoever asks', async () => {
    const { entry } = await (await here.login()).people.getPerson('-me-');
    assert.equal(entry.id, 'admin');
    assert.equal(entry.displayName, 'Administrator');
    assert.equal(entry.capabilities.isAdmin, true);
    const alice = await (await here.login('alice')).people.getPerson('-me-');
    assert.equal(alice.entry.id, 'alice');
    assert.equal(alice.entry.capabilities.isAdmin, false);
  });

  test('a new person has a home and can log in', async () => {
    const admin = await here.login();
    const id = `u${randomUUID().slice(0, 8)}`;
    const body = { id, firstName: 'New', lastName: 'Person', email: `${id}@example.org`, password: id };
    const { entry } = await admin.people.createPerson(body);
    assert.equal(entry.id, id);
    assert.equal(entry.enabled, true);
    assert.equal((await refusal(admin.people.createPerson(body))).status, 409);

    const session = await here.login(id);
    assert.equal((await session.nodes.getNode('-my-')).entry.name, id);
    const file = await session.upload('-my-', 'mine.txt', 'mine');
    assert.equal(file.createdByUser.displayName, 'New Person');
    assert.equal((await refusal(session.people.createPerson({ ...body, id: `${id}x` }))).status, 403);

    assert.equal((await session.people.updatePerson('-me-', { firstName: 'Old' })).entry.firstName, 'Old');
    assert.equal((await refusal(session.people.updatePerson('alice', { firstName: 'X' }))).status, 403);
    assert.equal((await refusal(session.people.getPerson('nobody'))).status, 404);
  });

  test('people are listed by id', async () => {
    const { list } = await (await here.login()).people.listPeople({ orderBy: ['id'] });
    const ids = list.entries.map(({ entry }) => entry.id);
    for (const id of ['admin', 'alice', 'bob']) assert.ok(ids.includes(id), id);
    assert.deepEqual(ids, ids.toSorted());
  });

  test('a group reads what it may', async () => {
    const [admin, bob] = [await here.login(), await here.login('bob')];
    const id = randomUUID();
    const { entry: group } = await admin.groups.createGroup({ id, displayName: 'Readers' });
    assert.equal(group.id, `GROUP_${id}`);
    const folder = await admin.folder('-root-');
    await admin.nodes.updateNode(folder.id, {
      permissions: { isInheritanceEnabled: false, locallySet: [{ authorityId: group.id, name: 'Consumer' }] },
    });
    assert.equal((await refusal(bob.nodes.getNode(folder.id))).status, 403);
    await admin.groups.createGroupMembership(group.id, { id: 'bob', memberType: 'PERSON' });
    assert.equal((await bob.nodes.getNode(folder.id)).entry.id, folder.id);
    const { list } = await bob.groups.listGroupMembershipsForPerson('-me-');
    assert.ok(list.entries.some(({ entry }) => entry.id === group.id));
    await admin.groups.deleteGroupMembership(group.id, 'bob');
    assert.equal((await refusal(bob.nodes.getNode(folder.id))).status, 403);
    await admin.groups.deleteGroup(group.id);
    assert.equal((await refusal(admin.groups.getGroup(group.id))).status, 404);
  });
});
