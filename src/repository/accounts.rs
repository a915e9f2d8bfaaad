//! Making and changing people (wire reference, nodes, section 17).
//!
//! Who is there already is looked at under the same lock under which somebody is added: of two requests for one name,
//! exactly one succeeds. A new person has a home folder at once.

use serde_json::{Map, Value};

use super::{
    Repository,
    access::Caller,
    bootstrap,
    change::Change,
    description::Description,
    naming,
    node::{Extras, NodeId, UserName},
    people::Person,
    tree::CONTAINS,
};
use crate::{
    error::{Error, Result},
    secret::is_same,
};

/// The longest name that somebody may have.
const LONGEST: usize = 100;

/// What a client says of a person; none for what he does not speak of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statement {
    pub(crate) first_name: Option<String>,
    /// An empty one takes it away.
    pub(crate) last_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) passwords: Option<Passwords>,
    pub(crate) is_enabled: Option<bool>,
    pub(crate) has_email_notifications: Option<bool>,
    /// `jobTitle`, `company`, … Null takes one away.
    pub(crate) details: Map<String, Value>,
    /// Aspects and properties beyond those that every person has.
    pub(crate) extras: Description,
}

/// A password to be set, as a client states it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passwords {
    pub(crate) new: Option<String>,
    /// Needed by those who change their own password and are no administrators.
    pub(crate) old: Option<String>,
    /// Whether the old one is spoken of, if only to say nothing.
    pub(crate) states_old: bool,
}

impl Repository {
    /// Adds a person.
    pub(crate) fn create_person(&self, caller: &Caller, id: &str, statement: &Statement) -> Result<()> {
        check_name(id)?;
        check_extras(&statement.extras)?;
        if !caller.is_admin {
            return Err(Error::PermissionDenied);
        }
        self.change(caller, |change| change.create_person(id, statement))
    }

    /// Changes what is stated of a person.
    pub(crate) fn update_person(&self, caller: &Caller, id: &UserName, statement: &Statement) -> Result<()> {
        check_extras(&statement.extras)?;
        self.change(caller, |change| change.update_person(id, statement))
    }
}

impl Change<'_> {
    fn create_person(&mut self, id: &str, statement: &Statement) -> Result<()> {
        if self.people.find(id).is_some() {
            return Err(Error::Conflict(format!("Person '{id}' already exists.").into()));
        }
        if let Some(illegal) = ['/', '\\', '\n', '\r', '"'].into_iter().find(|illegal| id.contains(*illegal)) {
            return Err(Error::IllegalArgument(
                format!("Person name contains characters that are not permitted: {illegal}").into(),
            ));
        }
        let mut person = Person {
            id: id.into(),
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            password: String::new(),
            is_admin: false,
            is_enabled: true,
            has_email_notifications: true,
            details: Map::new(),
        };
        statement.apply_to(&mut person)?;
        self.make_home(&person.id);
        self.people.put(person);
        Ok(())
    }

    /// Makes somebody's home folder. Without a folder for homes he has none.
    fn make_home(&mut self, user: &UserName) {
        let homes = NodeId::of_path("/User Homes");
        let home = bootstrap::home_of(user, self.tree.root());
        if self.tree.find(homes).is_none() || self.tree.find(home).is_some() {
            return;
        }
        let mut node = bootstrap::home_folder(user, homes, self.now);
        let name = user.as_str().replace(['*', '<', '>', '?', ':', '|'], "_");
        let name = match name.trim_end_matches(['.', ' ']) {
            "" => "_".to_owned(),
            trimmed => trimmed.to_owned(),
        };
        node.name = naming::unique(self.tree, homes, &name).into();
        self.insert(node, CONTAINS);
    }

    fn update_person(&mut self, id: &UserName, statement: &Statement) -> Result<()> {
        let known = self.people.find(id.as_str()).ok_or_else(|| Error::EntityNotFound(id.to_string()))?;
        let mut person = Person::clone(&known);
        if !self.caller.is_admin && self.caller.user != person.id {
            return Err(Error::PermissionDenied);
        }
        if let Some(passwords) = &statement.passwords {
            passwords.check(&person, self.caller)?;
        }
        match statement.is_enabled {
            Some(false) if person.is_admin => {
                return Err(Error::Forbidden("Admin authority cannot be disabled.".into()));
            }
            Some(_) if !self.caller.is_admin => return Err(Error::PermissionDenied),
            _ => (),
        }
        statement.apply_to(&mut person)?;
        self.people.put(person);
        Ok(())
    }
}

