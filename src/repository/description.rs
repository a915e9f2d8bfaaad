//! What a client wants a node's aspects and properties to be (wire reference, nodes, sections 6 and 11).

use jiff::civil::DateTime;
use serde_json::{Map, Value};

use super::{
    dictionary::{self, Property},
    node::{Extras, UserName},
    people::People,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// Aspects and properties as a client states them; none for what he does not speak of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Description {
    pub(crate) aspects: Option<Vec<String>>,
    /// JSON's null takes a property away.
    pub(crate) properties: Map<String, Value>,
}

/// A description whose names are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checked {
    aspects: Option<Vec<&'static str>>,
    properties: Vec<(Property, Value)>,
    owner: Option<String>,
}

/// Aspects that come and go with the node's state, whatever a client says.
const KEPT: [&str; 5] = ["cm:auditable", "cm:lockable", "cm:checkedOut", "cm:workingcopy", "sys:referenceable"];

impl Description {
    /// Checks the names: aspects first, then properties.
    pub(crate) fn check(&self) -> Result<Checked> {
        let aspects = self.aspects.as_ref().map(|aspects| aspects.iter().map(|name| aspect(name)).collect());
        let mut checked = Checked { aspects: aspects.transpose()?, ..Checked::default() };
        for (name, value) in &self.properties {
            let property = property(name)?;
            match property.name {
                "cm:owner" => checked.owner = Some(value.as_str().unwrap_or_default().to_owned()),
                _ => checked.properties.push((property, value.clone())),
            }
        }
        Ok(checked)
    }
}

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

fn prefixed(name: &str) -> Result<String> {
    dictionary::prefixed(name).map_err(|unknown| invalid(unknown.to_string()))
}

fn aspect(stated: &str) -> Result<&'static str> {
    let name = prefixed(stated)?;
    if name.starts_with("sys:") {
        return Err(invalid(format!("NameSpace cannot be used by API: {stated}")));
    }
    let found = dictionary::aspect_named(&name).ok_or_else(|| invalid(format!("Unknown aspect: {stated}")))?;
    Ok(found.name)
}

fn property(stated: &str) -> Result<Property> {
    let name = prefixed(stated)?;
    if name.starts_with("sys:") {
        return Err(invalid(format!("NameSpace cannot be used by API: {stated}")));
    }
    if ["cm:creator", "cm:created", "cm:modifier", "cm:modified", "cm:accessed"].contains(&name.as_str()) {
        return Err(invalid(format!("Cannot be used by API: {stated}")));
    }
    match dictionary::property_named(&name) {
        Some((property, _)) => Ok(property),
        None => Err(invalid(format!("Unknown property: {stated}"))),
    }
}

impl Checked {
    /// The owner that is stated, who must exist; none where none is stated.
    pub(super) fn owner(&self, people: &People) -> Result<Option<UserName>> {
        let Some(owner) = self.owner.as_deref() else { return Ok(None) };
        let person = people.find(owner).ok_or_else(|| invalid(format!("Unknown owner: {owner}")))?;
        Ok(Some(person.id.clone()))
    }

    /// Whether the aspects are stated and `name` is among them.
    pub(super) fn has_aspect(&self, name: &str) -> bool {
        self.aspects.as_ref().is_some_and(|aspects| aspects.contains(&name))
    }

    /// Gives the node these aspects besides its own, and these properties.
    pub(super) fn add_to(&self, extras: &mut Option<Box<Extras>>, owner: Option<UserName>) -> Result<()> {
        let values = self.values()?;
        if self.aspects.is_none() && values.is_empty() && owner.is_none() {
            return Ok(());
        }
        let extras = extras.get_or_insert_default();
        for name in self.aspects.iter().flatten() {
            extras.add_aspect(name);
        }
        extras.owner = owner.or(extras.owner.take());
        for (property, value) in values {
            extras.set(property.name, value);
        }
        Ok(())
    }

    /// Makes these the node's aspects, where they are stated, and merges these properties.
    pub(super) fn replace_in(&self, extras: &mut Option<Box<Extras>>, owner: Option<UserName>) -> Result<()> {
        if let Some(aspects) = &self.aspects {
            let extras = extras.get_or_insert_default();
            let had = std::mem::take(&mut extras.aspects);
            for name in aspects {
                extras.add_aspect(name);
            }
            for dropped in had.iter().filter(|name| !extras.aspects.contains(name)) {
                if KEPT.contains(&dropped.as_str()) {
                    continue;
                }
                let properties = dictionary::aspect_named(dropped).map_or(&[][..], |aspect| aspect.properties);
                for property in properties {
                    extras.properties.remove(property.name);
                }
            }
            if !aspects.contains(&"cm:ownable") {
                extras.owner = None;
            }
        }
        let unstated = Self { aspects: None, ..self.clone() };
        unstated.add_to(extras, owner)
    }

