//! People who are made in the course of it, and their tickets.

use serde_json::{Value, json};

use super::{
    Refusals, Who,
    both::{Both, Outcome, check, compare, id_in, listed},
    world::{ADMIN, PEOPLE, Person},
};
use crate::support::Auth;

const TICKETS: &str = "authentication/versions/1/tickets";

fn person_id(person: usize) -> String {
    format!("person{person}")
}

fn password_text(password: u8) -> String {
    format!("secret{password}")
}

fn first_name_text(name: u8) -> String {
    format!("First{name}")
}

/// Refused for whoever is no administrator, and for this.
pub(super) fn administrators_only(who: Who, also: Option<u16>) -> Refusals {
    let forbidden = Some(403).filter(|_| who.user != ADMIN);
    forbidden.into_iter().chain(also).collect()
}

impl Both<'_> {
    pub(super) fn create_person(&mut self, op: &str, who: Who, person: usize, password: u8) -> Outcome {
        let person = person % PEOPLE;
        let is_there = self.world(who).people[person].is_some();
        let refusals = administrators_only(who, Some(409).filter(|_| is_there));
        let id = person_id(person);
        let body = json!({ "id": id, "firstName": first_name_text(0), "email": format!("{id}@example.org"),
            "password": password_text(password) });
        let response = self.json(who, "POST", "/people", &body);
        if compare(op, &response, &refusals, 201)? {
            self.world_mut(who).people[person] = Some(Person { first_name: 0, password, is_enabled: true });
        }
        Ok(())
    }

    /// An administrator may change what he likes, and nobody else anything of somebody else.
    pub(super) fn update_person(
        &mut self,
        op: &str,
        who: Who,
        person: usize,
        password: u8,
        is_enabled: bool,
    ) -> Outcome {
        let person = person % PEOPLE;
        let refusals = administrators_only(who, Some(404).filter(|_| self.world(who).people[person].is_none()));
        let body = json!({ "firstName": first_name_text(password), "password": password_text(password),
            "enabled": is_enabled });
        let response = self.json(who, "PUT", &format!("/people/{}", person_id(person)), &body);
        if compare(op, &response, &refusals, 200)? {
            self.world_mut(who).people[person] = Some(Person { first_name: password, password, is_enabled });
        }
        Ok(())
    }

    /// A person, in the list of all and alone.
    pub(super) fn show_person(&self, op: &str, who: Who, person: usize) -> Outcome {
        let person = person % PEOPLE;
        let world = self.world(who);
        let refusals = if world.people[person].is_some() { Refusals::new() } else { Refusals::from([404]) };
        let response = self.bare(who, "GET", &format!("/people/{}", person_id(person)));
        if let (true, Some(known)) = (compare(op, &response, &refusals, 200)?, &world.people[person]) {
            let entry = &response.json()["entry"];
            let facts = [&entry["id"], &entry["firstName"], &entry["enabled"]];
            let expected =
                [json!(person_id(person)), json!(first_name_text(known.first_name)), json!(known.is_enabled)];
            check(facts == expected.each_ref(), || format!("{op}: {entry}"))?;
        }
        let all = listed(&self.bare(who, "GET", "/people?maxItems=1000"), "id");
        let made: Vec<_> = all.into_iter().filter(|id| id.starts_with("person")).collect();
        let known = (0..PEOPLE).filter(|person| world.people[*person].is_some());
        let expected: Vec<_> = known.map(person_id).collect();
        check(made == expected, || format!("{op}: {made:?} instead of {expected:?}"))
    }

    /// Gives a ticket to whoever knows the password.
    pub(super) fn log_in(&mut self, op: &str, who: Who, person: usize, password: u8) -> Outcome {
        let person = person % PEOPLE;
        let known = &self.world(who).people[person];
        let is_let_in = known.as_ref().is_some_and(|known| known.is_enabled && known.password == password);
        let refusals = if is_let_in { Refusals::new() } else { Refusals::from([403]) };
        let body = json!({ "userId": person_id(person), "password": password_text(password) });
        let response = self.ask_as(Auth::None, who.network, "POST", TICKETS, &body);
        if compare(op, &response, &refusals, 201)? {
            self.world_mut(who).tickets.push((id_in(&response), person, true));
        }
        Ok(())
    }

    /// Shows whose a ticket is, and that it opens doors, or ends it.
    pub(super) fn use_ticket(&mut self, op: &str, who: Who, ticket: usize, is_end: bool) -> Outcome {
        let Some(number) = ticket.checked_rem(self.world(who).tickets.len()) else { return Ok(()) };
        let world = self.world(who);
        let (ticket, person, is_good) = world.tickets[number].clone();
        // Whoever is disabled has no use for it.
        let is_enabled = world.people[person].as_ref().is_some_and(|person| person.is_enabled);
        let refusals = if is_good && is_enabled { Refusals::new() } else { Refusals::from([401, 404]) };
        let auth = Auth::Ticket(&ticket);
        let shown = self.ask_as(auth, who.network, "GET", "alfresco/versions/1/people/-me-", &Value::Null);
        if compare(op, &shown, &refusals, 200)? {
            check(id_in(&shown) == person_id(person), || format!("{op}: {}", shown.text()))?;
        }
        let valid = self.ask_as(auth, who.network, "GET", &format!("{TICKETS}/-me-"), &Value::Null);
        if compare(op, &valid, &refusals, 200)? {
            check(id_in(&valid) == ticket, || format!("{op}: {}", valid.text()))?;
        }
        if is_end {
            let ended = self.ask_as(auth, who.network, "DELETE", &format!("{TICKETS}/-me-"), &Value::Null);
            if compare(op, &ended, &refusals, 204)? {
                self.world_mut(who)
                    .tickets
                    .iter_mut()
                    .filter(|other| other.0 == ticket)
                    .for_each(|ended| ended.2 = false);
            }
        }
        Ok(())
    }
}