impl Passwords {
    /// Whether the caller may give the person that password.
    fn check(&self, person: &Person, caller: &Caller) -> Result<()> {
        let refused = |text: &'static str| Err(Error::IllegalArgument(text.into()));
        if self.states_old && self.old.is_none() {
            return refused("'oldPassword' field cannot be empty.");
        }
        if self.new.is_none() {
            return refused("password' field cannot be empty.");
        }
        match &self.old {
            _ if caller.is_admin => Ok(()),
            None => refused("To change password, both 'oldPassword' and 'password' fields are required."),
            Some(old) if !is_same(old, &person.password) => Err(Error::Forbidden("Incorrect password.".into())),
            Some(_) => Ok(()),
        }
    }
}

impl Statement {
    fn apply_to(&self, person: &mut Person) -> Result<()> {
        let texts = [
            (&mut person.first_name, &self.first_name),
            (&mut person.last_name, &self.last_name),
            (&mut person.email, &self.email),
            (&mut person.password, &self.passwords.as_ref().and_then(|passwords| passwords.new.clone())),
        ];
        for (text, stated) in texts {
            if let Some(stated) = stated {
                text.clone_from(stated);
            }
        }
        person.is_enabled = self.is_enabled.unwrap_or(person.is_enabled);
        person.has_email_notifications = self.has_email_notifications.unwrap_or(person.has_email_notifications);
        for (name, value) in &self.details {
            match (name.as_str(), value) {
                ("company", Value::Object(stated)) if !stated.is_empty() => person.change_company(stated),
                ("company", _) | (_, Value::Null) => drop(person.details.remove(name)),
                _ => drop(person.details.insert(name.clone(), value.clone())),
            }
        }
        self.describe(person)
    }

    /// Gives the person the stated aspects and properties.
    fn describe(&self, person: &mut Person) -> Result<()> {
        if self.extras.aspects.is_none() && self.extras.properties.is_empty() {
            return Ok(());
        }
        let mut extras = Some(Box::new(Extras {
            owner: None,
            aspects: person.texts("aspectNames"),
            properties: person.details.get("properties").and_then(Value::as_object).cloned().unwrap_or_default(),
        }));
        self.extras.check()?.replace_in(&mut extras, None)?;
        let Extras { aspects, properties, .. } = *extras.unwrap_or_default();
        person.details.insert("aspectNames".to_owned(), aspects.into());
        person.details.insert("properties".to_owned(), properties.into());
        Ok(())
    }
}

impl Person {
    /// Changes what is stated of the company, and keeps the rest; null takes something away.
    fn change_company(&mut self, stated: &Map<String, Value>) {
        let mut company = self.details.get("company").and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, value) in stated {
            match value {
                Value::Null => drop(company.remove(name)),
                value => drop(company.insert(name.clone(), value.clone())),
            }
        }
        self.details.insert("company".to_owned(), company.into());
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let values = self.details.get(name).and_then(Value::as_array).into_iter().flatten();
        values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }
}

fn check_name(id: &str) -> Result<()> {
    if id.encode_utf16().count() > LONGEST {
        return Err(Error::InvalidArgument(format!("Username exceeds max length of {LONGEST} characters.").into()));
    }
    match ["GROUP_", "ROLE_"].into_iter().find(|prefix| id.to_uppercase().starts_with(prefix)) {
        Some(prefix) => {
            Err(Error::IllegalArgument(format!("Username cannot start with the reserved prefix '{prefix}'.").into()))
        }
        None => Ok(()),
    }
}

/// What the person's own members say cannot be said by properties and aspects too.
fn check_extras(extras: &Description) -> Result<()> {
    let is_reserved = |name: &&String| ["cm:", "usr:", "sys:"].iter().any(|prefix| name.starts_with(prefix));
    let aspects = || extras.aspects.iter().flatten();
    let checked = extras.check();
    match aspects().chain(extras.properties.keys()).find(is_reserved) {
        Some(reserved) => Err(Error::InvalidArgument(format!("NameSpace cannot be used by API: {reserved}").into())),
        None => checked.map(drop),
    }
}