    /// The properties with their values as the data dictionary wants them.
    fn values(&self) -> Result<Vec<(Property, Option<Value>)>> {
        let converted = |(property, value): &(Property, Value)| Ok((*property, convert(*property, value)?));
        self.properties.iter().filter(|(property, _)| property.name != "cm:name").map(converted).collect()
    }
}

impl Extras {
    /// Adds an aspect, and those that come with it.
    pub(crate) fn add_aspect(&mut self, name: &str) {
        if KEPT.contains(&name) || self.aspects.iter().any(|aspect| aspect == name) {
            return;
        }
        for brought in dictionary::aspect_named(name).map_or(&[][..], |aspect| aspect.brings) {
            self.add_aspect(brought);
        }
        self.aspects.push(name.to_owned());
    }

    /// Sets a property, or takes it away, and adds the aspect that it belongs to.
    pub(crate) fn set(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => {
                if let Some((_, Some(aspect))) = dictionary::property_named(name) {
                    self.add_aspect(aspect.name);
                }
                self.properties.insert(name.to_owned(), value);
            }
            None => drop(self.properties.remove(name)),
        }
    }
}

fn convert(property: Property, value: &Value) -> Result<Option<Value>> {
    let converted = match value {
        Value::Null => return Ok(None),
        Value::Array(values) if property.is_multiple => {
            values.iter().map(|value| one(property, value)).collect::<Option<Vec<_>>>().map(Value::from)
        }
        Value::Array(values) if values.len() == 1 => one(property, &values[0]),
        single if property.is_multiple => one(property, single).map(|value| Value::from(vec![value])),
        single => one(property, single),
    };
    converted.map(Some).ok_or_else(|| {
        let stated = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        invalid(format!("Unable to convert '{stated}' to the type of property {}", property.name))
    })
}

/// One value as its property has it; none when it does not convert.
fn one(property: Property, value: &Value) -> Option<Value> {
    use dictionary::Value as Kind;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => return None,
    };
    match property.value {
        Kind::Text | Kind::NodeRef => Some(text.into()),
        _ if text.is_empty() => Some(text.into()),
        Kind::Int => text.parse::<i64>().ok().map(Value::from),
        Kind::Double => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
        Kind::Boolean => Some(text.eq_ignore_ascii_case("true").into()),
        Kind::Date => date(&text).map(|date| date.to_string().into()),
    }
}

