//! A table in the words of OpenAPI 3.1.

use super::{Api, Field, Kind, Place, Route, Scheme, Verb};
use crate::engine::access::Role;
use serde_json::{Map, Value, json};

/// The document.
pub(crate) fn document(api: &Api) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": api.version, "description": api.about},
        "servers": [{"url": api.prefix}],
        "security": [{"key": []}],
        "paths": paths(api),
        "components": {
            "securitySchemes": {"key": scheme(api)},
            "schemas": {"No": no()},
            "responses": {"No": {"description": "No: nothing changed",
                "content": content(&json!({"$ref": "#/components/schemas/No"}))}},
        },
    })
}

fn scheme(api: &Api) -> Value {
    match api.scheme {
        Scheme::Bearer => json!({"type": "http", "scheme": "bearer", "description": api.key}),
        Scheme::Header(name) => {
            json!({"type": "apiKey", "in": "header", "name": name, "description": api.key})
        }
    }
}

fn no() -> Value {
    let (what, reason, next) = ("What is wrong", "The reason code", "The next step");
    let text = |about: &str| json!({"type": "string", "description": about});
    json!({"type": "object", "required": ["error", "reason", "next"],
        "properties": {"error": text(what), "reason": text(reason), "next": text(next)}})
}

fn content(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

fn paths(api: &Api) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in api.routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[method(route.verb)] = operation(route);
    }
    Value::Object(paths)
}

const fn method(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "get",
        Verb::Post => "post",
        Verb::Put => "put",
        Verb::Delete => "delete",
    }
}

fn operation(route: &Route) -> Value {
    let review = if route.review { "_review" } else { "" };
    let mut operation = json!({
        "operationId": format!("{}{review}", route.ask.replace('.', "_")),
        "summary": route.about,
        "x-roles": roles(route),
        "responses": {
            route.status.to_string(): yes(route),
            "4XX": {"$ref": "#/components/responses/No"},
            "5XX": {"$ref": "#/components/responses/No"},
        },
    });
    if route.task.is_none() {
        operation["security"] = json!([]);
    }
    let parameters: Vec<Value> = route.fields.iter().filter_map(parameter).collect();
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if route.fields.iter().any(|field| field.place == Place::Body) {
        operation["requestBody"] = json!({"required": true, "content": content(&body(route))});
    }
    operation
}

fn yes(route: &Route) -> Value {
    if route.status == 204 {
        return json!({"description": "Done"});
    }
    json!({"description": "Yes", "content": content(&answer(route))})
}

fn roles(route: &Route) -> Vec<&'static str> {
    let allowed = |role: &Role| route.task.is_some_and(|task| role.may(task));
    Role::ALL.into_iter().filter(allowed).map(Role::name).collect()
}

fn answer(route: &Route) -> Value {
    let words: Map<String, Value> =
        route.gives.iter().map(|(name, kind)| ((*name).to_owned(), schema(*kind))).collect();
    let names: Vec<&str> = route.gives.iter().map(|(name, _)| *name).collect();
    let one = json!({"type": "object", "properties": words, "required": names, "additionalProperties": route.loose});
    if route.listed { json!({"type": "array", "items": one}) } else { one }
}

fn parameter(field: &Field) -> Option<Value> {
    let place = match field.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Body => return None,
    };
    Some(json!({"name": field.name, "in": place, "required": field.required, "description": field.about,
        "schema": schema(field.kind)}))
}

fn body(route: &Route) -> Value {
    let fields: Vec<&Field> = route.fields.iter().filter(|field| field.place == Place::Body).collect();
    let words: Map<String, Value> = fields.iter().map(|field| (field.name.to_owned(), word(field))).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({"type": "object", "properties": words, "required": required, "additionalProperties": false})
}

fn word(field: &Field) -> Value {
    let mut schema = schema(field.kind);
    schema["description"] = json!(field.about);
    schema
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Password => json!({"type": "string", "format": "password"}),
        Kind::Count => json!({"type": "integer", "minimum": 0}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Counts => json!({"type": "object", "additionalProperties": schema(Kind::Count)}),
        Kind::Object => json!({"type": "object"}),
        Kind::Note => json!({"type": ["string", "null"]}),
        Kind::Any => json!({}),
        Kind::Texts => json!({"type": "array", "items": schema(Kind::Text)}),
        Kind::List => json!({"type": "array", "items": schema(Kind::Object)}),
    }
}
