//! What a browser does on the wire, without one: forms, cookies, the headers that tell where a form comes from.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use crate::https::{Answer, Https};

pub const OURS: &str = "origin: https://localhost";
const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// One who is signed in, or not.
pub struct Browser<'a> {
    https: &'a Https,
    /// Name and value.
    pub cookie: Option<(String, String)>,
}

impl<'a> Browser<'a> {
    pub fn new(https: &'a Https) -> Self {
        Self { https, cookie: None }
    }

    /// Who shows this key in a cookie of this name.
    pub fn with_key(https: &'a Https, cookie: &str, key: &str) -> Self {
        let cookie = (!key.is_empty()).then(|| (cookie.to_owned(), key.to_owned()));
        Self { https, cookie }
    }

    /// Who knows the password.
    pub fn signed_in(https: &'a Https, name: &str, password: &str) -> Self {
        let mut browser = Self::new(https);
        let answer = browser.sign_in(name, password);
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    pub fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let answer = self.post("/login", &[("name", name), ("password", password)]);
        if let Some(set) = answer.header("set-cookie").filter(|_| answer.status == 303) {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            // The head is read in lower case, the name is not.
            self.cookie = Some((name.replace("__host-", "__Host-"), value.to_owned()));
        }
        answer
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// A form of our own page.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, &[OURS, FORM], &form(fields))
    }

    /// A form with these lines about where it comes from.
    pub fn post_from(&self, path: &str, lines: &[&str], fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, &[&[FORM], lines].concat(), &form(fields))
    }

    /// A form of our own page, with one file.
    pub fn upload(&self, path: &str, field: &str, bytes: &str) -> Answer {
        let kind = "content-type: multipart/form-data; boundary=edge";
        let body = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"code\"\r\n\r\n\r\n--edge\r\n\
             content-disposition: form-data; name=\"{field}\"; filename=\"../../code.xml\"\r\n\r\n{bytes}\r\n--edge--\r\n"
        );
        self.send("POST", path, &[OURS, kind], &body)
    }

    pub fn send(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let cookie = self.cookie.as_ref().map(|(name, value)| format!("cookie: {name}={value}"));
        let lines: Vec<&str> = lines.iter().copied().chain(cookie.as_deref()).collect();
        self.https.send(method, path, &lines, body)
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", escaped(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}