/// The moment of an ISO 8601 date, whose offset may have a colon or none; a date alone is its midnight.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_millis(timestamp.as_millisecond()));
    }
    let local: DateTime = text.parse().ok()?;
    let timestamp = jiff::tz::Offset::UTC.to_timestamp(local).ok()?;
    Some(Timestamp::from_millis(timestamp.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::repository::{bootstrap, node::Node};

    fn node() -> Node {
        bootstrap::folder("/f", "f", bootstrap::shared(), Timestamp::from_millis(0))
    }

    fn described(aspects: Option<&[&str]>, properties: Value) -> Result<Checked> {
        let aspects = aspects.map(|aspects| aspects.iter().map(|name| (*name).to_owned()).collect());
        let Value::Object(properties) = properties else { panic!("an object") };
        Description { aspects, properties }.check()
    }

    #[track_caller]
    fn refused(aspects: Option<&[&str]>, properties: Value, text: &str) {
        assert_eq!(described(aspects, properties).unwrap_err().to_string(), text);
    }

    #[test]
    fn unknown_names_are_refused_aspects_first() {
        refused(Some(&["cm:nothing"]), json!({ "x:y": 1 }), "Unknown aspect: cm:nothing");
        refused(Some(&["sys:referenceable"]), json!({}), "NameSpace cannot be used by API: sys:referenceable");
        refused(None, json!({ "cm:nothing": 1 }), "Unknown property: cm:nothing");
        refused(None, json!({ "rn:x": 1 }), "Unknown property: rn:x");
        refused(None, json!({ "sys:store-name": 1 }), "NameSpace cannot be used by API: sys:store-name");
        refused(None, json!({ "cm:created": 1 }), "Cannot be used by API: cm:created");
        refused(
            None,
            json!({ "x:y": 1 }),
            "x:y isn't a valid QName. Namespace prefix x is not mapped to a namespace URI",
        );
    }

    #[test]
    fn properties_are_converted_and_bring_their_aspects() {
        let mut node = node();
        let stated = json!({ "cm:title": 5, "exif:pixelXDimension": "123", "cm:from": "2026-01-30T10:00:00.000+0000" });
        described(None, stated).unwrap().add_to(&mut node.extras, None).unwrap();
        let extras = node.extras.as_ref().unwrap();
        assert_eq!(extras.aspects, ["cm:titled", "exif:exif", "cm:effectivity"]);
        assert_eq!(extras.properties["cm:title"], "5");
        assert_eq!(extras.properties["exif:pixelXDimension"], 123);
        assert_eq!(extras.properties["cm:from"], "2026-01-30T10:00:00.000+0000");
        let stated = json!({
            "exif:fNumber": "2.8",
            "exif:flash": "TRUE",
            "cm:description": true,
            "cm:to": "2026-01-30",
            "exif:isoSpeedRatings": ["100"],
        });
        described(None, stated).unwrap().add_to(&mut node.extras, None).unwrap();
        let extras = node.extras.as_ref().unwrap();
        assert_eq!(extras.properties["exif:fNumber"], 2.8);
        assert_eq!(extras.properties["exif:flash"], true);
        assert_eq!(extras.properties["cm:description"], "true");
        assert_eq!(extras.properties["cm:to"], "2026-01-30T00:00:00.000+0000");
        assert_eq!(extras.properties["exif:isoSpeedRatings"], "100");
        for wrong in [json!({ "exif:pixelXDimension": "my text" }), json!({ "cm:from": "25-11-2016" })] {
            assert!(described(None, wrong).unwrap().add_to(&mut node.extras, None).is_err());
        }
    }

    #[test]
    fn one_value_and_a_list_of_one_are_the_same() {
        let mut node = node();
        let stated = json!({ "cm:taggable": "a", "cm:categories": ["b", "c"], "cm:title": ["t"] });
        described(None, stated).unwrap().add_to(&mut node.extras, None).unwrap();
        let properties = &node.extras.as_ref().unwrap().properties;
        assert_eq!(properties["cm:taggable"], json!(["a"]));
        assert_eq!(properties["cm:categories"], json!(["b", "c"]));
        assert_eq!(properties["cm:title"], "t");
        for wrong in [json!({ "cm:title": ["t", "u"] }), json!({ "cm:title": [] }), json!({ "cm:taggable": [{}] })] {
            assert!(described(None, wrong).unwrap().add_to(&mut node.extras, None).is_err());
        }
    }

    #[test]
    fn an_owner_stays_for_as_long_as_the_aspect_does() {
        let mut node = node();
        described(None, json!({})).unwrap().add_to(&mut node.extras, Some("alice".into())).unwrap();
        let restated = described(Some(&["cm:ownable", "cm:titled"]), json!({})).unwrap();
        restated.replace_in(&mut node.extras, None).unwrap();
        assert_eq!(node.extras.as_ref().unwrap().owner, Some("alice".into()));
        described(Some(&["cm:titled"]), json!({})).unwrap().replace_in(&mut node.extras, None).unwrap();
        assert_eq!(node.extras.as_ref().unwrap().owner, None);
    }

    #[test]
    fn only_aspects_that_are_stated_are_had() {
        let stated = described(Some(&["cm:titled"]), json!({ "cm:autoVersion": true })).unwrap();
        assert!(stated.has_aspect("cm:titled") && !stated.has_aspect("cm:versionable"));
        assert!(!described(None, json!({})).unwrap().has_aspect("cm:titled"));
    }

    #[test]
    fn aspects_that_are_stated_are_all_there_are() {
        let mut node = node();
        let both = described(Some(&["cm:dublincore"]), json!({ "cm:title": "t", "cm:summary": "s" })).unwrap();
        both.add_to(&mut node.extras, None).unwrap();
        assert_eq!(
            node.extras.as_ref().unwrap().aspects,
            ["cm:titled", "cm:author", "cm:dublincore", "cm:summarizable"]
        );
        described(Some(&["cm:summarizable"]), json!({ "cm:title": null }))
            .unwrap()
            .replace_in(&mut node.extras, None)
            .unwrap();
        let extras = node.extras.as_ref().unwrap();
        assert_eq!(extras.aspects, ["cm:summarizable"]);
        assert_eq!(serde_json::to_string(&extras.properties).unwrap(), r#"{"cm:summary":"s"}"#);
    }
}
