//! Who is shopping: prepared people to try the flags with, and the context they are evaluated in.
//!
//! In: a cookie, a query. Out: an OpenFeature evaluation context, and the same as JSON to show.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value as Json};
use vexil_runtime::{Context, ContextError};

/// A prepared shopper.
#[derive(Debug)]
pub struct Persona {
    /// In the cookie and in queries.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What is special about them.
    pub about: &'static str,
    /// The evaluation context, as JSON.
    context: &'static str,
}

/// Everybody who can be tried; the first is who comes without a cookie.
pub static PERSONAS: [Persona; 10] = [
    Persona {
        id: "mia",
        name: "Mia",
        about: "Berlin, first visit",
        context: r#"{"targetingKey": "user-1001", "email": "mia@mail.example", "country": "DE", "plan": "free", "orders": 0}"#,
    },
    Persona {
        id: "jonas",
        name: "Jonas",
        about: "Vienna, member, new app",
        context: r#"{"targetingKey": "user-1002", "email": "jonas@mail.example", "country": "AT", "plan": "plus", "orders": 14, "member_since": "2020-03-14T09:30:00Z", "app": {"version": "3.4.0"}}"#,
    },
    Persona {
        id: "aiko",
        name: "Aiko",
        about: "Osaka, an old app",
        context: r#"{"targetingKey": "user-1003", "email": "aiko@mail.example", "country": "JP", "plan": "free", "orders": 3, "app": {"version": "v2.9.1"}}"#,
    },
    Persona {
        id: "sam",
        name: "Sam",
        about: "Portland, beta tester",
        context: r#"{"targetingKey": "user-1004", "email": "Sam+Beta@mail.example", "country": "US", "plan": "plus", "orders": 5, "member_since": "2024-06-01T00:00:00Z"}"#,
    },
    Persona {
        id: "priya",
        name: "Priya",
        about: "London, buys for a company",
        context: r#"{"targetingKey": "user-1005", "email": "priya@acme.example", "country": "GB", "plan": "business", "orders": 41, "roles": ["Buyer", "admin"], "company": {"id": "acme", "seats": 250}}"#,
    },
    Persona {
        id: "tom",
        name: "Tom",
        about: "Priya’s colleague",
        context: r#"{"targetingKey": "user-1006", "email": "tom@acme.example", "country": "GB", "plan": "business", "orders": 2, "roles": ["viewer"], "company": {"id": "acme", "seats": 250}}"#,
    },
    Persona {
        id: "luc",
        name: "Luc",
        about: "Lyon, a workshop of six",
        context: r#"{"targetingKey": "user-1007", "email": "luc@atelier.example", "country": "fr", "plan": "Business", "orders": 7, "roles": ["buyer"], "company": {"id": 4711, "seats": 6}}"#,
    },
    Persona {
        id: "eva",
        name: "Eva",
        about: "works here, support",
        context: r#"{"targetingKey": "user-0007", "email": "Eva@Fernweh.Example", "country": "DE", "plan": "plus", "orders": 88, "roles": ["staff", "Support"], "member_since": 1546300800000}"#,
    },
    Persona {
        id: "quinn",
        name: "Quinn",
        about: "QA, by override",
        context: r#"{"targetingKey": "user-qa-1", "email": "qa@robots.example", "country": "NL", "plan": "free", "orders": 1}"#,
    },
    Persona {
        id: "visitor",
        name: "Visitor",
        about: "no account, no key",
        context: r#"{"country": "SE"}"#,
    },
];

/// A persona, perhaps with some attributes changed for one request.
pub struct Shopper {
    /// Who it is.
    pub persona: &'static Persona,
    /// The context as JSON.
    pub attributes: Map<String, Json>,
}

/// The prepared shopper with this id.
pub fn persona(id: &str) -> Option<&'static Persona> {
    PERSONAS.iter().find(|persona| persona.id == id)
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

impl Shopper {
    /// A persona as it is.
    pub fn new(persona: &'static Persona) -> Self {
        let attributes = serde_json::from_str(persona.context).unwrap_or_default();
        Self { persona, attributes }
    }

    /// Whom a query names, else whom the cookie names, else the first.
    pub fn of(named: Option<&str>, headers: &HeaderMap) -> Self {
        let remembered = || cookie(headers, "persona").and_then(persona);
        Self::new(named.and_then(persona).or_else(remembered).unwrap_or(&PERSONAS[0]))
    }

    /// Changes attributes as a query says: `context` is a JSON object, every other name an
    /// attribute. `true` and `false` are booleans, a name given twice is a list, the rest are
    /// strings, which numeric tests read as numbers.
    pub fn amend(&mut self, query: &[(String, String)]) -> Result<(), serde_json::Error> {
        for (name, value) in query {
            match name.as_str() {
                "persona" => {}
                "context" => self.attributes.extend(read_object(value)?),
                _ => drop(self.attributes.insert(name.clone(), value_of(name, query))),
            }
        }
        Ok(())
    }

    /// The evaluation context.
    pub fn context(&self) -> Result<Context<'static>, ContextError> {
        Ok(Context::from_json(&Json::Object(self.attributes.clone()))?.into_owned())
    }

    /// The country's code, as shops write it.
    pub fn country(&self) -> String {
        let country = self.attributes.get("country").and_then(Json::as_str);
        country.unwrap_or_default().to_ascii_uppercase()
    }
}

fn read_object(text: &str) -> Result<Map<String, Json>, serde_json::Error> {
    serde_json::from_str(text)
}

/// All that a query says of one name.
fn value_of(name: &str, query: &[(String, String)]) -> Json {
    let said = query.iter().filter(|(other, _)| other == name).map(|(_, value)| scalar(value));
    let mut values: Vec<Json> = said.collect();
    if values.len() == 1 { values.remove(0) } else { Json::Array(values) }
}

fn scalar(text: &str) -> Json {
    match text {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        _ => Json::from(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_persona_has_a_context() {
        for persona in &PERSONAS {
            let json = serde_json::from_str(persona.context).unwrap();
            Context::from_json(&json).unwrap();
        }
    }

    #[test]
    fn a_query_amends_a_persona() {
        let mut shopper = Shopper::new(persona("luc").unwrap());
        let query = [
            ("persona", "luc"),
            ("plan", "plus"),
            ("orders", "12"),
            ("roles", "a"),
            ("roles", "b"),
            ("x", "true"),
            ("context", r#"{"company": null, "seats": 3}"#),
        ];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned()));
        shopper.amend(&query).unwrap();
        assert_eq!(
            Json::Object(shopper.attributes),
            json!({"targetingKey": "user-1007", "email": "luc@atelier.example", "country": "fr",
                   "plan": "plus", "orders": "12", "roles": ["a", "b"], "x": true,
                   "company": null, "seats": 3})
        );
    }
}
