//! Several servers that share nothing but a secret, as a load balancer in front of them sees them.

use alfresco_downloads_mock::Replica;

use crate::support::{ADMIN, ALICE, Auth, BASE, TICKETS, TestMock, node_id};

fn replica(number: u8, secret: &str) -> TestMock {
    TestMock::with(|config| {
        config.seed = None;
        config.replica.replica = Some(Replica { number, count: 3 });
        config.replica.ticket_secret = Some(secret.to_owned());
    })
}

const SECRET: &str = "what the three of them know";

#[test]
fn every_id_that_it_makes_ends_with_its_number() {
    for number in [0, 2, 255] {
        let mock = TestMock::with(|config| {
            config.replica.replica = Some(Replica { number, count: 256 });
            config.replica.ticket_secret = Some(SECRET.to_owned());
        });
        let suffix = format!("{number:02x}");
        let download = mock.create_download(ADMIN, &[&node_id("Reports")]);
        assert!(download.ends_with(&suffix), "{download}");
        let created = mock.post_json(
            &format!("{BASE}/nodes/-root-/children"),
            ADMIN,
            r#"{"name":"made","nodeType":"cm:folder"}"#,
        );
        let id = created.json()["entry"]["id"].as_str().unwrap().to_owned();
        assert!(id.ends_with(&suffix), "{id}");
        let ticket = mock.log_in("alice", "alice");
        let digits = ticket.strip_prefix("TICKET_").unwrap();
        assert_eq!((digits.len(), &digits[8..10]), (40, suffix.as_str()), "{ticket}");
    }
}

#[test]
fn what_comes_from_fixtures_is_the_same_everywhere() {
    let (one, other) = (replica(0, SECRET), replica(1, SECRET));
    for path in ["nodes/-root-", "nodes/-root-/children"] {
        let entries = |mock: &TestMock| {
            let response = mock.get(&format!("{BASE}/{path}?fields=id,name"), ADMIN);
            assert_eq!(response.status, 200, "{}", response.text());
            response.json()
        };
        assert_eq!(entries(&one), entries(&other), "{path}");
    }
    let server = |mock: &TestMock| mock.get("/alfresco/api/discovery", ADMIN).json();
    assert_eq!(server(&one)["entry"]["repository"]["id"], server(&other)["entry"]["repository"]["id"]);
}

#[test]
fn a_ticket_of_one_is_valid_on_all_that_know_the_secret() {
    let (one, other) = (replica(0, SECRET), replica(1, SECRET));
    let stranger = replica(2, "what nobody else knows");
    let ticket = one.log_in("alice", "alice");
    let who = |mock: &TestMock| mock.get(&format!("{BASE}/nodes/-my-"), Auth::Ticket(&ticket));
    for mock in [&one, &other] {
        assert_eq!(who(mock).status, 200);
        assert_eq!(who(mock).json(), mock.get(&format!("{BASE}/nodes/-my-"), ALICE).json(), "it is hers");
    }
    assert_eq!(who(&stranger).status, 401);

    // Logging out counts where it was done, and logging in there again makes another ticket.
    assert_eq!(other.delete(&format!("{TICKETS}/-me-"), Auth::Ticket(&ticket)).status, 204);
    assert_eq!(who(&other).status, 401);
    assert_eq!(who(&one).status, 200);
    assert_ne!(other.log_in("alice", "alice"), ticket);

    // An hour after it was signed nobody takes it up any more; who knows it by use keeps it alive.
    let late = replica(2, SECRET);
    late.clock().advance(std::time::Duration::from_secs(3600));
    assert_eq!(who(&late).status, 401);
}
