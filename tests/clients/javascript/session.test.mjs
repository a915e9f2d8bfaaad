import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, Session } from './clients.mjs';
import { suite } from './suite.mjs';

suite('session', [], (here) => {
  test('logs in, is somebody, and logs out', async () => {
    const session = await here.login('alice');
    assert.match(session.ticket, /^TICKET_[0-9a-f]{40}$/);
    assert.equal(session.client.isEcmLoggedIn(), true);
    assert.equal((await session.tickets.validateTicket()).entry.id, session.ticket);
    assert.equal((await session.nodes.getNode('-my-')).entry.name, 'alice');
    await session.client.logout();
    assert.equal(session.client.isEcmLoggedIn(), false);
    session.client.setTicket(session.ticket);
    let isUnauthorized = false;
    session.client.on('error', ({ status }) => (isUnauthorized ||= status === 401));
    assert.equal((await refusal(session.nodes.getNode('-my-'))).status, 401);
    assert.ok(isUnauthorized);
  });

  test('goes on with a ticket that somebody else got', async () => {
    const { ticket } = await here.login('bob');
    const session = new Session(here.major, here.server.url);
    assert.equal(await session.client.loginTicket(ticket), ticket);
    assert.equal((await session.nodes.getNode('-my-')).entry.name, 'bob');
  });

  test('is refused with a wrong password', async () => {
    const session = new Session(here.major, here.server.url);
    // What client.login calls; that one leaves a second promise behind, which nobody can catch.
    const { status, briefSummary, errorKey } = await refusal(session.client.contentAuth.login('alice', 'wrong'));
    assert.equal(status, 403);
    assert.equal(errorKey, 'Login failed');
    assert.match(briefSummary, /^\d{8} Login failed$/);
    assert.equal(session.client.isEcmLoggedIn(), false);
  });

  test('discovers which server this is', async () => {
    const { repository } = (await (await here.login()).discovery.getRepositoryInformation()).entry;
    assert.equal(repository.edition, 'Community');
    assert.equal(repository.status.isReadOnly, false);
    assert.match(repository.version.major, /^\d+$/);
  });
});
